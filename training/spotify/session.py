"""A connection with Spotify, for one process at a time."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tagger.system.locks import exclusive
from training.data.store import TrainingStore
from training.errors import SpotifyError, SpotifyOffError
from training.spotify import endpoints
from training.spotify.api import Api, Pace
from training.spotify.auth import Login, plain_session
from training.spotify.cache import SpotifyStore
from training.spotify.tokens import TokenFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tagger.config import Settings

LOCK = "spotify.lock"
URI = "spotify:"
"""Prefix of Spotify's names of tracks."""


def client_id(settings: Settings) -> str:
    """Return the app's id. Raises SpotifyOffError when there is none."""
    found = settings.training.spotify.client_id.strip()
    if not found:
        raise SpotifyOffError(
            "there is no client id of Spotify's",
            hint="register an app at https://developer.spotify.com/dashboard with the redirect "
            "URI http://127.0.0.1/callback, and set training.spotify.client_id",
        )
    return found


def purge(folder: Path) -> None:
    """Delete all content from Spotify in the state folder; the caller has the `login_lock`."""
    SpotifyStore.purge(folder)
    with TrainingStore(folder) as store:
        store.choices.forget_all(URI)
    (folder / LOCK).unlink(missing_ok=True)


@contextlib.contextmanager
def connected(settings: Settings) -> Iterator[Api]:
    """Yield the API with the stored login, which is renewed as needed.

    Raises SpotifyOffError, and SpotifyError when another process uses the login. A renewal
    invalidates the old login, so only one process may renew it.
    """
    where, file = endpoints.chosen(), TokenFile(settings.store.folder)
    with login_lock(settings.store.folder), plain_session() as session:
        login = Login(client_id(settings), file, where, session)
        yield Api(login, where, session, Pace(where.interval))


@contextlib.contextmanager
def login_lock(folder: Path) -> Iterator[None]:
    """Lock the login against other processes. Raises SpotifyError when it is locked."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(exclusive(folder / LOCK))
        except BlockingIOError as error:
            reason = "another tagger is talking with Spotify"
            raise SpotifyError(reason, hint="wait until it has finished") from error
        yield
