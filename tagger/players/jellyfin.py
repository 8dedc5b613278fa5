"""Jellyfin and Emby, by their HTTP API.

https://api.jellyfin.org and https://dev.emby.media/reference/RestAPI.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from tagger.players.changes import player_path
from tagger.players.http import WebServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tagger.config import JellyfinSettings
    from tagger.players.changes import Changes


class JellyfinPlayer:
    """Notifies Jellyfin of changed folders; without path maps, of the whole library."""

    name = "jellyfin"
    patience = 0.0
    _kind = "Jellyfin"

    def __init__(self, settings: JellyfinSettings) -> None:
        self._settings = settings
        self._server = WebServer(self._kind, self.name, settings.url, login="api_key")

    def refresh(self, changes: Changes) -> None:
        """See `Player`. Unknown folders are ignored without an error."""
        if not (changes := changes.seen_by(self._settings.map)):
            return
        seen = [player_path(folder, self._settings.map) for folder in changes.folders]
        if None in seen:
            self._post("/Library/Refresh", b"", self._key())
            return
        updates = [{"Path": folder, "UpdateType": "Modified"} for folder in dict.fromkeys(seen)]
        body = json.dumps({"Updates": updates}).encode()
        headers = {"Content-Type": "application/json", **self._key()}
        self._post("/Library/Media/Updated", body, headers)

    def check(self) -> str:
        """See `Player`. A valid API key has all permissions."""
        answer = self._server.request("GET", "/System/Info", b"", self._key())
        return self._server.named(self._server.decoded(answer).get("Version"))

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        self._server.request("POST", path, body, headers, good=204)

    def _key(self) -> dict[str, str]:
        key = quote(self._settings.api_key.reveal(), safe="")
        return {"Authorization": f'MediaBrowser Token="{key}"'}


class EmbyPlayer(JellyfinPlayer):
    """Notifies Emby, from which Jellyfin's API comes; only the header of the key differs."""

    name = "emby"
    _kind = "Emby"

    def _key(self) -> dict[str, str]:
        return {"X-Emby-Token": quote(self._settings.api_key.reveal(), safe="")}
