"""Genres that the user changed after tagger."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.core.domain import AnalysisKey
from tagger.store.rows import at_or_below, json_text, marks, stored_json, stored_path

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Correction:
    """A genre that the user changed after tagger; never overwritten, and a training label."""

    path: Path
    content: AnalysisKey | None
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


class Corrections:
    """The table of corrections, keyed by path."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, correction: Correction) -> None:
        """Record a correction."""
        self._db.execute(
            "INSERT OR REPLACE INTO corrections VALUES (?, ?, ?, ?, ?)",
            (
                os.fsencode(correction.path),
                str(correction.content) if correction.content else None,
                json_text(correction.ours),
                json_text(correction.theirs),
                time.time(),
            ),
        )

    def retract(self, path: Path, theirs: tuple[str, ...]) -> None:
        """Delete the correction of a file to the genres `theirs`."""
        text = json_text(theirs)
        self._db.execute(
            "DELETE FROM corrections WHERE path = ? AND theirs = ?", (os.fsencode(path), text)
        )

    def get(self, path: Path) -> Correction | None:
        """Return the correction of a file."""
        rows = self._db.execute("SELECT * FROM corrections WHERE path = ?", (os.fsencode(path),))
        return next(map(_correction, rows), None)

    def has(self, path: Path) -> bool:
        """Return whether the user corrected this file."""
        row = self._db.execute("SELECT 1 FROM corrections WHERE path = ?", (os.fsencode(path),))
        return row.fetchone() is not None

    def among(self, paths: Sequence[Path]) -> set[Path]:
        """Return those of the files that the user corrected."""
        by_name = {os.fsencode(path): path for path in paths}
        rows = self._db.execute(
            f"SELECT path FROM corrections WHERE path IN ({marks(by_name)})",  # noqa: S608
            list(by_name),
        )
        return {by_name[row[0]] for row in rows}

    def paths(self) -> set[Path]:
        """Return the files that the user corrected."""
        rows = self._db.execute("SELECT path FROM corrections")
        return {stored_path(row[0]) for row in rows}

    def forget(self, path: Path) -> int:
        """Delete the corrections of a file, or of all files below a folder; returns how many."""
        return self._db.execute(
            "DELETE FROM corrections WHERE path = ? OR (path > ? AND path < ?)",
            at_or_below(path),
        ).rowcount

    def all(self) -> list[Correction]:
        """Return every correction, by path."""
        rows = self._db.execute("SELECT * FROM corrections ORDER BY path")
        return [_correction(row) for row in rows]

    def count(self) -> int:
        """Return the number of corrections."""
        return int(self._db.execute("SELECT count(*) FROM corrections").fetchone()[0])

    def count_returned(self) -> int:
        """Return the number of corrections to the genre from before tagger.

        Another program with an older database writes such genres.
        """
        row = self._db.execute(
            "SELECT count(*) FROM corrections JOIN changes USING (path)"
            " WHERE changes.state = 'done' AND changes.before = corrections.theirs"
            " AND changes.after = corrections.ours"
        )
        return int(row.fetchone()[0])


def _correction(row: sqlite3.Row) -> Correction:
    return Correction(
        stored_path(row["path"]),
        AnalysisKey.parse(row["content_id"]) if row["content_id"] else None,
        stored_json(row["ours"], tuple[str, ...]),
        stored_json(row["theirs"], tuple[str, ...]),
    )
