"""Lyrion Music Server, by JSON-RPC over HTTP: https://lyrion.org/reference/cli/using-the-cli."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tagger.players.http import WebServer, basic

if TYPE_CHECKING:
    from tagger.config import LyrionSettings
    from tagger.players.changes import Changes


class LyrionPlayer:
    """Makes Lyrion scan for new and changed files and playlists."""

    name = "lyrion"
    patience = 0.0

    def __init__(self, settings: LyrionSettings) -> None:
        self._settings = settings
        self._server = WebServer("Lyrion", self.name, settings.url)

    def refresh(self, changes: Changes) -> None:  # noqa: ARG002 - Lyrion needs no folders
        """See `Player`. A scanning server queues the request."""
        self._call("rescan")

    def check(self) -> str:
        """See `Player`."""
        return self._server.named(self._call("version", "?").get("_version"))

    def _call(self, *command: str) -> dict[str, Any]:
        request = {"id": 1, "method": "slim.request", "params": ["", list(command)]}
        login = basic(self._settings.user, self._settings.password)
        answer = self._server.post_json("/jsonrpc.js", request, login)
        result = answer.get("result")
        if not isinstance(result, dict):
            raise self._server.unexpected_answer()
        return result
