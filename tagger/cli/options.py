"""Options that several commands share."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from tagger import config
from tagger.cli.locations import Location, NewFile

if TYPE_CHECKING:
    from collections.abc import Callable


P = ParamSpec("P")
T = TypeVar("T")

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
    callback=lambda ctx, _, file: file or ctx.find_root().obj,
    help="Use this configuration file.",
)
"""The file of a command, else the file that is named before the command."""
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
        file: Any = kwargs.pop("config_file")
        return command(config.load(file), *args, **kwargs)

    return with_settings


def check_outputs(plan: Path | None, page: Path | None, *, dry_run: bool) -> None:
    """Raise a usage error for outputs of a scan that exclude each other.

    Args:
        plan: The file of `--plan`.
        page: The file of `--report`.
        dry_run: Whether the scan writes nothing.

    """
    if plan and not dry_run:
        raise click.UsageError("--plan needs --dry-run: a plan is what a scan would write")
    if plan and plan == page:
        raise click.UsageError("--plan and --report name one file: name two files")
