"""Output of `tagger train match`, and its question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.output import print_json, printable

if TYPE_CHECKING:
    from pathlib import Path

    from training.matching.match import Ambiguous

NONE, LATER = "n", "s"


def print_object(one: Ambiguous) -> None:
    """Print an ambiguous entry as JSON."""
    print_json(
        {
            "entry": one.entry.key,
            "title": one.entry.title,
            "artists": list(one.entry.artists),
            "genre": one.entry.genre,
            "files": [str(candidate.path) for candidate in one.candidates],
        }
    )


def show(one: Ambiguous, number: int, total: int) -> None:
    """Print an ambiguous entry with its files; `one` is entry `number` of `total`."""
    entry = one.entry
    artists = ", ".join(entry.artists)
    text = f"{number} of {total}: {artists} - {entry.title} [{entry.album}]  ({entry.genre})"
    click.echo(printable(text))
    click.echo(printable(f"    entry {entry.key}"))
    for place, candidate in enumerate(one.candidates, 1):
        length = f"{candidate.duration_s:.0f} s" if candidate.duration_s else "?"
        click.echo(printable(f"  {place}  {candidate.path}  [{candidate.album}, {length}]"))


def ask(one: Ambiguous) -> tuple[bool, Path | None]:
    """Ask which file an entry is; return whether the user chose, and the file or None."""
    numbers = [str(number) for number in range(1, len(one.candidates) + 1)]
    answer = click.prompt(
        f"Which file ({NONE}: no file, {LATER}: later)",
        type=click.Choice([*numbers, NONE, LATER]),
        default=LATER,
    )
    if answer in {NONE, LATER}:
        return answer == NONE, None
    return True, one.candidates[int(answer) - 1].path
