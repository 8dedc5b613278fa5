"""`tagger watch`: file music as it arrives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from tagger import config
from tagger.cli.options import CONFIG_FILE, JOBS
from tagger.cli.types import Location
from tagger.daemon.daemon import Daemon
from tagger.daemon.host.logs import configure

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Location(exists=True, file_okay=False, resolve_path=True, path_type=Path)


@click.command
@click.argument("folders", nargs=-1, type=FOLDER, metavar="[FOLDER]...")
@JOBS
@click.option("--verbose", is_flag=True, help="Log queued files and reconciles as well.")
@CONFIG_FILE
@click.pass_context
def command(
    ctx: click.Context,
    /,
    folders: Sequence[Path],
    *,
    jobs: int | None,
    verbose: bool,
    config_file: Path | None,
) -> None:
    """Write genres into new files until stopped.

    FOLDER is watched in place of the configured library.
    SIGHUP reads the configuration again, SIGUSR1 looks through all folders, SIGTERM or
    Ctrl-C ends it. `tagger service` shows how to have it started by itself.
    """
    chosen: Path | None = config_file or ctx.find_root().obj

    def read() -> config.Settings:
        return overridden(config.load(chosen), folders, jobs)

    settings = read()
    configure(settings.daemon.log_format, verbose=verbose)
    Daemon(settings, read).run()


def overridden(
    settings: config.Settings, folders: Sequence[Path], jobs: int | None
) -> config.Settings:
    """Return the settings with the arguments of the command line.

    Folders outside the configured library are a library with playlists of its own, as in a scan.

    Args:
        settings: The settings of the configuration.
        folders: The folders to watch; without any, the configured library.
        jobs: The number of worker processes, None for the configured number.

    """
    if folders:
        roots = settings.library.real_roots
        if any(folder.is_relative_to(root) for folder in folders for root in roots):
            settings = _with_playlists_of_library(settings)
        settings = settings.override("library", roots=tuple(folders))
    return settings.override("daemon", workers=jobs)


def _with_playlists_of_library(settings: config.Settings) -> config.Settings:
    """Return settings whose playlists stay in their folders, whatever the roots become."""
    first, *further = map(str, settings.playlist_folders)
    targets = tuple(
        msgspec.structs.replace(target, folder=folder)
        for target, folder in zip(settings.playlists.targets, further, strict=True)
    )
    return settings.override("playlists", folder=first, targets=targets)
