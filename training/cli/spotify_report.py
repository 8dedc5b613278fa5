"""Output of `tagger spotify`."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.output import print_json, printable
from training.spotify import consent, playlist_ids
from training.spotify.cache import SpotifyStore
from training.spotify.responses import LOGIN
from training.spotify.schema import Kind
from training.spotify.tokens import TokenFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tagger.config import Settings, SpotifySettings
    from training.spotify.playlists import Found
    from training.spotify.schema import Listed
    from training.spotify.sync import Synced


SKIPPED = {Kind.UNAVAILABLE: "gone", Kind.EPISODE: "episodes", Kind.LOCAL: "local files"}
"""Words for places without a track, after their number."""


def status_of(settings: Settings) -> dict[str, Any]:
    """Return the object of `tagger spotify status --json`."""
    spotify, folder = settings.training.spotify, settings.store.folder
    file = TokenFile(folder)
    token = file.read()
    with SpotifyStore(folder) as store:
        agreed = store.agreed(consent.CLAUSE)
        return {
            "enabled": spotify.enabled,
            "agreed": agreed and _when(agreed),
            "logged_in": token is not None,
            "login_ends": token and token.ends,
            "paused_until": _when(store.paused_until) if store.paused_until > time.time() else None,
            "playlists": [
                _playlist(store, playlist, genre)
                for playlist, genre in playlist_ids.wanted(spotify).items()
            ],
            "exports": [str(path) for path in spotify.exports],
            "warnings": file.warnings(),
        }


def print_status(found: dict[str, Any], *, as_json: bool) -> None:
    """Print the result of `status_of`."""
    if as_json:
        print_json(found)
        return
    on = found["enabled"]
    nobody = f"none: {LOGIN}" if on else "none"  # a login needs the source
    login = f"until {found['login_ends']}" if found["logged_in"] else nobody
    click.echo(f"source     {'on' if on else 'off: set training.spotify.enabled = true'}")
    click.echo(f"terms      {'agreed to ' + found['agreed'] if found['agreed'] else 'not agreed'}")
    click.echo(f"login      {login}")
    if found["paused_until"]:
        click.echo(f"paused     until {found['paused_until']}, as Spotify asks")
    for row in found["playlists"]:
        read = f"{row['places']} places, read {row['read']}" if row["read"] else "not read yet"
        click.echo(printable(f"playlist   {row['genre']}: {row['name']} ({read})"))
        if row["problem"]:
            click.echo(printable(f"           ! {row['problem']}"))
    for path in found["exports"]:
        click.echo(printable(f"export     {path}"))
    for warning in found["warnings"]:
        click.echo(printable(f"warning    {warning}"))


def print_listed(playlist: Listed, user: str, spotify: SpotifySettings, *, as_json: bool) -> None:
    """Print a playlist of the account of `user`, as a line or `as_json`.

    `playlist` is a row of the user's list, `spotify` the settings with the genres.
    """
    genres = {playlist_ids.playlist_id(name): genre for name, genre in spotify.playlists.items()}
    own = playlist.owner is not None and playlist.owner.id == user
    row = {
        "id": playlist.id,
        "name": playlist.name or "",
        "tracks": playlist.items.total if playlist.items else 0,
        "readable": own or bool(playlist.collaborative),
        "genre": genres.get(playlist.id),
    }
    if as_json:
        print_json(row)
        return
    foreign = "" if row["readable"] else "not yours: cannot be read"
    marks = "; ".join(filter(None, (genres.get(playlist.id), foreign)))
    text = f"{row['id']}  {row['tracks']:>5}  {row['name']:<32}  {marks}"
    click.echo(printable(text.rstrip()))


def print_synced(synced: Synced, genre: str, *, as_json: bool) -> None:
    """Print the outcome of one playlist, as lines or `as_json`.

    `synced` is the outcome, `genre` the genre in the configuration.
    """
    problem = synced.problem
    if as_json:
        print_json(
            {
                "playlist": synced.playlist,
                "name": synced.name,
                "genre": genre,
                "state": str(synced.state),
                "places": synced.places,
                "reason": problem and problem.reason,
                "next_step": problem and problem.hint,
            }
        )
        return
    line = f"{synced.state:<9}  {genre}: {synced.name} ({synced.places} places)"
    click.echo(printable(f"{line}  {problem.reason}" if problem else line))
    if problem:
        click.echo(printable(f"{'':<9}  -> {problem.hint}"))


def print_found(found: Found, *, as_json: bool) -> None:
    """Print the matches of one playlist."""
    if as_json:
        print_json(asdict(found))
        return
    skipped = ", ".join(f"{n} {SKIPPED[kind]}" for kind, n in found.skipped.items())
    text = (
        f"{found.genre}: {found.name}: {found.matched} matched, {found.missing} not in the "
        f"library, {found.ambiguous} ambiguous, {sum(found.skipped.values())} skipped"
    )
    click.echo(printable(f"{text} ({skipped})" if skipped else text))


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield the receiver of each page, which shows a line on a terminal only."""
    if not sys.stdout.isatty():
        yield lambda _name, _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - pipes need no rich
    from rich.text import Text  # noqa: PLC0415

    with Console().status("Asking Spotify") as shown:
        yield lambda name, done, total: shown.update(Text(printable(f"{name}: {done} of {total}")))


def _playlist(store: SpotifyStore, playlist: str, genre: str) -> dict[str, Any]:
    reading, problem = store.finished(playlist), store.problem(playlist)
    return {
        "id": playlist,
        "genre": genre,
        "name": store.name(playlist),
        "places": reading.total if reading else None,
        "read": _when(reading.started) if reading else None,
        "problem": f"{problem.reason} ({problem.hint})" if problem else None,
    }


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))
