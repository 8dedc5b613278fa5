"""A finding of `tagger doctor`: lines, or an object for scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tagger.cli.output import print_json, printable

if TYPE_CHECKING:
    from tagger.doctor import Finding


def show_finding(finding: Finding, *, as_json: bool) -> None:
    """Print a finding with its next step."""
    if as_json:
        shown = asdict(finding)
        del shown["repair"]
        print_json(shown | {"repairable": finding.repair is not None})
        return
    click.echo(printable(f"{finding.level:<8} {finding.name}: {finding.text}"))
    if finding.next_step:
        hint = " (or `tagger doctor --fix`)" if finding.repair else ""
        click.echo(printable(f"         -> {finding.next_step}{hint}"))
