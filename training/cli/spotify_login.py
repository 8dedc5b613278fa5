"""`tagger spotify login` and `logout`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from tagger.cli.browser import open_browser
from tagger.cli.options import configured
from tagger.cli.output import printable
from training.cli.spotify_consent import ask_for_consent
from training.spotify import consent, endpoints
from training.spotify.auth import Authorization, plain_session
from training.spotify.cache import FILE_NAME, SpotifyStore
from training.spotify.callback import Callback
from training.spotify.session import client_id, connected, login_lock, purge
from training.spotify.tokens import LIFETIME_S, TokenFile

if TYPE_CHECKING:
    from tagger.config import Settings

REVOKE = "https://www.spotify.com/account/apps/"


@click.command
@click.option(
    "--paste", is_flag=True, help="No browser on this computer: paste the address it ends at."
)
@configured
def login(settings: Settings, *, paste: bool) -> None:
    """Log in at Spotify, once in six months.

    tagger asks Spotify for one permission: to read your playlists. tagger never sees your password.
    """
    consent.require_on(settings.training.spotify)
    app, where, folder = client_id(settings), endpoints.chosen(), settings.store.folder
    with SpotifyStore(folder) as store:
        ask_for_consent(store)
    with connected(settings) as api, plain_session() as session:
        if paste:
            attempt = Authorization(app, where, session)
            click.echo(f"Open this address in any browser, and agree:\n\n  {attempt.url}\n")
            click.echo("The browser ends at an address that begins with http://127.0.0.1/callback")
            click.echo("and shows an error. This is correct: copy the address from its bar.")
            attempt.complete(click.prompt("Address", prompt_suffix=": "), TokenFile(folder))
        else:
            with Callback() as callback:
                attempt = Authorization(app, where, session, callback.redirect_uri)
                click.echo(f"Waiting for you to agree in the browser, at:\n\n  {attempt.url}\n")
                open_browser(attempt.url, "open the address yourself, or stop and add --paste.")
                attempt.complete(callback.wait(attempt.answers), TokenFile(folder))
        user = api.me()
    until = time.strftime("%Y-%m-%d", time.localtime(time.time() + LIFETIME_S))
    click.echo(printable(f"Logged in as {user.display_name or user.id}, until {until}."))


@click.command
@click.option("--purge", "everything", is_flag=True, help="Delete all content from Spotify, too.")
@configured
def logout(settings: Settings, *, everything: bool) -> None:
    """Delete the login."""
    folder = settings.store.folder
    with login_lock(folder):
        was = TokenFile(folder).forget()
        click.echo("Logged out." if was else "There was no login.")
        if everything:
            purge(folder)
    if everything:
        click.echo("All content from Spotify and your agreement to its terms are deleted.")
    elif (folder / FILE_NAME).exists():
        click.echo("The playlists stay for up to 30 days; --purge deletes them now.")
    click.echo(f"To withdraw the permission at Spotify as well: {REVOKE}")
