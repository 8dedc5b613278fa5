"""`tagger doctor`: check everything that a scan needs, with the next step."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tagger import doctor
from tagger.cli.options import JSON, NAMED, configured, print_json, printable
from tagger.cli.report.lines import outcome_json
from tagger.cli.report.page import write_page
from tagger.inference import read_manifest, registry
from tagger.pipeline.mistakes import mistakes
from tagger.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings

SOME_FAILED = 1


@click.command
@click.option("--library", is_flag=True, help="List genres in files that are likely mistakes.")
@click.option("--report", "page", type=NAMED, help="With --library: write a page as well.")
@JSON
@configured
def command(settings: Settings, *, as_json: bool, library: bool, page: Path | None) -> None:
    """Check everything that a scan needs, with the next step.

    With --library, list the files whose own genre disagrees with the album, the artist and a sure
    sound together. Nothing is changed.
    """
    if library:
        _list_mistakes(settings, as_json=as_json, page=page)
        return
    failed = False
    for finding in doctor.examine(settings):
        failed = failed or finding.level is doctor.Level.FAILED
        if as_json:
            print_json(asdict(finding))
            continue
        click.echo(printable(f"{finding.level:<8} {finding.name}: {finding.text}"))
        if finding.next_step:
            click.echo(printable(f"         -> {finding.next_step}"))
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _list_mistakes(settings: Settings, *, as_json: bool, page: Path | None) -> None:
    settings = registry.resolve_bundle(settings)
    manifest = read_manifest(settings.model.bundle.folder)
    found = []
    with Store(settings.store.folder) as store:
        for outcome in mistakes(settings, store, manifest):
            found.append(outcome)
            if as_json:
                print_json(outcome_json(outcome))
            else:
                own = ", ".join(outcome.before)
                text = f"{outcome.path}: {own}, but {outcome.reason}"
                click.echo(printable(text))
    if page:
        write_page(page, found, dry_run=True, run=None, title="Genres that are likely mistakes")
    if not as_json:
        click.echo(f"{len(found)} likely mistakes; nothing was changed")
