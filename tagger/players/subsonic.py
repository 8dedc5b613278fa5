"""Servers with the Subsonic API: Navidrome, gonic, Supysonic, Funkwhale, Ampache, Airsonic.

http://www.subsonic.org/pages/api.jsp and https://opensubsonic.netlify.app
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tagger.errors import PlayerError
from tagger.players import scans
from tagger.players.http import WebServer
from tagger.players.server_playlists import ServerPlaylists, Song, SongIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config import SubsonicSettings
    from tagger.players.changes import Changes

PROTOCOL = "1.16.1"
WRONG_LOGIN, NOT_AUTHORIZED = (40, 41, 42, 43, 44), 50
"""Error numbers of the Subsonic API."""
PAGE = 500
"""Songs of one answer; the greatest number that the API permits."""
MAX_SONGS = 1_000_000
MAX_ANSWER_BYTES = 64 << 20
"""The longest answer; a playlist is one answer, with about 1.5 kB for each song."""


class SubsonicPlayer:
    """Makes a server scan its library, and keeps the playlists of tagger there."""

    name = "subsonic"
    _kind = "the Subsonic server"

    def __init__(self, settings: SubsonicSettings) -> None:
        self.patience = scans.PATIENCE if settings.playlists else 0.0
        self._settings = settings
        self._server = WebServer(self._kind, self.name, settings.url)

    def refresh(self, changes: Changes) -> None:
        """See `Player`. The server finds the changed folders itself."""
        if self._settings.scan:
            self.call("startScan")
        if self._settings.playlists and changes.lists is not None:
            if self._settings.scan:
                scans.wait_for_scan(self._is_scanning, self._kind)
            songs = SongIndex(self._songs())
            ServerPlaylists(self, self._settings.user).update(changes.lists, songs)

    def check(self) -> str:
        """See `Player`. A user who starts scans has to be an administrator."""
        if not self._settings.scan:
            found = self.call("ping")
        else:
            found = self.call("getUser", username=self._settings.user)
            user = found.get("user")
            if not (isinstance(user, dict) and user.get("adminRole") is True):
                raise self._not_authorized()
        version = found.get("serverVersion")
        return f"{self._kind} {version[:20]}" if isinstance(version, str) else self._kind

    def call(self, method: str, **parameters: str | list[str]) -> dict[str, Any]:
        """Call a method by POST: servers and proxies log addresses, but not bodies.

        `method` is a method of the API, `parameters` its parameters. Raises `PlayerError`.
        """
        login = {**self._login(), "v": PROTOCOL, "c": "tagger", "f": "json"}
        form = urlencode({**login, **parameters}, doseq=True)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        path = f"/rest/{method}"
        answer = self._server.request("POST", path, form.encode(), headers, most=MAX_ANSWER_BYTES)
        found = self._server.decoded(answer).get("subsonic-response")
        if not isinstance(found, dict):
            raise self._server.unexpected_answer()
        if found.get("status") == "ok":
            return found
        error = found.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        if code in WRONG_LOGIN:
            raise self._server.login_refused("user password")
        if code == NOT_AUTHORIZED:
            raise self._not_authorized()
        raise PlayerError(
            f"{self._kind} returns the error {code!s:.4} for {method}",
            hint=f"see the log of {self._kind}",
        )

    def unexpected_answer(self) -> PlayerError:
        """Return the error for an answer that is not one of the API."""
        return self._server.unexpected_answer()

    def _is_scanning(self) -> bool:
        status = self.call("getScanStatus").get("scanStatus")
        if not isinstance(status, dict):
            raise self.unexpected_answer()
        return bool(status.get("scanning"))

    def _songs(self) -> list[Song]:
        """Return all songs of the server.

        An empty search finds every song on OpenSubsonic servers and no song on some other servers.
        Those servers are asked for each album.
        """
        counts = {"artistCount": "0", "albumCount": "0", "songCount": str(PAGE)}
        found = self._pages("search3", ("searchResult3", "song"), "songOffset", query="", **counts)
        return list(map(Song.of, found)) or list(map(Song.of, self._songs_of_albums()))

    def _songs_of_albums(self) -> Iterator[dict[str, Any]]:
        where, order = ("albumList2", "album"), "alphabeticalByName"
        for album in self._pages("getAlbumList2", where, "offset", type=order, size=str(PAGE)):
            answer = self.call("getAlbum", id=str(album.get("id")))
            yield from self._listed(answer, ("album", "song"))

    def _pages(
        self, method: str, where: tuple[str, str], offset: str, **parameters: str
    ) -> Iterator[dict[str, Any]]:
        """Yield everything that a method lists, page by page.

        Args:
            method: A method of the API.
            where: The keys of the list in an answer.
            offset: The parameter with the number of the first entry.
            **parameters: The other parameters of the method.

        """
        count = 0
        while count < MAX_SONGS:
            answer = self.call(method, **parameters, **{offset: str(count)})
            page = self._listed(answer, where)
            yield from page
            count += len(page)
            if len(page) < PAGE:
                return

    def _listed(self, answer: dict[str, Any], where: tuple[str, str]) -> list[dict[str, Any]]:
        outer, inner = where
        result = answer.get(outer)
        found = result.get(inner, []) if isinstance(result, dict) else None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.unexpected_answer()
        return found

    def _login(self) -> dict[str, str]:
        """Return the login parameters; the token is the MD5 of password and salt."""
        password = self._settings.password.reveal()
        if self._settings.login == "password":
            return {"u": self._settings.user, "p": f"enc:{password.encode().hex()}"}
        salt = secrets.token_hex(16)
        token = hashlib.md5((password + salt).encode(), usedforsecurity=False).hexdigest()
        return {"u": self._settings.user, "t": token, "s": salt}

    def _not_authorized(self) -> PlayerError:
        hint = f"set players.{self.name}.user to an administrator"
        if self.name != "navidrome":
            hint += f", or players.{self.name}.scan to false"
        return PlayerError(f"{self._kind} permits a scan to administrators only", hint=hint)


class NavidromePlayer(SubsonicPlayer):
    """Navidrome, whose table has another name."""

    name = "navidrome"
    _kind = "Navidrome"
