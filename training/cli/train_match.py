"""`tagger train match`: say which file an entry of a list is, once and for all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli.options import JSON, configured, print_json, printable
from training.data.store import TrainingStore
from training.errors import TrainingDataError
from training.labels import configured_sources

if TYPE_CHECKING:
    from tagger.config import Settings
    from training.matching.match import Ambiguous

NONE, LATER = "n", "s"


@click.command("match")
@click.argument("entry", required=False)
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--none", "no_file", is_flag=True, help="ENTRY is none of your files.")
@click.option("--forget", is_flag=True, help="Drop what was chosen for ENTRY.")
@click.option("--list", "only_list", is_flag=True, help="List what is ambiguous; ask nothing.")
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
    """Choose which file an entry of a playlist or table is; it is remembered.

    Without arguments, each ambiguous entry is asked for. ENTRY is an entry's name as
    `tagger train match --list` shows it, FILE the file that it is.
    """
    with TrainingStore(settings.store.folder) as store:
        if entry and forget:
            known = store.choices.forget(entry)
            click.echo("forgotten" if known else "nothing was chosen for it")
        elif entry and (file or no_file):
            store.choices.put(entry, None if no_file or file is None else file.resolve())
            click.echo("remembered")
        elif entry:
            raise TrainingDataError("which file is it?", hint="name FILE, --none or --forget")
        else:
            _go_through(settings, store, ask=not (only_list or as_json), as_json=as_json)


def _go_through(settings: Settings, store: TrainingStore, *, ask: bool, as_json: bool) -> None:
    from training.labels.collect import gather  # noqa: PLC0415 - only this needs the matching

    found = gather(configured_sources(settings.training), settings, store).matching.ambiguous
    for number, one in enumerate(found, 1):
        if as_json:
            print_json(
                {
                    "entry": one.entry.key,
                    "title": one.entry.title,
                    "artists": list(one.entry.artists),
                    "genre": one.entry.genre,
                    "files": [str(candidate.path) for candidate in one.candidates],
                }
            )
            continue
        _show(one, f"{number} of {len(found)}")
        if ask:
            _ask(one, store)
    if not found and not as_json:
        click.echo("nothing is ambiguous")


def _show(one: Ambiguous, place: str) -> None:
    entry = one.entry
    artists = ", ".join(entry.artists)
    click.echo(printable(f"{place}: {artists} - {entry.title} [{entry.album}]  ({entry.genre})"))
    click.echo(printable(f"    entry {entry.key}"))
    for number, candidate in enumerate(one.candidates, 1):
        length = f"{candidate.duration_s:.0f} s" if candidate.duration_s else "?"
        click.echo(printable(f"  {number}  {candidate.path}  [{candidate.album}, {length}]"))


def _ask(one: Ambiguous, store: TrainingStore) -> None:
    numbers = [str(number) for number in range(1, len(one.candidates) + 1)]
    answer = click.prompt(
        "Which one (n: none of them, s: later)",
        type=click.Choice([*numbers, NONE, LATER]),
        default=LATER,
    )
    if answer == NONE:
        store.choices.put(one.entry.key, None)
    elif answer != LATER:
        store.choices.put(one.entry.key, one.candidates[int(answer) - 1].path)
