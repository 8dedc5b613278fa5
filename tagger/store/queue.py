"""The queue of the daemon: each file once, by path."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.store.failures import MAX_ATTEMPTS
from tagger.store.files import NOT_WRITABLE
from tagger.store.rows import stored_path

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tagger.core.domain import FileIdentity


@dataclass(frozen=True, slots=True)
class Job:
    """A file that waits for the daemon."""

    path: Path
    failed: int
    """The number of failed attempts."""

    @property
    def is_last_attempt(self) -> bool:
        """Whether another failure ends the attempts on this file."""
        return self.failed + 1 >= MAX_ATTEMPTS


class Queue:
    """The table of jobs: waiting, or taken by the one process that works on them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, root: Path, paths: Iterable[Path]) -> None:
        """Add files in one transaction; a taken job becomes a waiting job again."""
        now = time.time()
        self._db.executemany(
            "INSERT INTO queue (path, root, added) VALUES (?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET taken = 0, failed = 0, root = excluded.root",
            [(os.fsencode(path), os.fsencode(root), now) for path in paths],
        )

    def take(self, most: int) -> list[Job]:
        """Take the oldest jobs, `most` at most.

        The files of a folder may be one album and are taken together if possible. A job that
        failed is taken alone, after all jobs without a failure.
        """
        rows = self._db.execute(
            "SELECT path, failed FROM queue WHERE taken = 0 ORDER BY failed, added, path LIMIT ?",
            (most + 1,),
        )
        jobs = [Job(stored_path(row["path"]), row["failed"]) for row in rows]
        chosen = [job for job in jobs if not job.failed] or jobs[:1]
        if len(chosen) > most:
            chosen = _whole_folders(chosen) or chosen[:most]
        self._db.executemany(
            "UPDATE queue SET taken = 1 WHERE path = ?", [(os.fsencode(j.path),) for j in chosen]
        )
        return chosen

    def done(self, path: Path) -> None:
        """Delete a taken job, unless it was put again."""
        self._db.execute("DELETE FROM queue WHERE path = ? AND taken = 1", (os.fsencode(path),))

    def drop(self, path: Path) -> None:
        """Delete a job in any state."""
        self._db.execute("DELETE FROM queue WHERE path = ?", (os.fsencode(path),))

    def give_back(self, *, failed: bool = False) -> None:
        """Return all taken jobs to the queue; `failed` counts their attempts as failures."""
        self._db.execute(
            "UPDATE queue SET taken = 0, failed = failed + ? WHERE taken = 1", (int(failed),)
        )

    def holds(self, path: Path) -> bool:
        """Return whether the queue contains this file."""
        row = self._db.execute("SELECT 1 FROM queue WHERE path = ?", (os.fsencode(path),))
        return row.fetchone() is not None

    def length(self) -> int:
        """Return the number of waiting and taken jobs."""
        return int(self._db.execute("SELECT count(*) FROM queue").fetchone()[0])

    def needs(self, path: Path, identity: FileIdentity) -> bool:
        """Return whether a file in this state needs work.

        A file needs no work if it was handled, or given up, in the same state. The device is
        ignored, because its number may change with each mount.
        """
        state = (os.fsencode(path), *identity[1:])
        row = self._db.execute(
            "SELECT 1 FROM files WHERE (path, inode, size, mtime_ns) = (?, ?, ?, ?) AND handled"
            " UNION ALL"
            " SELECT 1 FROM failures WHERE (path, inode, size, mtime_ns) = (?, ?, ?, ?)"
            " AND attempts >= ?",
            (*state, *state, MAX_ATTEMPTS),
        )
        return row.fetchone() is None

    def was_not_writable(self, path: Path, identity: FileIdentity) -> bool:
        """Return whether a file in this state was handled while it was not writable."""
        row = self._db.execute(
            "SELECT 1 FROM files WHERE (path, inode, size, mtime_ns) = (?, ?, ?, ?)"
            " AND handled = ?",
            (os.fsencode(path), *identity[1:], NOT_WRITABLE),
        )
        return row.fetchone() is not None


def _whole_folders(jobs: Sequence[Job]) -> list[Job]:
    """Leave out the folder of the last job, which may be incomplete."""
    return [job for job in jobs if job.path.parent != jobs[-1].path.parent]
