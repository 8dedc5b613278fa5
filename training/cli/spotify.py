"""`tagger spotify`: the user's own Spotify playlists as labels."""

from __future__ import annotations

import sys
import threading
import time
import webbrowser
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.options import JSON, configured, print_json, printable
from training.cli.spotify_report import (
    print_found,
    print_status,
    print_synced,
    progress,
    status_of,
)
from training.errors import SpotifyError
from training.labels.spotify import NAME
from training.spotify import consent, endpoints, playlist_ids
from training.spotify.auth import Authorization, plain_session
from training.spotify.cache import FILE_NAME, SpotifyStore
from training.spotify.callback import Callback
from training.spotify.playlists import compare, known
from training.spotify.session import LOCK, alone, client_id, connected
from training.spotify.sync import State, Sync
from training.spotify.tokens import LIFETIME_S, TokenFile

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings
    from training.spotify.schema import Listed

SOME_FAILED = 1
URI = "spotify:"
"""What the names that Spotify gives begin with."""
REVOKE = "https://www.spotify.com/account/apps/"


@click.group
def command() -> None:
    """Use your own Spotify playlists as labels for `tagger train`."""


@command.command
@click.option(
    "--paste", is_flag=True, help="No browser on this computer: paste the address it ends at."
)
@configured
def login(settings: Settings, *, paste: bool) -> None:
    """Log in at Spotify, once in six months.

    Spotify is asked for one thing: to read your playlists. tagger never sees your password.
    """
    consent.require_on(settings.training.spotify)
    app, where, folder = client_id(settings), endpoints.chosen(), settings.store.folder
    file = TokenFile(folder)
    with SpotifyStore(folder) as store:
        _ask_for_consent(store)
    with connected(settings) as api, plain_session() as session:
        if paste:
            attempt = Authorization(app, where, session)
            click.echo(f"Open this address in any browser, and agree:\n\n  {attempt.url}\n")
            click.echo("It then ends at an address that begins with http://127.0.0.1/callback and")
            click.echo("shows an error: that is as it should be. Copy that address from its bar.")
            attempt.complete(click.prompt("Address", prompt_suffix=": "), file)
        else:
            with Callback() as callback:
                attempt = Authorization(app, where, session, callback.redirect_uri)
                click.echo(f"Waiting for you to agree in the browser, at:\n\n  {attempt.url}\n")
                threading.Thread(target=_open, args=(attempt.url,), daemon=True).start()
                attempt.complete(callback.wait(attempt.answers), file)
        user = api.me()
    until = time.strftime("%Y-%m-%d", time.localtime(time.time() + LIFETIME_S))
    click.echo(printable(f"Logged in as {user.display_name or user.id}, until {until}."))


@command.command
@click.option("--purge", is_flag=True, help="Delete everything that came from Spotify, too.")
@configured
def logout(settings: Settings, *, purge: bool) -> None:
    """Delete the login."""
    folder = settings.store.folder
    with alone(folder):
        was = TokenFile(folder).forget()
        click.echo("Logged out." if was else "There was no login.")
        if purge:
            _purge(folder)
    if purge:
        click.echo("Everything that came from Spotify is deleted, your agreement with it.")
    elif (folder / FILE_NAME).exists():
        click.echo("The lists that were read stay for up to 30 days; --purge deletes them now.")
    click.echo(f"To withdraw what Spotify lets tagger do as well: {REVOKE}")


@command.command
@JSON
@configured
def status(settings: Settings, *, as_json: bool) -> None:
    """Show login, playlists and what is wrong with them; asks nothing of Spotify."""
    found = status_of(settings)
    if as_json:
        print_json(found)
    else:
        print_status(found)


@command.command
@JSON
@configured
def playlists(settings: Settings, *, as_json: bool) -> None:
    """List the playlists of your account, with the genre that the configuration gives them."""
    _require_consent(settings)
    named = settings.training.spotify.playlists
    genres = {playlist_ids.playlist_id(reference): genre for reference, genre in named.items()}
    with connected(settings) as api:
        me = api.me().id
        for playlist in api.playlists():
            row = _listed(playlist, me, genres.get(playlist.id))
            if as_json:
                print_json(row)
            else:
                foreign = "" if row["readable"] else "not yours: cannot be read"
                marks = "; ".join(filter(None, (row["genre"], foreign)))
                text = f"{row['id']}  {row['tracks']:>5}  {row['name']:<32}  {marks}"
                click.echo(printable(text.rstrip()))


@command.command
@JSON
@configured
def sync(settings: Settings, *, as_json: bool) -> None:
    """Read the configured playlists, as far as they changed; goes on where it was stopped."""
    _require_consent(settings)
    for warning in TokenFile(settings.store.folder).warnings():
        click.echo(printable(warning), err=True)
    wanted = playlist_ids.wanted(settings.training.spotify)
    failed = False
    if not wanted:
        click.echo("No playlist to read; exports are read when they are needed.", err=True)
    else:
        with (
            SpotifyStore(settings.store.folder) as store,
            connected(settings) as api,
            progress() as heard,
        ):
            for synced in Sync(api, store, heard).run(wanted):
                failed = failed or synced.state is State.FAILED
                print_synced(synced, wanted[synced.playlist], as_json=as_json)
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


@command.command
@JSON
@configured
def match(settings: Settings, *, as_json: bool) -> None:
    """Say how much of each playlist is in the library; asks nothing of Spotify."""
    from training.data.store import TrainingStore  # noqa: PLC0415 - the other commands touch no audio
    from training.labels.collect import gather  # noqa: PLC0415

    with TrainingStore(settings.store.folder) as store:
        said = gather([NAME], settings, store)
    with SpotifyStore(settings.store.folder) as spotify:
        lists = known(settings.training.spotify, spotify)
    for found in compare(lists, said.matching):
        print_found(found, as_json=as_json)
    for note in said.notes:
        click.echo(printable(note), err=True)
    if said.matching.ambiguous:
        click.echo("Ambiguous ones are left out; `tagger train match` settles them.", err=True)


def _open(address: str) -> None:
    """Open a browser, which some of them let us wait for until it is closed."""
    if not webbrowser.open(address):
        click.echo("No browser opened: open it yourself, or stop and add --paste.")


def _ask_for_consent(store: SpotifyStore) -> None:
    if store.agreed(consent.CLAUSE) is None:
        click.echo(consent.NOTICE)
        if not click.confirm(consent.QUESTION, default=False):
            raise SpotifyError("nothing was done", hint="the same training works without Spotify")
        consent.agree(store)


def _require_consent(settings: Settings) -> None:
    """Ask where somebody is there to answer; else the clause must have been agreed to."""
    consent.require_on(settings.training.spotify)
    with SpotifyStore(settings.store.folder) as store:
        if sys.stdin.isatty():
            _ask_for_consent(store)
        consent.require(settings.training.spotify, store)


def _purge(folder: Path) -> None:
    from training.data.store import TrainingStore  # noqa: PLC0415 - the other commands touch no audio

    SpotifyStore.purge(folder)
    with TrainingStore(folder) as store:
        store.choices.forget_all(URI)
    (folder / LOCK).unlink(missing_ok=True)


def _listed(playlist: Listed, me: str, genre: str | None) -> dict[str, Any]:
    own = playlist.owner is not None and playlist.owner.id == me
    return {
        "id": playlist.id,
        "name": playlist.name or "",
        "tracks": playlist.items.total if playlist.items else 0,
        "readable": own or bool(playlist.collaborative),
        "genre": genre,
    }
