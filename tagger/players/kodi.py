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
    """Makes Kodi scan one folder or its whole library."""

    name = "kodi"
    patience = 0.0

    def __init__(self, settings: KodiSettings) -> None:
        self._settings = settings
        self._server = WebServer("Kodi", self.name, settings.url)

    def refresh(self, changes: Changes) -> None:
        """See `Player`. A second request would end a running scan, so it is not sent."""
        if not (changes := changes.seen_by(self._settings.map)):
            return
        if self._is_scanning():
            hint = "tagger notifies Kodi again with the next change"
            raise PlayerError("Kodi is scanning its library at present", hint=hint)
        folder = player_path(changes.common, self._settings.map)
        where = {"directory": f"{folder.rstrip('/')}/"} if folder else {}
        if self._call("AudioLibrary.Scan", {**where, "showdialogs": False}) != "OK":
            raise self._server.unexpected_answer()

    def check(self) -> str:
        """See `Player`."""
        self._is_scanning()
        return "Kodi"

    def _is_scanning(self) -> bool:
        found = self._call("XBMC.GetInfoBooleans", {"booleans": [SCANNING]})
        if not isinstance(found, dict) or not isinstance(scans := found.get(SCANNING), bool):
            raise self._server.unexpected_answer()
        return scans

    def _call(self, method: str, params: dict[str, Any]) -> object:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        login = basic(self._settings.user, self._settings.password)
        answer = self._server.post_json("/jsonrpc", request, login)
        if "error" in answer:
            raise PlayerError(f"Kodi refuses {method}", hint="see the log of Kodi")
        return answer.get("result")
