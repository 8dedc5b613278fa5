"""`tagger undo`: take back what tagger wrote."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.options import DRY_RUN, JSON, NAMED, configured
from tagger.cli.report import UNDONE, report
from tagger.pipeline import recovery, undo
from tagger.pipeline.operations import write_options
from tagger.playlists import refresh
from tagger.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.store import JournalEntry

SOME_FAILED = 1
_AGO = re.compile(r"(\d+)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


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


@click.command
@click.argument("paths", nargs=-1, type=NAMED, metavar="[PATH]...")
@click.option(
    "--run",
    type=click.IntRange(1, 2**63 - 1),
    help="Take back this run; its number stands in `tagger status`.",
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
    """Take back what tagger wrote: the last run, or what is named.

    PATH is a file or a folder: all that tagger ever wrote there is taken back. A file whose
    genre was changed since is left as it is.
    """
    told = report(as_json=as_json, dry_run=dry_run, words=UNDONE)
    with Store(settings.store.folder) as store:
        recovery.recover(store)
        entries = _chosen(store, [path.resolve() for path in paths], run, since)
        with told:
            told.expect(len({entry.change.path for entry in entries}))
            for outcome in undo.undo(entries, store, write_options(settings), dry_run=dry_run):
                told.outcome(outcome)
        roots = list(dict.fromkeys(entry.root for entry in entries))
        if settings.playlists.enabled and not dry_run:
            told.playlists(refresh.refresh_all(settings, roots, store))
    if not dry_run:
        told.tell(settings.players)
    told.finish()
    if told.failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _chosen(
    store: Store, paths: Sequence[Path], run: int | None, since: float | None
) -> list[JournalEntry]:
    if run is not None and not store.runs.exists(run):
        raise click.BadParameter(f"there is no run {run}", param_hint="--run")
    if not paths and since is None and run is None:
        run = store.runs.last_with_changes()
        return [] if run is None else store.journal.done(run=run)
    entries = {
        entry.id: entry
        for below in paths or (None,)
        for entry in store.journal.done(run=run, since=since, below=below)
    }
    return [entries[id_] for id_ in sorted(entries)]
