"""The undo journal: the genres before each write, recorded before the file is replaced.

A change is `intended` just before its rename and `done` after it. After a kill
of the process, the next start reads the file and settles the intended changes.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tagger.core.domain import GENRE, GenreEdit
from tagger.store.database import durable
from tagger.store.rows import at_or_below, json_text, marks, stored_json, stored_path

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tagger.evidence.owned import Write
    from tagger.store.database import Connection


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One write to one file."""

    id: int
    run: int
    root: Path
    change: GenreEdit
    at: float
    """Unix time, seconds."""


class Journal:
    """The table of changes."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def intend(self, run: int, root: Path, change: GenreEdit) -> int:
        """Write an intended change to the disk; returns its id.

        Args:
            run: The id of the run that makes the change.
            root: The music folder that contains the file.
            change: The change.

        """
        with durable(self._db):
            return self._insert(run, root, change, "intended")

    def take_back(self, run: int, root: Path, change: GenreEdit) -> None:
        """Record a change of another program that the user took back, for `was_undone`.

        Args:
            run: The id of the run that takes the change back.
            root: The music folder that contains the file.
            change: The change; its snapshot is never read.

        """
        self._insert(run, root, change, "undone")

    def confirm(self, change_id: int) -> None:
        """Mark an intended change as made."""
        self._db.execute("UPDATE changes SET state = 'done' WHERE id = ?", (change_id,))

    def discard(self, change_id: int) -> None:
        """Drop an intended change that was not made."""
        self._db.execute("DELETE FROM changes WHERE id = ?", (change_id,))

    def mark_undone(self, change_ids: Iterable[int]) -> None:
        """Mark changes whose files are as they were before."""
        self._db.executemany(
            "UPDATE changes SET state = 'undone' WHERE id = ?", [(id_,) for id_ in change_ids]
        )

    def intended(self) -> list[JournalEntry]:
        """Return the unfinished entries of a killed process."""
        return self._select("state = 'intended'", ())

    def last(self, path: Path, field: str | None = None) -> JournalEntry | None:
        """Return the newest change of a file that was not undone, in one field or in any.

        An intended change counts: its file may show it before it is confirmed.
        """
        entries = self._select("state <> 'undone' AND path = ?", (os.fsencode(path),))
        ours = [entry for entry in entries if field in (None, entry.change.field)]
        return ours[-1] if ours else None

    def writes(self, paths: Sequence[Path]) -> dict[Path, list[Write]]:
        """Return the writes to `GENRE` of each of the files, the oldest first."""
        by_name = {os.fsencode(path): path for path in paths}
        rows = self._db.execute(
            "SELECT path, before, after, state FROM changes"  # noqa: S608 - only marks
            f" WHERE path IN ({marks(by_name)}) AND field = ? ORDER BY id",
            [*by_name, GENRE],
        )
        found: dict[Path, list[Write]] = {}
        for path, before, after, state in rows:
            write = _genres(before), _genres(after), state == "undone"
            found.setdefault(by_name[path], []).append(write)
        return found

    def was_undone(self, path: Path, after: tuple[str, ...], field: str = GENRE) -> bool:
        """Return whether the user undid exactly these genres in this file.

        Args:
            path: The file.
            after: The genres.
            field: The field that had them.

        """
        row = self._db.execute(
            "SELECT 1 FROM changes WHERE path = ? AND state = 'undone' AND after = ? AND field = ?",
            (os.fsencode(path), json_text(after), field),
        )
        return row.fetchone() is not None

    def done(
        self, *, run: int | None = None, since: float | None = None, below: Path | None = None
    ) -> list[JournalEntry]:
        """Return changes that were not undone, oldest first; without arguments, all of them.

        Args:
            run: The id of the run that made the changes.
            since: The time of the oldest change, Unix time in seconds.
            below: A file, or a folder that contains the files.
        """
        clauses, values = ["state = 'done'"], list[object]()
        if run is not None:
            clauses.append("run = ?")
            values.append(run)
        if since is not None:
            clauses.append("at >= ?")
            values.append(since)
        if below is not None:
            clauses.append("(path = ? OR (path > ? AND path < ?))")
            values += at_or_below(below)
        return self._select(" AND ".join(clauses), tuple(values))

    def edits(self) -> Iterator[tuple[bytes, str, tuple[str, ...], tuple[str, ...]]]:
        """Yield path, field and the genres before and after of each change, as `done`.

        The path is in the bytes of the file system.
        """
        rows = self._db.execute(
            "SELECT path, field, before, after FROM changes WHERE state = 'done' ORDER BY id"
        )
        for path, field, before, after in rows:
            yield path, field, _genres(before), _genres(after)

    def written_genres(self) -> frozenset[str]:
        """Return every genre that tagger has written into a file."""
        rows = self._db.execute("SELECT DISTINCT before, after FROM changes WHERE state = 'done'")
        return frozenset(
            name for row in rows for name in set(_genres(row[1])) - set(_genres(row[0]))
        )

    def newest(self) -> Iterator[Path]:
        """Yield the files with a write that was not undone, the newest write first."""
        sql = "SELECT path FROM changes WHERE state = 'done' GROUP BY path ORDER BY max(id) DESC"
        for row in self._db.execute(sql):
            yield stored_path(row["path"])

    def of_run(self, run: int) -> list[tuple[JournalEntry, bool]]:
        """Return the changes of a run, oldest first, each with whether it was undone."""
        sql = "SELECT * FROM changes WHERE state <> 'intended' AND run = ? ORDER BY id"
        rows = self._db.execute(sql, (run,))
        return [(_entry(row), row["state"] == "undone") for row in rows]

    def paths(self, run: int) -> Iterator[Path]:
        """Yield the files of a run's changes that were not undone."""
        sql = "SELECT path FROM changes WHERE run = ? AND state = 'done'"
        for row in self._db.execute(sql, (run,)):
            yield stored_path(row["path"])

    def _insert(self, run: int, root: Path, change: GenreEdit, state: str) -> int:
        values = (
            run,
            os.fsencode(change.path),
            os.fsencode(root),
            state,
            json_text(change.before),
            json_text(change.after),
            change.snapshot,
            time.time(),
            change.field,
        )
        cursor = self._db.execute(
            "INSERT INTO changes (run, path, root, state, before, after, snapshot, at, field)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        return int(cursor.lastrowid or 0)

    def _select(self, where: str, values: tuple[object, ...]) -> list[JournalEntry]:
        rows = self._db.execute(f"SELECT * FROM changes WHERE {where} ORDER BY id", values)  # noqa: S608 - every clause is a constant of this module
        return [_entry(row) for row in rows]


def _entry(row: sqlite3.Row) -> JournalEntry:
    path, root = (stored_path(row[column]) for column in ("path", "root"))
    before, after = _genres(row["before"]), _genres(row["after"])
    change = GenreEdit(path, before, after, row["snapshot"], row["field"])
    return JournalEntry(row["id"], row["run"], root, change, row["at"])


@lru_cache(maxsize=4096)
def _genres(text: str) -> tuple[str, ...]:
    return stored_json(text, tuple[str, ...])
