"""`tagger apply`: write the genres of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import DRY_RUN, FILE, JSON, NAMED, configured
from tagger.cli.output import warn
from tagger.cli.report.choose import report
from tagger.cli.report.words import EMPTY_PLAN
from tagger.pipeline.apply import apply_plan
from tagger.pipeline.plan import read_plan
from tagger.store import undamaged
from tagger.system.spelling import real_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings


@click.command
@click.argument("plan", type=FILE, metavar="PLAN")
@DRY_RUN
@JSON
@click.option(
    "--map",
    "maps",
    nargs=2,
    multiple=True,
    type=NAMED,
    metavar="FROM TO",
    help="Read paths below FROM in the plan as paths below TO.",
)
@configured
def command(
    settings: Settings,
    /,
    plan: Path,
    *,
    dry_run: bool,
    as_json: bool,
    maps: Sequence[tuple[Path, Path]],
) -> None:
    """Write the genres of a plan that `tagger scan --dry-run --plan PLAN` made.

    A file whose sound or genre is not as in the plan is left alone and listed. After an
    interrupt, apply the plan again. `tagger undo` takes the run back.
    """
    files = read_plan(plan, [(source, real_path(target)) for source, target in maps])
    shown = report(as_json=as_json, dry_run=dry_run, nothing=EMPTY_PLAN)
    with undamaged(settings.store.folder, warn) as store, shown:
        result = apply_plan(settings, store, files, shown, dry_run=dry_run)
    shown.finish(result.published, result.run, failed=result.failed)
