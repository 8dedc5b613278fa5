"""The table of the user's choices of a file for an entry of a list."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


class Choices:
    """The table of choices, keyed by the entry's own name for itself."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, entry: str, path: Path | None) -> None:
        """Store a choice; None for no file."""
        self._db.execute(
            "INSERT OR REPLACE INTO choices VALUES (?, ?)",
            (entry, None if path is None else os.fsencode(path)),
        )

    def forget(self, entry: str) -> bool:
        """Delete a choice; return whether there was one."""
        return bool(self._db.execute("DELETE FROM choices WHERE entry = ?", (entry,)).rowcount)

    def forget_all(self, beginning: str) -> None:
        """Delete every choice for entries with this prefix, and overwrite their rows."""
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.execute(
            "DELETE FROM choices WHERE substr(entry, 1, ?) = ?", (len(beginning), beginning)
        )
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def all(self) -> dict[str, Path | None]:
        """Return every choice by entry."""
        rows = self._db.execute("SELECT entry, path FROM choices ORDER BY entry")
        return {row[0]: None if row[1] is None else Path(os.fsdecode(row[1])) for row in rows}
