"""`tagger undo`: take back genres that tagger wrote."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from tagger.cli.faults import no_such_path, no_such_run
from tagger.cli.options import DRY_RUN, JSON, NAMED, configured
from tagger.cli.output import warn
from tagger.cli.report.choose import report
from tagger.cli.report.words import NOTHING_TO_UNDO, UNDONE, WOULD_BE_UNDONE
from tagger.cli.types import Moment, RunNumber
from tagger.pipeline.undo import Selection, undo_run
from tagger.store import undamaged
from tagger.system.spelling import real_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings


@click.command
@click.argument("paths", nargs=-1, type=NAMED, metavar="[PATH]...")
@click.option(
    "--run", type=RunNumber(), help="Take back this run; `tagger runs` lists the numbers."
)
@click.option("--since", type=Moment(), help="Everything since then: 2h, 3d, 2026-11-22T18:00.")
@DRY_RUN
@JSON
@configured
def command(
    settings: Settings,
    /,
    paths: Sequence[Path],
    *,
    run: int | None,
    since: float | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take back genres that tagger wrote: the last run, or the runs and paths given.

    PATH is a file or a folder: every genre that tagger ever wrote there is taken back. A file
    whose genre was changed since is left as it is.
    """
    selection = Selection(run, since, tuple(map(real_path, paths)))
    words = WOULD_BE_UNDONE if dry_run else UNDONE
    shown = report(as_json=as_json, dry_run=dry_run, words=words, nothing=NOTHING_TO_UNDO)
    with undamaged(settings.store.folder, warn) as store, shown:
        if run is not None and not store.runs.exists(run):
            raise no_such_run(run, "--run")
        for path, given in zip(selection.paths, paths, strict=True):
            if not os.path.lexists(path) and not store.journal.done(below=path):
                raise no_such_path(path, _as_run(given))
        published = undo_run(settings, store, selection, shown, dry_run=dry_run)
    shown.finish(published)


def _as_run(path: Path) -> str:
    """Return the next step for a missing path that is a number."""
    return f" A run: tagger undo --run {path}" if str(path).isdecimal() else ""
