"""`tagger doctor`: check everything that a scan needs, with the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger import doctor
from tagger.cli.options import JSON, NEW_FILE, configured
from tagger.cli.output import SOME_FAILED, print_json, printable
from tagger.cli.report.doctor import show_finding
from tagger.cli.report.lines import outcome_json
from tagger.cli.report.page import write_page
from tagger.pipeline.mistakes import mistakes
from tagger.store import Store
from tagger.system.text import number_of

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings


@click.command
@click.option(
    "--fix", is_flag=True, help="Repair what can be repaired without a decision of yours."
)
@click.option("--library", is_flag=True, help="List genres in files that are likely mistakes.")
@click.option("--report", "page", type=NEW_FILE, help="With --library: write a page as well.")
@JSON
@configured
def command(
    settings: Settings, *, fix: bool, as_json: bool, library: bool, page: Path | None
) -> None:
    """Check everything that a scan needs, with the next step.

    With --library, list the files whose own genre disagrees with the album, the artist and a sure
    sound together. Nothing is changed.
    """
    if library and fix:
        raise click.UsageError("--fix is without --library: a likely mistake needs your decision")
    if library:
        _list_mistakes(settings, as_json=as_json, page=page)
        return
    if page:
        raise click.UsageError("--report needs --library: a page lists the likely mistakes")
    failed = False
    for finding in doctor.examine(settings):
        shown = doctor.repaired(finding) if fix else finding
        failed = failed or shown.level is doctor.Severity.FAILED
        show_finding(shown, as_json=as_json)
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _list_mistakes(settings: Settings, *, as_json: bool, page: Path | None) -> None:
    found = []
    with Store(settings.store.folder) as store:
        for outcome in mistakes(settings, store):
            found.append(outcome)
            if as_json:
                print_json(outcome_json(outcome))
            else:
                own = ", ".join(outcome.before)
                click.echo(printable(f"{outcome.path}: {own}, but {outcome.reason}"))
    if page:
        write_page(page, found, dry_run=True, run=None, title="Genres that are likely mistakes")
    if not as_json:
        click.echo(f"{number_of(len(found), 'likely mistake')}; nothing was changed")
