"""Playlists written by tagger, each with a digest."""

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

    def known(self) -> dict[Path, str]:
        """Return the SHA-256 (hex) of each playlist as tagger wrote it, by path."""
        rows = self._db.execute("SELECT path, sha256 FROM playlists")
        return {stored_path(row["path"]): row["sha256"] for row in rows}

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
