"""`tagger watch`: file music as it arrives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger import config
from tagger.cli.locations import Location
from tagger.cli.options import CONFIG_FILE, JOBS
from tagger.daemon.host.wakeup import SignalWakeup

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Location(exists=True, file_okay=False, resolve_path=True, path_type=Path)


@click.command
@click.argument("folders", nargs=-1, type=FOLDER, metavar="[FOLDER]...")
@JOBS
@click.option("--verbose", is_flag=True, help="Log queued files and reconciles as well.")
@CONFIG_FILE
def command(
    folders: Sequence[Path], *, jobs: int | None, verbose: bool, config_file: Path | None
) -> None:
    """Write genres into new files until stopped.

    FOLDER is watched in place of the configured library.
    SIGHUP reads the configuration again, SIGUSR1 looks through all folders, SIGTERM or
    Ctrl-C ends it. `tagger service` shows how to have it started by itself.
    """
    wakeup = SignalWakeup()  # before the imports, during which a signal would end the process
    from tagger.daemon.daemon import Daemon  # noqa: PLC0415
    from tagger.daemon.host.logs import configure  # noqa: PLC0415

    def read() -> config.Settings:
        settings = config.load(config_file).with_roots(folders)
        return settings.override("daemon", workers=jobs)

    settings = read()
    configure(settings.daemon.log_format, verbose=verbose)
    Daemon(settings, read, wakeup).run()
