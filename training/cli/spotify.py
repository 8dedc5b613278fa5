"""`tagger spotify`: the user's own Spotify playlists as labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import JSON, configured
from tagger.cli.output import SOME_FAILED, printable
from training.cli import spotify_report as output
from training.cli.spotify_consent import require_consent
from training.cli.spotify_login import login, logout
from training.cli.spotify_match import match
from training.spotify import playlist_ids
from training.spotify.cache import SpotifyStore
from training.spotify.session import connected
from training.spotify.sync import State, Sync
from training.spotify.tokens import TokenFile

if TYPE_CHECKING:
    from tagger.config import Settings


@click.group
def command() -> None:
    """Use your own Spotify playlists as labels for `tagger train`."""


@command.command
@JSON
@configured
def status(settings: Settings, *, as_json: bool) -> None:
    """Show login, playlists and their problems. No request is sent to Spotify."""
    output.print_status(output.status_of(settings), as_json=as_json)


@command.command
@JSON
@configured
def playlists(settings: Settings, *, as_json: bool) -> None:
    """List the playlists of your account, with their genres."""
    require_consent(settings)
    with connected(settings) as api:
        me = api.me().id
        for playlist in api.playlists():
            output.print_listed(playlist, me, settings.training.spotify, as_json=as_json)


@command.command
@JSON
@configured
def sync(settings: Settings, *, as_json: bool) -> None:
    """Read changes of the configured playlists. It continues after an interrupted run."""
    require_consent(settings)
    folder = settings.store.folder
    for warning in TokenFile(folder).warnings():
        click.echo(printable(warning), err=True)
    wanted = playlist_ids.wanted(settings.training.spotify)
    if not wanted:
        click.echo("No playlist to read; exports need no sync.", err=True)
        return
    failed = False
    with SpotifyStore(folder) as store, connected(settings) as api, output.progress() as page:
        for synced in Sync(api, store, page).run(wanted):
            failed = failed or synced.state is State.FAILED
            output.print_synced(synced, wanted[synced.playlist], as_json=as_json)
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


command.add_command(login)
command.add_command(logout)
command.add_command(match)
