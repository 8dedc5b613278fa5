"""Playlists written by tagger, each with a digest, and the state from which they were made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from tagger.store.rows import stored_path

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


class WrittenPlaylist(NamedTuple):
    """A playlist as tagger last wrote it."""

    sha256: str
    """Of the file (hex)."""
    genre: str
    """Empty for a special list."""
    state: str
    """The state of everything behind the playlist; empty for unknown."""


class PlaylistFiles:
    """The table of playlists, keyed by path."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def in_folder(self, folder: Path) -> dict[Path, WrittenPlaylist]:
        """Return each playlist of tagger in a folder, by path."""
        rows = self._db.execute("SELECT path, sha256, genre, state FROM playlists ORDER BY path")
        found = {stored_path(path): WrittenPlaylist(*known) for path, *known in rows}
        return {path: known for path, known in found.items() if path.parent == folder}

    def state(self, folder: Path) -> str:
        """Return the state that `note_state` stored for a folder, empty without one."""
        sql = "SELECT state FROM playlist_folders WHERE path = ?"
        row = self._db.execute(sql, (os.fsencode(folder),)).fetchone()
        return row[0] if row else ""

    def note_state(self, folder: Path, state: str) -> None:
        """Store the state of everything behind the playlists of a folder; empty for unknown."""
        sql = "INSERT OR REPLACE INTO playlist_folders VALUES (?, ?)"
        self._db.execute(sql, (os.fsencode(folder), state))

    def note(self, path: Path, written: WrittenPlaylist) -> None:
        """Record a playlist; an empty SHA-256 removes the record."""
        if written.sha256:
            self._db.execute(
                "INSERT OR REPLACE INTO playlists (path, sha256, genre, state) VALUES (?, ?, ?, ?)",
                (os.fsencode(path), *written),
            )
        else:
            self._db.execute("DELETE FROM playlists WHERE path = ?", (os.fsencode(path),))
