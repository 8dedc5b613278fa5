"""`tagger scan`: listen to music and write genres into it."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tagger.cli.options import DRY_RUN, EXISTING, JSON, configured
from tagger.cli.report import report
from tagger.library import index
from tagger.pipeline.scan import Scan
from tagger.playlists import refresh
from tagger.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings

SOME_FAILED = 1


class Confidence(click.ParamType[float | str]):
    """`auto`, or a probability."""

    name = "auto|0..1"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        """Turn the argument into a number unless it is `auto`."""
        if value == "auto":
            return "auto"
        number = float(click.FLOAT.convert(value, param, ctx))
        if not 0 <= number <= 1:  # which also refuses nan
            self.fail(f"{value} is not between 0 and 1", param, ctx)
        return number


@click.command
@click.argument("paths", nargs=-1, type=EXISTING, metavar="[PATH]...")
@DRY_RUN
@JSON
@click.option(
    "--mode",
    type=click.Choice(["empty", "add", "replace"]),
    help="Fill empty genres only, add to them, or replace them.",
)
@click.option("--min-confidence", type=Confidence(), help="How sure to be before writing.")
@click.option("--no-albums", is_flag=True, help="Decide each track by itself.")
@click.option("--no-playlists", is_flag=True, help="Leave the playlists alone.")
@click.option("--force", is_flag=True, help="Listen again to files that were heard before.")
@click.option(
    "--reclassify",
    is_flag=True,
    help="Decide again what tagger wrote, by the model that is active now.",
)
@configured
def command(
    settings: Settings,
    /,
    paths: Sequence[Path],
    *,
    dry_run: bool,
    as_json: bool,
    force: bool,
    reclassify: bool,
    no_playlists: bool,
    **overrides: Any,
) -> None:
    """Listen to music and write genres into it.

    PATH is a folder or a file; without any, the configured library is scanned. Files that
    have a genre are left alone unless --mode says otherwise, and so are those whose genre
    is not sure. `tagger undo` takes the run back.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = _overridden(settings, **overrides)
    told = report(as_json=as_json, dry_run=dry_run)
    with Store(settings.store.folder) as store:
        scan = Scan(settings, store, paths)
        with told:
            surveyed = scan.look(told.seen)
            told.expect(len(surveyed.tracks))
            for outcome in surveyed.passed:
                told.outcome(outcome)
            outcomes = (
                scan.reclassify(surveyed.tracks, dry_run=dry_run)
                if reclassify
                else scan.run(surveyed.tracks, dry_run=dry_run, again=force)
            )
            with contextlib.closing(outcomes):  # before the store is, also when nobody reads on
                for outcome in outcomes:
                    told.outcome(outcome)
        told.run = scan.run_id
        if settings.playlists.enabled and not no_playlists and not dry_run:
            there = [root for root in scan.roots if index.is_there(root, store)]
            told.playlists(refresh.refresh_all(settings, there, store))
    if not dry_run:
        told.tell(settings.players)
    told.finish()
    if told.failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _overridden(
    settings: Settings, mode: str | None, min_confidence: float | str | None, *, no_albums: bool
) -> Settings:
    given = {"mode": mode, "min_confidence": min_confidence}
    replace = msgspec.structs.replace
    tags = replace(settings.tags, **{k: v for k, v in given.items() if v is not None})
    albums = replace(settings.albums, together=settings.albums.together and not no_albums)
    return replace(settings, tags=tags, albums=albums)
