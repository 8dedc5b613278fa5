"""Plex Media Server, by its HTTP API: https://developer.plex.tv/pms/."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from tagger.errors import PlayerError
from tagger.players import scans
from tagger.players.changes import player_path
from tagger.players.http import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config import PlexSettings
    from tagger.players.changes import Changes

M3U = (".m3u", ".m3u8")


class PlexPlayer:
    """Makes Plex scan the changed folders, and import the changed playlists."""

    name = "plex"

    def __init__(self, settings: PlexSettings) -> None:
        self.patience = scans.PATIENCE if settings.playlists else 0.0
        self._settings = settings
        self._server = WebServer("Plex", self.name, settings.url, login="token")

    def refresh(self, changes: Changes) -> None:
        """See `Player`. Without a path map, Plex scans all of its music."""
        sections = dict(self._sections())
        changes = changes.seen_by(self._settings.map)
        folders = [player_path(folder, self._settings.map) for folder in changes.folders]
        for key in sections:
            if None in folders:
                self._get(f"/library/sections/{key}/refresh")
        for folder in dict.fromkeys(f for f in folders if f and None not in folders):
            self._scan(folder, sections)
        if self._settings.playlists:
            self._import(changes, sections)

    def check(self) -> str:
        """See `Player`."""
        list(self._sections())
        found = self._get("/identity").get("MediaContainer")
        return self._server.named(found.get("version") if isinstance(found, dict) else None)

    def _scan(self, folder: str, sections: dict[str, list[str]]) -> None:
        """Make Plex scan a folder in each section of it, and each section below it as a whole.

        Many changes become one folder that can be above the folders of a section.
        """
        query = f"?{urlencode({'path': folder}, quote_via=quote)}"
        queries = {}
        for key, places in sections.items():
            if any(_contains(place, folder) for place in places):
                queries[key] = query
            elif any(_contains(folder, place) for place in places):
                queries[key] = ""
        for key, asked in (queries or {next(iter(sections)): query}).items():
            self._get(f"/library/sections/{key}/refresh{asked}")

    def _import(self, changes: Changes, sections: dict[str, list[str]]) -> None:
        """Import playlists when their tracks are in the library of Plex."""
        files = [
            f"{folder}/{file.name}" if "\\" not in folder else f"{folder}\\{file.name}"
            for file in sorted(changes.playlist_files)
            if file.suffix in M3U
            and file.exists()
            and (folder := player_path(file.parent, self._settings.map))
        ]
        if not files:
            return
        scans.wait_for_scan(self._is_scanning, "Plex")
        for file in files:
            key = self._section_of(file, sections)
            query = urlencode({"sectionID": key, "path": file}, quote_via=quote)
            self._server.request("POST", f"/playlists/upload?{query}", b"", self._headers())

    def _is_scanning(self) -> bool:
        return any(section.get("refreshing") for section in self._music())

    def _section_of(self, path: str, sections: dict[str, list[str]]) -> str:
        """Return the music section that contains a path, else the first one."""
        for key, folders in sections.items():
            if any(_contains(folder, path) for folder in folders):
                return key
        return next(iter(sections))

    def _sections(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the key and the folders of each music section; there is at least one."""
        music = self._music()
        for section in music:
            places = section.get("Location", [])
            yield (
                str(section.get("key")),
                [str(p.get("path")) for p in places if isinstance(p, dict)],
            )
        if not music:
            raise PlayerError("Plex has no music library", hint="add a music library in Plex")

    def _music(self) -> list[dict[str, Any]]:
        container = self._get("/library/sections").get("MediaContainer")
        found = container.get("Directory", []) if isinstance(container, dict) else None
        if not isinstance(found, list):
            raise self._server.unexpected_answer()
        return [one for one in found if isinstance(one, dict) and one.get("type") == "artist"]

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._server.request("GET", path, b"", self._headers())
        return self._server.decoded(answer) if answer.strip() else {}

    def _headers(self) -> dict[str, str]:
        """Return the headers; the token is no part of the address, which servers log."""
        token = quote(self._settings.token.reveal(), safe="")
        return {"Accept": "application/json", "X-Plex-Token": token}


def _contains(folder: str, path: str) -> bool:
    kind = PureWindowsPath if "\\" in folder else PurePosixPath
    return kind(path).is_relative_to(kind(folder))
