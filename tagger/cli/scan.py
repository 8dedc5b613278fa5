"""`tagger scan`: analyze music and write genres into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import DRY_RUN, EXISTING, JSON, NEW_FILE, check_outputs
from tagger.cli.output import warn
from tagger.cli.overrides import overridable
from tagger.cli.report.choose import listed_files, report
from tagger.cli.report.words import NO_MUSIC, NOTHING_TO_DECIDE
from tagger.cli.types import Formats, Moment
from tagger.pipeline.plan import planned, write_plan
from tagger.pipeline.scan import Scan, ScanOptions
from tagger.store import undamaged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings


@click.command
@click.argument("paths", nargs=-1, type=EXISTING, metavar="[PATH]...")
@DRY_RUN
@JSON
@click.option("--list", "listed", is_flag=True, help="List every file, also after a real run.")
@click.option("--summary", is_flag=True, help="Print the counts alone.")
@click.option("--report", "page", type=NEW_FILE, help="Write all files and reasons as a web page.")
@click.option("--plan", type=NEW_FILE, help="Write a plan for `tagger apply`; with --dry-run.")
@click.option("--format", "formats", type=Formats(), help="Only files with these endings.")
@click.option("--since", type=Moment(), help="Only files that are new or changed since: 2w, 3d.")
@click.option("--force", is_flag=True, help="Analyze files again that were analyzed before.")
@click.option("--reclassify", is_flag=True, help="Decide again the files that tagger wrote.")
@overridable
def command(
    settings: Settings,
    /,
    paths: Sequence[Path],
    *,
    dry_run: bool,
    as_json: bool,
    listed: bool,
    summary: bool,
    page: Path | None,
    plan: Path | None,
    force: bool,
    reclassify: bool,
    formats: frozenset[str] | None,
    since: float | None,
) -> None:
    """Analyze music and write genres into it.

    PATH is a folder or a file; without any, the configured library is scanned. Files that
    have a genre are left alone without --mode, and so are files whose genre is not sure.
    `tagger undo` takes the run back.
    """
    check_outputs(plan, page, dry_run=dry_run)
    options = ScanOptions(
        dry_run=dry_run, again=force, reclassify=reclassify, formats=formats, since=since
    )
    listing = listed_files(all_files=listed, summary=summary)
    kept, nothing = bool(plan or page), NOTHING_TO_DECIDE if reclassify else NO_MUSIC
    shown = report(
        as_json=as_json, dry_run=dry_run, listing=listing, remember=kept, nothing=nothing
    )
    with undamaged(settings.store.folder, warn) as store, shown:
        scan = Scan(settings, store, paths, options)
        result = scan.run(shown)
        if plan:
            write_plan(plan, planned(shown.outcomes, store))
        absent = dict(scan.absent(result))
        for text in (*scan.unknown_names(), *absent):
            warn(text)
    shown.finish(result.published, result.run, result.failed + sum(absent.values()), page)
    if loss := scan.loss_without_network(stored=result.run != 1):
        click.echo(loss.explanation, err=True)  # for a missing file once, after the first run
