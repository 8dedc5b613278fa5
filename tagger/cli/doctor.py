"""`tagger doctor`: check everything that a scan needs, with the next step."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from tagger import doctor
from tagger.cli.options import JSON, NAMED, configured, print_json, printable
from tagger.cli.report.lines import outcome_json
from tagger.cli.report.page import write_page
from tagger.errors import TaggerError
from tagger.inference import registry
from tagger.pipeline.mistakes import mistakes
from tagger.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings

SOME_FAILED = 1


@click.command
@click.option(
    "--fix", is_flag=True, help="Repair what can be repaired without a decision of yours."
)
@click.option("--library", is_flag=True, help="List genres in files that are likely mistakes.")
@click.option("--report", "page", type=NAMED, help="With --library: write a page as well.")
@JSON
@configured
def command(
    settings: Settings, *, fix: bool, as_json: bool, library: bool, page: Path | None
) -> None:
    """Check everything that a scan needs, with the next step.

    With --library, list the files whose own genre disagrees with the album, the artist and a sure
    sound together. Nothing is changed.
    """
    if library:
        _list_mistakes(settings, as_json=as_json, page=page)
        return
    failed = False
    for finding in doctor.examine(settings):
        if fix and finding.repair:
            finding = _repaired(finding)  # noqa: PLW2901
        failed = failed or finding.level is doctor.Level.FAILED
        if as_json:
            shown = asdict(finding)
            del shown["repair"]
            print_json(shown | {"repairable": finding.repair is not None})
            continue
        click.echo(printable(f"{finding.level:<8} {finding.name}: {finding.text}"))
        if finding.next_step:
            hint = " (or `tagger doctor --fix`)" if finding.repair else ""
            click.echo(printable(f"         -> {finding.next_step}{hint}"))
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _list_mistakes(settings: Settings, *, as_json: bool, page: Path | None) -> None:
    settings = registry.resolve_bundle(settings)
    manifest = registry.runnable_manifest(settings)
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


def _repaired(finding: doctor.Finding) -> doctor.Finding:
    """Return the finding after its repair, or the same finding with the error of the repair."""
    try:
        text = finding.repair() if finding.repair else ""
    except (OSError, TaggerError) as error:
        return replace(finding, text=f"{finding.text}; not repaired: {error}", repair=None)
    return doctor.Finding(finding.name, doctor.Level.OK, f"repaired: {text}")
