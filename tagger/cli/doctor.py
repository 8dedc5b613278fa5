"""`tagger doctor`: check everything that a scan needs, with the next step."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tagger import doctor
from tagger.cli.options import JSON, configured, print_json, printable

if TYPE_CHECKING:
    from tagger.config import Settings

SOME_FAILED = 1


@click.command
@JSON
@configured
def command(settings: Settings, *, as_json: bool) -> None:
    """Check everything that a scan needs, with the next step."""
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
