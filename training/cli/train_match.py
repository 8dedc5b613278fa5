"""`tagger train match`: the user's choice of a file for an entry of a list."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from tagger.cli.options import FILE, JSON, configured
from tagger.system.spelling import real_path
from training.cli import match_report
from training.data.store import TrainingStore
from training.errors import TrainingDataError
from training.labels import configured_sources

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings
    from training.matching.match import Matching


@click.command("match")
@click.argument("entry", required=False)
@click.argument("file", required=False, type=FILE)
@click.option("--none", "no_file", is_flag=True, help="ENTRY is none of your files.")
@click.option("--forget", is_flag=True, help="Delete the choice for ENTRY.")
@click.option("--list", "only_list", is_flag=True, help="List ambiguous entries; ask nothing.")
@JSON
@configured
def match_command(
    settings: Settings,
    *,
    entry: str | None,
    file: Path | None,
    no_file: bool,
    forget: bool,
    only_list: bool,
    as_json: bool,
) -> None:
    """Choose the file of an entry of a playlist or table. The choice is kept.

    Without arguments, the command asks for each ambiguous entry. ENTRY is the name of an entry in
    `tagger train match --list`, FILE its file, in the library or not.
    """
    if (file is not None) + no_file + forget > 1:
        raise click.UsageError("name one of FILE, --none and --forget")
    if (no_file or forget) and not entry:
        raise click.UsageError("name the ENTRY for --none or --forget")
    with TrainingStore(settings.store.folder) as store:
        if entry and forget:
            known = store.choices.forget(entry)
            click.echo("choice deleted" if known else "there was no choice")
        elif entry and (file or no_file):
            _require(entry, settings, store)
            store.choices.put(entry, None if no_file or file is None else real_path(file))
            click.echo("choice kept")
        elif entry:
            raise TrainingDataError("no file is named", hint="name FILE, --none or --forget")
        else:
            _go_through(settings, store, ask=not (only_list or as_json), as_json=as_json)


def _require(entry: str, settings: Settings, store: TrainingStore) -> None:
    """Raise TrainingDataError when no list has an entry of this name; the hint has the nearest."""
    found = _matching(settings, store)
    entries = [*(one.entry for one in found.matched), *(one.entry for one in found.ambiguous)]
    known = [one.key for one in (*entries, *found.missing)]
    if entry not in known:
        near = difflib.get_close_matches(entry, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "see `tagger train match --list`"
        raise TrainingDataError(f"no list has the entry {entry!r}", hint=hint)


def _matching(settings: Settings, store: TrainingStore) -> Matching:
    from training.labels.collect import gather  # noqa: PLC0415 - --forget needs no matching

    return gather(configured_sources(settings.training), settings, store).matching


def _go_through(settings: Settings, store: TrainingStore, *, ask: bool, as_json: bool) -> None:
    found = _matching(settings, store).ambiguous
    for number, one in enumerate(found, 1):
        if as_json:
            match_report.print_object(one)
            continue
        match_report.show(one, number, len(found))
        chosen, path = match_report.ask(one) if ask else (False, None)
        if chosen:
            store.choices.put(one.entry.key, path)
    if not found and not as_json:
        click.echo("no entry is ambiguous")
