"""The question about Spotify's terms."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from training.errors import SpotifyError
from training.spotify import consent
from training.spotify.cache import SpotifyStore

if TYPE_CHECKING:
    from tagger.config import Settings


def ask_for_consent(store: SpotifyStore) -> None:
    """Show the clause unless the user has agreed to it; raise SpotifyError after a no."""
    if store.agreed(consent.CLAUSE) is None:
        click.echo(consent.NOTICE)
        if not click.confirm(consent.QUESTION, default=False):
            raise SpotifyError("nothing was done", hint="the same training works without Spotify")
        consent.agree(store)


def require_consent(settings: Settings) -> None:
    """Ask for consent on a terminal; elsewhere raise SpotifyOffError without it."""
    consent.require_on(settings.training.spotify)
    with SpotifyStore(settings.store.folder) as store:
        if sys.stdin.isatty():
            ask_for_consent(store)
        consent.require(settings.training.spotify, store)
