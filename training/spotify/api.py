"""The few requests to Spotify's Web API, at their own pace.

Pages are requested by offset: the absolute address in a page's `next` would send the login to any
host.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import spotipy

from training.errors import SpotifyLoginError, SpotifyPausedError, SpotifyUnavailableError
from training.spotify import responses
from training.spotify.schema import Head, Listed, Page, PlaylistsPage, User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from training.spotify.auth import Login
    from training.spotify.endpoints import Endpoints

T = TypeVar("T")

PAGE = 50
"""The API's largest page; a page with fewer rows may have a next page all the same."""
TRIES = 4
_HEAD = "id,name,snapshot_id,collaborative,owner(id)"
_ITEMS = (
    "items(is_local,item(type,id,uri,name,duration_ms,is_local,artists(name),album(name),"
    "external_ids(isrc))),next,total"
)


class Pace:
    """One request an interval; tests hand in a clock and a sleep."""

    def __init__(
        self,
        interval: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval, self._clock, self._sleep = interval, clock, sleep
        self._next = clock()

    def wait(self) -> None:
        """Sleep until the next request may begin."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._interval

    def rest(self, attempt: int, seconds: float | None) -> None:
        """Sleep before the next attempt.

        `attempt` is the number of the last attempt; the pause doubles with it. `seconds` is the
        pause that Spotify asked for.
        """
        self._sleep(max(seconds or 0.0, self._interval * 2**attempt))


class Api:
    """Typed responses, or the errors of `responses`; temporary faults are retried."""

    def __init__(
        self, login: Login, endpoints: Endpoints, session: requests.Session, pace: Pace
    ) -> None:
        self._login, self._pace = login, pace
        self._client = spotipy.Spotify(
            auth_manager=login, requests_session=session, requests_timeout=endpoints.timeout
        )
        self._client.prefix = endpoints.api

    def me(self) -> User:
        """Return who is logged in."""
        return self._ask(User, self._client.me)

    def playlists(self) -> Iterator[Listed]:
        """Return the playlists that the user owns or follows."""
        offset, total = 0, 1
        while offset < total:
            page = self._ask(
                PlaylistsPage, self._client.current_user_playlists, limit=PAGE, offset=offset
            )
            yield from (playlist for playlist in page.items if playlist)
            total = page.total if page.next and page.items else 0
            offset += len(page.items)

    def head(self, playlist: str) -> Head:
        """Return a playlist's name and snapshot. Raises SpotifyPlaylistError and others."""
        return self._ask(
            Head, self._client.playlist, playlist, fields=_HEAD, additional_types=("track",)
        )

    def page(self, playlist: str, offset: int) -> Page:
        """Return the page of a playlist that begins at `offset`.

        Raises SpotifyPlaylistError when the user is neither owner nor collaborator.
        """
        return self._ask(
            Page,
            self._client.playlist_items,
            playlist,
            fields=_ITEMS,
            limit=PAGE,
            offset=offset,
            additional_types=("track",),
        )

    def _ask(self, kind: type[T], question: Callable[..., Any], *args: Any, **named: Any) -> T:
        renewed = False
        for attempt in range(1, TRIES + 1):
            self._pace.wait()
            try:
                with responses.typed():
                    return msgspec.convert(question(*args, **named), kind)
            except SpotifyLoginError:
                if renewed or not self._login.exists:
                    raise
                self._login.renew()
                renewed = True
            except SpotifyUnavailableError as error:
                fault = error
                if attempt < TRIES:
                    self._pace.rest(attempt, error.seconds)
        if fault.seconds is not None:
            raise SpotifyPausedError(fault.reason, hint=responses.LATER, seconds=fault.seconds)
        raise fault
