"""Navidrome, by the Subsonic API: http://www.subsonic.org/pages/api.jsp."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tagger.errors import PlayerError
from tagger.players.http import WebServer

if TYPE_CHECKING:
    from tagger.config import NavidromeSettings
    from tagger.players.changes import Changes

PROTOCOL = "1.16.1"
WRONG_LOGIN, NOT_AUTHORIZED = (40, 41, 42, 43, 44), 50
"""Error numbers of the Subsonic API."""


class NavidromePlayer:
    """Makes Navidrome scan; it finds the changed folders itself."""

    name = "navidrome"

    def __init__(self, settings: NavidromeSettings) -> None:
        self._settings = settings
        self._server = WebServer("Navidrome", self.name, settings.url)

    def refresh(self, changes: Changes) -> None:  # noqa: ARG002 - Navidrome needs no folders
        """See `Player`."""
        self._call("startScan")

    def check(self) -> str:
        """See `Player`. The user has to be an administrator."""
        user = self._call("getUser", username=self._settings.user).get("user")
        if not (isinstance(user, dict) and user.get("adminRole") is True):
            raise _not_authorized()
        return "Navidrome"

    def _call(self, method: str, **parameters: str) -> dict[str, Any]:
        """Call a method by POST: servers and proxies log addresses, but not bodies."""
        form = urlencode({**self._login(), "v": PROTOCOL, "c": "tagger", "f": "json", **parameters})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._server.request("POST", f"/rest/{method}", form.encode(), headers)
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
            raise _not_authorized()
        raise PlayerError(
            f"Navidrome returns the error {code!s:.4}", hint="see the log of Navidrome"
        )

    def _login(self) -> dict[str, str]:
        """Return the login parameters; the protocol requires MD5 of password and salt."""
        salt = secrets.token_hex(16)
        salted = self._settings.password.reveal() + salt
        token = hashlib.md5(salted.encode(), usedforsecurity=False).hexdigest()
        return {"u": self._settings.user, "t": token, "s": salt}


def _not_authorized() -> PlayerError:
    hint = "set players.navidrome.user to an administrator"
    return PlayerError("Navidrome permits a scan to administrators only", hint=hint)
