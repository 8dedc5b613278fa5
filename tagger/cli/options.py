"""Options and output that several commands share."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from tagger import config
from tagger.cli.types import Location, NewFile
from tagger.system.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable


P = ParamSpec("P")
T = TypeVar("T")

SOME_FAILED = 1
"""Exit code."""
NAMED = Location(path_type=Path)
EXISTING = Location(exists=True, path_type=Path)
FILE = Location(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = NewFile()
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
SOUND_ONLY = click.option(
    "--sound-only", is_flag=True, help="Leave library and list of artists out."
)
JOBS = click.option("--jobs", type=click.IntRange(1, 256), help="Analyze with this many processes.")
CONFIG_FILE = click.option(
    "--config",
    "config_file",
    type=Location(path_type=Path, dir_okay=False),
    help="Use this configuration file.",
)
DRY_RUN = click.option("--dry-run", is_flag=True, help="Print the changes; write nothing.")


class ListFirst(click.Group):
    """A group whose command `list` gets the arguments that begin without a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` in front of options, but for help."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def configured(command: Callable[Concatenate[config.Settings, P], T]) -> Callable[P, T]:
    """Give a command its `--config` option, and the settings as its first argument."""

    @CONFIG_FILE
    @functools.wraps(command)
    def with_settings(*args: P.args, **kwargs: P.kwargs) -> T:
        named: Any = kwargs.pop("config_file")
        chosen = named or click.get_current_context().find_root().obj
        return command(config.load(chosen), *args, **kwargs)

    return with_settings


def print_json(value: dict[str, Any]) -> None:
    """Print one object on one line."""
    click.echo(json_line(value))


def json_line(value: dict[str, Any]) -> str:
    """Return an object as one line of ASCII, so that names that are not UTF-8 come through."""
    return json.dumps(value, default=str)


def warn(text: str) -> None:
    """Print a warning on one line of the standard error stream."""
    click.echo(printable(f"tagger: {text}"), err=True)


def printable(value: object) -> str:
    """Make sure that a name from a file system stays on its line."""
    return one_line(str(value))
