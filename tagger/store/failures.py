"""Files that could not be listened to, and how often it was tried."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.core.domain import FileIdentity

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be listened to."""

    path: Path
    identity: FileIdentity
    attempts: int
    kind: str
    """The name of the error's class in `tagger.errors`."""
    reason: str

    @property
    def given_up(self) -> bool:
        """Whether the file is left alone until it changes."""
        return self.attempts >= MAX_ATTEMPTS


MAX_ATTEMPTS = 3
"""Attempts after which a file is left alone until it changes."""


class Failures:
    """The table of failures: attempts are counted before the work that may kill us."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def start_attempt(self, path: Path, identity: FileIdentity, *, blamed: bool) -> None:
        """Record that a file in this state is about to be listened to.

        `blamed` counts an attempt already: should tagger end before it is over, it was this
        file.
        """
        known = self.get(path)
        before = known.attempts if known and known.identity == identity else 0
        self._db.execute(
            "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                os.fsencode(path),
                identity.device,
                identity.inode,
                identity.size,
                identity.mtime_ns,
                before + int(blamed),
                "WorkerCrashedError",
                "tagger was ended while it listened to it",
                time.time(),
            ),
        )

    def record_failure(self, path: Path, kind: str, reason: str, *, attempts: int) -> None:
        """Say why it failed, and how many attempts that counts for."""
        self._db.execute(
            "UPDATE failures SET kind = ?, reason = ?, attempts = attempts + ? WHERE path = ?",
            (kind, reason, attempts, os.fsencode(path)),
        )

    def withdraw_attempt(self, path: Path, *, attempts: int) -> None:
        """Take back attempts that ended for reasons of their own."""
        where = os.fsencode(path)
        self._db.execute(
            "UPDATE failures SET attempts = attempts - ? WHERE path = ?", (attempts, where)
        )
        self._db.execute("DELETE FROM failures WHERE path = ? AND attempts <= 0", (where,))

    def clear(self, path: Path) -> None:
        """Forget a file's failures: it was listened to, or it is gone."""
        self._db.execute("DELETE FROM failures WHERE path = ?", (os.fsencode(path),))

    def get(self, path: Path) -> Failure | None:
        """Return what failed on a file."""
        row = self._db.execute("SELECT * FROM failures WHERE path = ?", (os.fsencode(path),))
        return _failure(row.fetchone())

    def all(self) -> list[Failure]:
        """Return every file that failed, newest first."""
        rows = self._db.execute("SELECT * FROM failures ORDER BY at DESC")
        return [failure for row in rows if (failure := _failure(row))]


def _failure(row: sqlite3.Row | None) -> Failure | None:
    if row is None:
        return None
    identity = FileIdentity(row["device"], row["inode"], row["size"], row["mtime_ns"])
    return Failure(
        Path(os.fsdecode(row["path"])), identity, row["attempts"], row["kind"], row["reason"]
    )
