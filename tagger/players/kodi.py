"""Kodi, by JSON-RPC over HTTP: https://kodi.wiki/view/JSON-RPC_API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tagger.errors import PlayerError
from tagger.players.changes import player_path
from tagger.players.http import WebServer, basic

if TYPE_CHECKING:
    from tagger.config import KodiSettings
    from tagger.players.changes import Changes

SCANNING = "Library.IsScanningMusic"


class KodiPlayer:
    """A Kodi, which may look through one folder or through all of them."""

    name = "kodi"

    def __init__(self, settings: KodiSettings) -> None:
        self._settings = settings
        self._server = WebServer("Kodi", self.name, settings.url)

    def refresh(self, changes: Changes) -> None:
        """See `Player`. A second scan would end the one that goes on, instead of following it."""
        if self._scans():
            hint = "it is told again with the next change"
            raise PlayerError("Kodi is looking through its library just now", hint=hint)
        folder = player_path(changes.common, self._settings.map)
        where = {"directory": f"{folder.rstrip('/')}/"} if folder else {}
        if self._call("AudioLibrary.Scan", {**where, "showdialogs": False}) != "OK":
            raise self._server.nonsense()

    def check(self) -> str:
        """See `Player`."""
        self._scans()
        return "Kodi"

    def _scans(self) -> bool:
        found = self._call("XBMC.GetInfoBooleans", {"booleans": [SCANNING]})
        if not isinstance(found, dict) or not isinstance(scans := found.get(SCANNING), bool):
            raise self._server.nonsense()
        return scans

    def _call(self, method: str, params: dict[str, Any]) -> object:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        login = basic(self._settings.user, self._settings.password)
        answer = self._server.ask_json("POST", "/jsonrpc", request, login)
        if "error" in answer:
            raise PlayerError(f"Kodi refuses {method}", hint="see the log of Kodi")
        return answer.get("result")
