"""`tagger genres`: the names of the genres that are in the files already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import DRY_RUN, EXISTING, JSON, configured
from tagger.cli.output import warn
from tagger.cli.report.choose import report
from tagger.cli.report.words import NO_GENRE
from tagger.pipeline.normalize import normalize as normalize_names
from tagger.store import undamaged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings


@click.group
def command() -> None:
    """Give the genres in your files one name each."""


@command.command
@click.argument("paths", nargs=-1, type=EXISTING, metavar="[PATH]...")
@DRY_RUN
@JSON
@configured
def normalize(
    settings: Settings, /, paths: Sequence[Path], *, dry_run: bool, as_json: bool
) -> None:
    """Write the genres in files under one name. Hip Hop and hip-hop become Hip-Hop.

    A list in one text, such as Rap/Hip-Hop, becomes its genres. genres.map in the configuration has
    your own words; genres outside genres.only are removed beside others. Try --dry-run first;
    `tagger undo` takes the run back.
    """
    shown = report(as_json=as_json, dry_run=dry_run, nothing=NO_GENRE)
    with undamaged(settings.store.folder, warn) as store, shown:
        result = normalize_names(settings, store, paths, shown, dry_run=dry_run)
    shown.finish(result.published, result.run, failed=result.failed)
