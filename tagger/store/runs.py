"""All runs, and the newest decision on each file."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tagger.core.domain import Action, Decision, Grounds
from tagger.store.rows import json_text, marks, stored_action, stored_json, stored_path

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from tagger.store.run_locks import RunLocks


@dataclass(frozen=True, slots=True)
class Run:
    """One scan, undo or period of watching."""

    id: int
    kind: str
    started: float
    finished: float | None


class Origin(StrEnum):
    """The origin of a decision without a prediction, in place of a model."""

    PLAN = "plan"
    """A plan may come from any model, or from the user."""
    NAMES = "names"
    """A table of names."""
    USER = "you"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run with its counts."""

    run: Run
    written: int
    """Files whose genre was written and is not taken back."""
    undone: int
    """Files whose genre was written and taken back."""


_GONE = "FROM without_file CROSS JOIN decisions USING (path)"
"""The decisions on files that are not recorded."""
_UNDONE = (  # from the few undone changes to their decisions
    "FROM changes AS newest CROSS JOIN decisions USING (path) CROSS JOIN files USING (path)"
    " WHERE newest.state = 'undone' AND action IN ('set', 'add') AND NOT EXISTS"
    " (SELECT 1 FROM changes WHERE path = newest.path AND id > newest.id)"
)
"""The decisions on recorded files whose newest write was undone."""


class Runs:
    """The tables of runs and of the newest decision on each file."""

    def __init__(self, connection: sqlite3.Connection, run_locks: RunLocks) -> None:
        self._db = connection
        self._run_locks = run_locks

    def start(self, kind: str) -> int:
        """Record the start of a run; returns its id."""
        cursor = self._db.execute(
            "INSERT INTO runs (kind, started) VALUES (?, ?)", (kind, time.time())
        )
        run = int(cursor.lastrowid or 0)
        while not self._run_locks.enter(run):  # a process has this run of an earlier database
            sql = "UPDATE runs SET id = (SELECT max(id) + 1 FROM runs) WHERE id = ? RETURNING id"
            run = int(self._db.execute(sql, (run,)).fetchone()[0])
        return run

    def is_alive(self, run: int) -> bool:
        """Return whether the process of a run still lives."""
        return self._run_locks.has(run)

    def exists(self, run: int) -> bool:
        """Return whether a run has this id, finished or not."""
        return bool(self._db.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone())

    def finish(self, run: int) -> None:
        """Record the end of a run."""
        self._db.execute("UPDATE runs SET finished = ? WHERE id = ?", (time.time(), run))

    def last(self) -> Run | None:
        """Return the newest run."""
        row = self._db.execute("SELECT * FROM runs ORDER BY id DESC LIMIT 1").fetchone()
        return Run(**row) if row else None

    def interrupted(self) -> list[int]:
        """Return the runs that are neither finished nor running in another process."""
        rows = self._db.execute("SELECT id FROM runs WHERE finished IS NULL ORDER BY id").fetchall()
        return [row["id"] for row in rows if not self.is_alive(row["id"])]

    def summaries(self) -> list[RunSummary]:
        """Return all runs with their counts, newest first."""
        return self._summaries("", ())

    def last_write(self) -> RunSummary | None:
        """Return the newest run with a write that is not taken back."""
        run = self.last_with_changes()
        return None if run is None else self._summaries("WHERE runs.id = ?", (run,))[0]

    def _summaries(self, where: str, values: tuple[int, ...]) -> list[RunSummary]:
        rows = self._db.execute(
            "SELECT runs.*,"  # noqa: S608 - constants
            " count(DISTINCT iif(state = 'done', path, NULL)) AS written,"
            " count(DISTINCT iif(state = 'undone', path, NULL)) AS undone"
            " FROM runs LEFT JOIN changes ON changes.run = runs.id"
            f" {where} GROUP BY runs.id ORDER BY runs.id DESC",
            values,
        )
        return [
            RunSummary(
                Run(row["id"], row["kind"], row["started"], row["finished"]),
                row["written"],
                row["undone"],
            )
            for row in rows
        ]

    def last_with_changes(self) -> int | None:
        """Return the newest run with a change that was not undone."""
        row = self._db.execute("SELECT max(run) FROM changes WHERE state = 'done'").fetchone()
        return None if row[0] is None else int(row[0])

    def put_decision(self, path: Path, run: int, decision: Decision, model: str) -> None:
        """Store the newest decision on a file, with its reason.

        Args:
            path: The file.
            run: The id of the run.
            decision: The decision.
            model: The id of the model, or an `Origin`.
        """
        origin = model if model in tuple(Origin) else None
        self._db.execute(
            "INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                os.fsencode(path),
                run,
                decision.action,
                json_text(decision.genres),
                decision.genre,
                decision.confidence,
                decision.reason,
                model,
                time.time(),
                decision.grounds.source if decision.grounds else origin,
                json_text(decision.grounds) if decision.grounds else None,
            ),
        )

    def decision(self, path: Path, *, run: int | None = None) -> Decision | None:
        """Return the newest decision on a file, None if it is not of the run `run`."""
        row = self._db.execute(
            "SELECT * FROM decisions WHERE path = ? AND (? IS NULL OR run = ?)",
            (os.fsencode(path), run, run),
        ).fetchone()
        if row is None:
            return None
        genres = stored_json(row["genres"], tuple[str, ...])
        grounds = stored_json(row["grounds"], Grounds) if row["grounds"] else None
        action = stored_action(row["action"])
        return Decision(action, genres, row["reason"], row["genre"], row["confidence"], grounds)

    def count_by_list(self) -> int:
        """Count the recorded files whose newest decision the artists list had the last word on."""
        actions = [str(action) for action in Action]  # all, so that SQLite uses its index
        row = self._db.execute(
            f"SELECT (SELECT count(*) FROM decisions WHERE action IN ({marks(actions)})"  # noqa: S608 - only marks
            f" AND source = 'list') - (SELECT count(*) {_GONE} WHERE source = 'list')",
            actions,
        ).fetchone()
        return int(row[0])

    def sources(self, run: int | None = None) -> Counter[str]:
        """Count the newest decisions that wrote a genre by their source, or their `Origin`.

        Args:
            run: The run of the decisions; None for all runs, without files that are gone and
                genres that were undone.

        """
        written = "WHERE action IN ('set', 'add')"
        if run is not None:
            return self._by_source(f"FROM decisions {written} AND run = ?", run)
        gone = self._by_source(f"{_GONE} {written}")
        undone = self._by_source(_UNDONE)
        return self._by_source(f"FROM decisions {written}") - gone - undone

    def _by_source(self, selected: str, *values: int) -> Counter[str]:
        rows = self._db.execute(
            f"SELECT coalesce(source, 'sound'), count(*) {selected} GROUP BY 1", values
        )
        return Counter({row[0]: row[1] for row in rows})

    def decided_paths(self, actions: Iterable[Action]) -> list[Path]:
        """Return the recorded files whose newest decision is one of these actions, by path."""
        wanted = list(actions)
        rows = self._db.execute(
            "SELECT path FROM decisions JOIN files USING (path)"  # noqa: S608 - only marks
            f" WHERE action IN ({marks(wanted)}) ORDER BY path",
            wanted,
        )
        return [stored_path(row[0]) for row in rows]

    def tally(self) -> Counter[str]:
        """Count the newest decisions on the recorded files by action; `undone` after an undo."""
        found = self._by_action("FROM decisions") - self._by_action(_GONE)
        undone = self._by_action(_UNDONE)
        return +(found - undone + Counter({"undone": undone.total()}))

    def _by_action(self, source: str) -> Counter[str]:
        rows = self._db.execute(f"SELECT action, count(*) {source} GROUP BY action")
        return Counter({row[0]: row[1] for row in rows})
