"""The queue of the daemon: files by path, each once."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.store.failures import MAX_ATTEMPTS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from tagger.core.domain import FileIdentity


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be filed."""

    path: Path
    root: Path
    failed: int
    """How often it was taken and came to nothing."""

    @property
    def is_last_attempt(self) -> bool:
        """Whether the file is given up if this attempt fails as well."""
        return self.failed + 1 >= MAX_ATTEMPTS


class Queue:
    """The table of jobs: waiting, or taken by the one process that works on them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, root: Path, paths: Iterable[Path]) -> None:
        """Add files, together; one that is being worked on will be worked on again."""
        now = time.time()
        self._db.executemany(
            "INSERT INTO queue (path, root, added) VALUES (?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET taken = 0, failed = 0, root = excluded.root",
            [(os.fsencode(path), os.fsencode(root), now) for path in paths],
        )

    def take(self, most: int) -> list[Job]:
        """Take the oldest jobs, `most` at most.

        A folder is not parted if it can be helped: its files may be one album. A job that
        failed comes alone, after those that never did.
        """
        rows = self._db.execute(
            "SELECT path, root, failed FROM queue WHERE taken = 0"
            " ORDER BY failed, added, path LIMIT ?",
            (most + 1,),
        )
        jobs = [Job(_path(row["path"]), _path(row["root"]), row["failed"]) for row in rows]
        chosen = [job for job in jobs if not job.failed] or jobs[:1]
        if len(chosen) > most:
            chosen = _whole_folders(chosen) or chosen[:most]
        self._db.executemany(
            "UPDATE queue SET taken = 1 WHERE path = ?", [(os.fsencode(j.path),) for j in chosen]
        )
        return chosen

    def done(self, path: Path) -> None:
        """Drop a job, unless it was put again since it was taken."""
        self._db.execute("DELETE FROM queue WHERE path = ? AND taken = 1", (os.fsencode(path),))

    def drop(self, path: Path) -> None:
        """Drop a job in any case."""
        self._db.execute("DELETE FROM queue WHERE path = ?", (os.fsencode(path),))

    def give_back(self, *, failed: bool = False) -> None:
        """Return all taken jobs to the queue; `failed` counts their attempts as failures."""
        self._db.execute(
            "UPDATE queue SET taken = 0, failed = failed + ? WHERE taken = 1", (int(failed),)
        )

    def holds(self, path: Path) -> bool:
        """Return whether there is a job for this file."""
        row = self._db.execute("SELECT 1 FROM queue WHERE path = ?", (os.fsencode(path),))
        return row.fetchone() is not None

    def length(self) -> int:
        """Return how many jobs wait or are worked on."""
        return int(self._db.execute("SELECT count(*) FROM queue").fetchone()[0])

    def needs(self, path: Path, identity: FileIdentity) -> bool:
        """Return whether there is work for a file in this state.

        Nothing is when it was handled, or given up, in the same state. The device does not
        count: its number may be another one after each mount.
        """
        state = (os.fsencode(path), identity.inode, identity.size, identity.mtime_ns)
        row = self._db.execute(
            "SELECT 1 FROM files WHERE (path, inode, size, mtime_ns) = (?, ?, ?, ?) AND handled"
            " UNION ALL"
            " SELECT 1 FROM failures WHERE (path, inode, size, mtime_ns) = (?, ?, ?, ?)"
            " AND attempts >= ?",
            (*state, *state, MAX_ATTEMPTS),
        )
        return row.fetchone() is None


def _whole_folders(jobs: Sequence[Job]) -> list[Job]:
    """Leave out the last job's folder, which may go on beyond it."""
    return [job for job in jobs if job.path.parent != jobs[-1].path.parent]


def _path(raw: bytes) -> Path:
    return Path(os.fsdecode(raw))
