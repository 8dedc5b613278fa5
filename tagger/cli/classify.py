"""`tagger classify`: print the genres that files sound like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import JOBS, JSON, NAMED, SOUND_ONLY, configured
from tagger.cli.output import SOME_FAILED, print_json, printable
from tagger.cli.report.classify import classified_json, classified_text
from tagger.core.domain import Action
from tagger.inference import in_use
from tagger.pipeline import build
from tagger.pipeline.classify import classify
from tagger.store import existing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings


@click.command
@click.argument("paths", nargs=-1, required=True, type=NAMED, metavar="PATH...")
@JSON
@click.option("--top", type=click.IntRange(1), default=3, help="How many genres to show.")
@JOBS
@SOUND_ONLY
@configured
def command(
    settings: Settings,
    /,
    paths: Sequence[Path],
    *,
    as_json: bool,
    top: int,
    jobs: int | None,
    sound_only: bool,
) -> None:
    """Print the likeliest genres of files, and whether one would be written; writes nothing.

    PATH is a file or a folder. The guesses are of the sound. Each file is decided by itself,
    without its album, which a scan counts as well.
    """
    settings = in_use.resolve_bundle(settings).override("workers", count=jobs)
    settings = settings.by_sound_alone() if sound_only else settings
    model = in_use.runnable_manifest(settings).id
    build.start_server(settings)
    failed = False
    with existing(settings.store.folder) as store:
        for found in classify(settings, store, paths):
            failed = failed or found.decision.action is Action.ERROR
            if as_json:
                print_json(classified_json(found, model, top))
            else:
                click.echo(printable(f"{found.path}: {classified_text(found, top)}"))
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)
