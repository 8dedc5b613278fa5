"""What several commands share: the configuration, paths, and lines that stay lines."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from tagger import config

if TYPE_CHECKING:
    from collections.abc import Callable

    from tagger.core.domain import Outcome

P = ParamSpec("P")
T = TypeVar("T")

NAMED = click.Path(path_type=Path)
EXISTING = click.Path(exists=True, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done; do nothing.")


def configured(command: Callable[Concatenate[config.Settings, P], T]) -> Callable[P, T]:
    """Give a command its `--config` option, and the settings as its first argument."""

    @click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Use this configuration file.",
    )
    @functools.wraps(command)
    def with_settings(*args: P.args, **kwargs: P.kwargs) -> T:
        named: Any = kwargs.pop("config_file")
        chosen = named or click.get_current_context().find_root().obj
        return command(config.load(chosen), *args, **kwargs)

    return with_settings


def print_json(value: dict[str, Any]) -> None:
    """Print one object on one line; ASCII, so that names that are not UTF-8 come through."""
    click.echo(json.dumps(value, default=str))


def printable(value: object) -> str:
    """Make sure that a name from a file system stays on its line and can be encoded."""
    text = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in str(value).encode(errors="surrogateescape").decode(errors="replace")
    )
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome in the form that is documented for scripts."""
    return {
        "path": str(outcome.path),
        "decision": str(outcome.action),
        "before": list(outcome.before),
        "after": list(outcome.after),
        "genre": outcome.genre,
        "confidence": None if outcome.confidence is None else round(outcome.confidence, 4),
        "reason": outcome.reason,
    }


def outcome_line(outcome: Outcome) -> str:
    """Return an outcome as one plain line."""
    genres = ", ".join(outcome.after) or "-"
    text = f"{outcome.action:<8} {genres:<20} {outcome.path}  ({outcome.reason})"
    return printable(text)
