"""Jellyfin: https://api.jellyfin.org, with a key as https://jellyfin.org/docs has it."""

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
    """A Jellyfin, told of folders where their names are known, else to look at everything."""

    name = "jellyfin"

    def __init__(self, settings: JellyfinSettings) -> None:
        self._settings = settings
        self._server = WebServer("Jellyfin", self.name, settings.url)

    def refresh(self, changes: Changes) -> None:
        """See `Player`. Jellyfin passes over folders that it does not know without a word."""
        seen = [player_path(folder, self._settings.map) for folder in changes.folders]
        if None in seen:
            self._post("/Library/Refresh", b"", self._key())
            return
        updates = [{"Path": folder, "UpdateType": "Modified"} for folder in dict.fromkeys(seen)]
        body = json.dumps({"Updates": updates}).encode()
        headers = {"Content-Type": "application/json", **self._key()}
        self._post("/Library/Media/Updated", body, headers)

    def check(self) -> str:
        """See `Player`: an API key that is accepted may do all of it."""
        answer = self._server.ask("GET", "/System/Info", b"", self._key())
        found = self._server.decoded(answer)
        version = found.get("Version")
        if not isinstance(version, str):
            raise self._server.nonsense()
        return f"Jellyfin {version[:20]}"

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        self._server.ask("POST", path, body, headers, good=204)

    def _key(self) -> dict[str, str]:
        key = quote(self._settings.api_key.reveal(), safe="")
        return {"Authorization": f'MediaBrowser Token="{key}"'}
