"""The report of a run that fits its output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tagger.cli.report.base import Listing, Report
from tagger.cli.report.words import DONE, NO_MUSIC, WOULD_BE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tagger.core.domain import Action


def report(
    *,
    as_json: bool,
    dry_run: bool,
    words: Mapping[Action, str] | None = None,
    listing: Listing = "auto",
    remember: bool = True,
    nothing: str = NO_MUSIC,
) -> Report:
    """Return the report that fits: JSON if asked for, a terminal's, or plain lines.

    Args:
        as_json: Print JSON.
        dry_run: The run writes nothing.
        words: The words for each action; without any, those of a scan.
        listing: Which files are listed.
        remember: Keep all outcomes in memory.
        nothing: The words for a run without a file; without effect on JSON.

    """
    kind = Report
    if as_json:
        from tagger.cli.report.json import JsonReport  # noqa: PLC0415

        kind = JsonReport
    elif sys.stdout.isatty():
        from tagger.cli.report.terminal import TerminalReport  # noqa: PLC0415 - pipes need no rich

        kind = TerminalReport
    words = words or (WOULD_BE if dry_run else DONE)
    return kind(words, dry_run=dry_run, listing=listing, remember=remember, nothing=nothing)


def listed_files(*, all_files: bool, summary: bool) -> Listing:
    """Return which files are listed, by the options of a command.

    Raises:
        click.UsageError: the options contradict each other.

    """
    if all_files and summary:
        raise click.UsageError("--list and --summary contradict each other: name one of them")
    return "all" if all_files else "none" if summary else "auto"
