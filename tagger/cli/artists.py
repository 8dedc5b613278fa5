"""`tagger artists`: the list of known artists, and the user's own list above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import JSON, NAMED, configured
from tagger.cli.output import SOME_FAILED, print_json, printable
from tagger.cli.report.artists import artist_json, artist_line
from tagger.core import genres as spelling
from tagger.errors import ConfigError
from tagger.evidence.artists import Artist, fault
from tagger.library import known_artists
from tagger.system.text import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings


@click.group
def command() -> None:
    """Show, add and check known artists.

    tagger comes with a list of artists and their genres, which is weighed beside the sound. Your
    own list outranks it: the file `evidence.artists` of the configuration.
    """


@command.command
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@JSON
@configured
def show(settings: Settings, /, names: Sequence[str], *, as_json: bool) -> None:
    """Show what the lists have for artists. Exits with 1 if one is in neither."""
    known = known_artists.open_list(settings.evidence.artists)
    missing = False
    for name in names:
        artist = known.find(name)
        missing = missing or artist is None
        if as_json:
            print_json(artist_json(name, artist))
        else:
            click.echo(printable(artist_line(name, artist)))
    if missing:
        raise click.exceptions.Exit(SOME_FAILED)


@command.command
@click.argument("name")
@click.argument("genres", nargs=-1, required=True, metavar="GENRE...")
@configured
def add(settings: Settings, /, name: str, genres: Sequence[str]) -> None:
    """Write an artist with its genres into your own list. The best genre comes first."""
    artist = Artist(name, tuple(dict.fromkeys(map(spelling.canonical, genres))), own=True)
    if reason := fault(artist):
        raise ConfigError(reason, None, "name an artist and its genres")
    known_artists.add_own(settings.evidence.artists, artist)
    click.echo(printable(f"{artist_line(name, artist)}: {settings.evidence.artists}"))


@command.command
@click.argument("file", type=NAMED)
def check(file: Path) -> None:
    """Check a list of artists; exits with 1 if a line is wrong."""
    if not file.exists():
        raise ConfigError("there is no such file", file)
    found, wrong = known_artists.read_own(file)
    for problem in wrong:
        click.echo(printable(f"line {problem.line}: {problem.reason}"))
    click.echo(f"{number_of(len(found), 'artist')}, {number_of(len(wrong), 'wrong line')}")
    if wrong:
        raise click.exceptions.Exit(SOME_FAILED)
