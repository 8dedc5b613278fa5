"""The command `tagger` itself."""

from __future__ import annotations

import os

import click

from tagger import __version__
from tagger.cli.group import LazyGroup
from tagger.cli.locations import Location


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tagger")
@click.option(
    "--config",
    type=Location(dir_okay=False),
    help="Use this configuration file.",
)
@click.pass_context
def cli(ctx: click.Context, config: str | None) -> None:
    """File a music library by ear.

    tagger analyzes each track, writes its genre into the file, and keeps genre playlists.
    Start with `tagger scan --dry-run ~/Music`; `tagger undo` reverts the last run.
    """
    try:
        os.getcwd()  # noqa: PTH109 - a path of pathlib costs its import
    except OSError:
        raise click.UsageError("the working folder is gone: change to another folder") from None
    if config is not None:
        from pathlib import Path  # noqa: PLC0415 - no part of a call for help

        ctx.obj = Path(config)
