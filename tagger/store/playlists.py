"""Playlists written by tagger, each with a digest, and the state from which they were made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tagger.store.rows import stored_path

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


class PlaylistFiles:
    """The table of playlists, keyed by path."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def in_folder(self, folder: Path) -> dict[Path, tuple[str, str]]:
        """Return SHA-256 (hex) and genre of each playlist of tagger in a folder, by path."""
        rows = self._db.execute("SELECT path, sha256, genre FROM playlists ORDER BY path")
        found = {stored_path(row["path"]): (row["sha256"], row["genre"]) for row in rows}
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

    def note(self, path: Path, sha256: str, genre: str) -> None:
        """Record a playlist.

        Args:
            path: The file of the playlist.
            sha256: The SHA-256 (hex) of the file; an empty text removes the record.
            genre: The genre of the playlist.
        """
        if sha256:
            self._db.execute(
                "INSERT OR REPLACE INTO playlists VALUES (?, ?, ?)",
                (os.fsencode(path), sha256, genre),
            )
        else:
            self._db.execute("DELETE FROM playlists WHERE path = ?", (os.fsencode(path),))
