"""`tagger corrections`: list and forget the genres that the user changed after tagger."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from tagger.cli.faults import no_such_path
from tagger.cli.options import JSON, NAMED, ListFirst, configured
from tagger.cli.output import print_json, printable
from tagger.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.store import Correction


@click.group(cls=ListFirst)
def command() -> None:
    """List and forget the genres that you changed after tagger. Without a command, list them."""


@command.command("list")
@JSON
@configured
def list_(settings: Settings, *, as_json: bool = False) -> None:
    """List each file whose genre you changed, with tagger's and yours."""
    with Store(settings.store.folder) as store:
        found = store.corrections.all()
    for correction in found:
        if as_json:
            print_json(_json(correction))
        else:
            ours, theirs = (
                ", ".join(names) or "-" for names in (correction.ours, correction.theirs)
            )
            click.echo(printable(f"{correction.path}: {ours} -> {theirs}"))
    if not found and not as_json:
        click.echo("no corrections")


@command.command
@click.argument("paths", nargs=-1, required=True, type=NAMED, metavar="PATH...")
@configured
def forget(settings: Settings, *, paths: Sequence[Path]) -> None:
    """Forget the corrections of files, or of all files below folders.

    The next scan decides such a file like any other file. The file itself stays as it is.
    """
    with Store(settings.store.folder) as store, store.transaction():
        counts = {path: store.corrections.forget(path.absolute()) for path in paths}
        for path, count in counts.items():
            if not count and not os.path.lexists(path):
                raise no_such_path(path)
    click.echo(f"{sum(counts.values())} forgotten")


def _json(correction: Correction) -> dict[str, object]:
    return {
        "path": str(correction.path),
        "ours": list(correction.ours),
        "theirs": list(correction.theirs),
    }
