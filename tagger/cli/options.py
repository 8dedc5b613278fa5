"""What several commands share: the configuration, paths, and lines that stay lines."""

from __future__ import annotations

import functools
import json
import re
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from tagger import config
from tagger.system.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tagger.core.domain import Outcome

P = ParamSpec("P")
T = TypeVar("T")

SOME_FAILED = 1
"""Exit code."""
NAMED = click.Path(path_type=Path)
EXISTING = click.Path(exists=True, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done; do nothing.")

_AGO = re.compile(r"(\d+)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Confidence(click.ParamType[float | str]):
    """`auto`, or a probability."""

    name = "auto|0..1"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        """Return the argument as a number unless it is `auto`."""
        if value == "auto":
            return "auto"
        number = float(click.FLOAT.convert(value, param, ctx))
        if not 0 <= number <= 1:  # which also refuses nan
            self.fail(f"{value} is not between 0 and 1", param, ctx)
        return number


class Moment(click.ParamType[float]):
    """A point in time, as Unix seconds."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read `2h`, `3d` or an ISO date with or without a time."""
        if ago := _AGO.fullmatch(str(value)):
            return time.time() - int(ago[1]) * _SECONDS[ago[2]]
        try:
            return datetime.fromisoformat(str(value)).timestamp()
        except ValueError:
            self.fail(f"{value!r} is neither like 2h or 3d nor like 2026-11-22T18:00", param, ctx)


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
    encoding = sys.stdout.encoding or "utf-8"
    return one_line(str(value)).encode(encoding, "backslashreplace").decode(encoding)


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
