"""`tagger watch`: file music as it arrives."""

from __future__ import annotations

from pathlib import Path

import click

from tagger import config
from tagger.daemon.daemon import Daemon
from tagger.daemon.host.logs import configure


@click.command
@click.option("--verbose", is_flag=True, help="Log queued files and reconciles as well.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Use this configuration file.",
)
@click.pass_context
def command(ctx: click.Context, *, verbose: bool, config_file: Path | None) -> None:
    """Write genres into new files of the configured library, until stopped.

    SIGHUP reads the configuration again, SIGUSR1 looks through all folders, SIGTERM or
    Ctrl-C ends it. `tagger service` shows how to have it started by itself.
    """
    chosen: Path | None = config_file or ctx.find_root().obj
    settings = config.load(chosen)
    configure(settings.daemon.log_format, verbose=verbose)
    Daemon(settings, lambda: config.load(chosen)).run()
