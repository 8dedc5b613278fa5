"""Counts of the files and folders that the last walk of each root passed over."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from pathlib import Path


class PassedOver:
    """The table of counts, keyed by root and reason."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, root: Path, counts: Mapping[str, int]) -> None:
        """Replace the counts of a root, by reason."""
        key = os.fsencode(root)
        self._db.execute("DELETE FROM passed_over WHERE root = ?", (key,))
        self._db.executemany(
            "INSERT INTO passed_over VALUES (?, ?, ?)",
            [(key, reason, count) for reason, count in counts.items()],
        )

    def counts(self) -> Counter[str]:
        """Return the counts of all roots together, by reason."""
        rows = self._db.execute("SELECT reason, sum(count) FROM passed_over GROUP BY reason")
        return Counter({row[0]: row[1] for row in rows})
