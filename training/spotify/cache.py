"""What is kept of Spotify: a database of its own, so that all of it can be deleted at once.

A *reading* is one playlist at one snapshot. Its pages are committed one by one, so that a reading
that was interrupted goes on at the page where it stopped; an older finished reading stays until
the new one is finished.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tagger.errors import StoreError
from tagger.store.database import connect, transaction
from training.spotify.schema import Kind, PlaylistTrack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

FILE_NAME = "spotify.sqlite3"
KEPT_S = 30 * 86_400.0
"""How long rows may be kept: Spotify's terms allow no more than a cache."""

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One playlist at one snapshot, whole or as far as it was read."""

    id: int
    playlist: str
    name: str
    snapshot: str
    total: int | None
    """How many places it has, None before its first page."""
    next_offset: int
    finished: bool
    started: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a playlist could not be read the last time."""

    reason: str
    hint: str


class SpotifyStore:
    """Readings, problems, and what the user agreed to."""

    def __init__(self, folder: Path) -> None:
        """Open or make the database, and delete what may not be kept any longer.

        Raises StoreError.
        """
        self.path = folder / FILE_NAME
        with contextlib.suppress(OSError):  # the database says so itself
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._db = connect(self.path, MIGRATIONS)
        self._db.execute("PRAGMA secure_delete = ON")
        self.expire(time.time())

    @staticmethod
    def purge(folder: Path) -> bool:
        """Delete the database with all its files; tells whether there was one."""
        paths = [path for path in folder.glob(f"{FILE_NAME}*") if path.is_file()]
        for path in paths:
            path.unlink(missing_ok=True)
        return bool(paths)

    def expire(self, now: float) -> None:
        """Delete readings that are older than 30 days."""
        with self._writing():
            self._db.execute("DELETE FROM readings WHERE started < ?", (now - KEPT_S,))

    def keep_only(self, playlists: Collection[str]) -> None:
        """Delete what is kept of all other playlists."""
        known = {
            row[0]
            for row in self._db.execute(
                "SELECT playlist FROM readings UNION SELECT playlist FROM problems"
            )
        }
        with self._writing():
            for playlist in known - set(playlists):
                self._db.execute("DELETE FROM readings WHERE playlist = ?", (playlist,))
                self._db.execute("DELETE FROM problems WHERE playlist = ?", (playlist,))

    def finished(self, playlist: str) -> Snapshot | None:
        """Return the whole reading of a playlist."""
        return self._reading("playlist = ? AND finished = 1", playlist)

    def name(self, playlist: str) -> str:
        """Return what a playlist was called when it was last asked for, else its id."""
        row = self._db.execute(
            "SELECT name FROM readings WHERE playlist = ? ORDER BY id DESC", (playlist,)
        ).fetchone()
        return str(row[0]) if row else playlist

    def resume(self, playlist: str, name: str, snapshot: str, now: float) -> Snapshot:
        """Return the unfinished reading of this snapshot, or begin it.

        Unfinished readings of the playlist's other snapshots are dropped.
        """
        with self._writing():
            self._db.execute(
                "DELETE FROM readings WHERE playlist = ? AND finished = 0 AND snapshot <> ?",
                (playlist, snapshot),
            )
            self._db.execute(
                "INSERT OR IGNORE INTO readings (playlist, name, snapshot, started)"
                " VALUES (?, ?, ?, ?)",
                (playlist, name, snapshot, now),
            )
        reading = self._reading("playlist = ? AND snapshot = ?", playlist, snapshot)
        assert reading is not None  # noqa: S101  # it was just made
        return reading

    def add_page(
        self, reading: Snapshot, rows: Iterable[PlaylistTrack], *, total: int, offset: int
    ) -> None:
        """Keep a page, and where the next one begins."""
        with self._writing():
            self._db.executemany(
                "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(reading.id, *_columns(row)) for row in rows],
            )
            self._db.execute(
                "UPDATE readings SET total = ?, next_offset = ? WHERE id = ?",
                (total, offset, reading.id),
            )

    def finish(self, reading: Snapshot) -> None:
        """Let a reading take the place of the playlist's older one."""
        with self._writing():
            self._db.execute(
                "DELETE FROM readings WHERE playlist = ? AND id <> ?",
                (reading.playlist, reading.id),
            )
            self._db.execute("UPDATE readings SET finished = 1 WHERE id = ?", (reading.id,))
            self._db.execute("DELETE FROM problems WHERE playlist = ?", (reading.playlist,))

    def drop(self, reading: Snapshot) -> None:
        """Forget a reading."""
        with self._writing():
            self._db.execute("DELETE FROM readings WHERE id = ?", (reading.id,))

    def rows(self, reading: Snapshot) -> list[PlaylistTrack]:
        """Return a reading's rows in the playlist's order."""
        found = self._db.execute(
            "SELECT * FROM rows WHERE reading = ? ORDER BY position", (reading.id,)
        )
        return [_row(row) for row in found]

    def note_problem(self, playlist: str, problem: Problem | None, now: float) -> None:
        """Keep why a playlist could not be read; None: it could."""
        with self._writing():
            self._db.execute("DELETE FROM problems WHERE playlist = ?", (playlist,))
            if problem:
                self._db.execute(
                    "INSERT INTO problems VALUES (?, ?, ?, ?)",
                    (playlist, problem.reason, problem.hint, now),
                )

    def problem(self, playlist: str) -> Problem | None:
        """Return why a playlist could not be read the last time."""
        row = self._db.execute(
            "SELECT reason, hint FROM problems WHERE playlist = ?", (playlist,)
        ).fetchone()
        return None if row is None else Problem(**row)

    def pause(self, until: float) -> None:
        """Keep until when Spotify wants to be left alone, seconds since 1970; 0 for not at all."""
        with self._writing():
            self._db.execute("DELETE FROM pauses")
            self._db.execute("INSERT INTO pauses VALUES (?)", (until,))

    @property
    def paused_until(self) -> float:
        """Until when Spotify wants to be left alone, seconds since 1970."""
        row = self._db.execute("SELECT until FROM pauses").fetchone()
        return float(row[0]) if row else 0.0

    def agree(self, clause: str, now: float) -> None:
        """Keep that the user said yes to a clause."""
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO agreements VALUES (?, ?)", (clause, now))

    def agreed(self, clause: str) -> float | None:
        """Return when the user said yes to a clause."""
        row = self._db.execute("SELECT at FROM agreements WHERE clause = ?", (clause,)).fetchone()
        return float(row[0]) if row else None

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with transaction(self._db):
                yield
        except sqlite3.Error as error:
            reason, hint = f"the lists cannot be kept: {error}", "free some space, and run it again"
            raise StoreError(reason, self.path, hint) from error

    def _reading(self, where: str, *values: str) -> Snapshot | None:
        row = self._db.execute(f"SELECT * FROM readings WHERE {where}", values).fetchone()  # noqa: S608
        return None if row is None else Snapshot(**{**row, "finished": bool(row["finished"])})


def _columns(row: PlaylistTrack) -> tuple[object, ...]:
    artists = json.dumps(row.artists)
    named = (row.uri, row.title, artists, row.album)
    return (row.position, row.kind, *named, row.duration_s, row.isrc)


def _row(row: sqlite3.Row) -> PlaylistTrack:
    return PlaylistTrack(
        row["position"],
        Kind(row["kind"]),
        row["uri"],
        row["title"],
        tuple(json.loads(row["artists"])),
        row["album"],
        row["duration_s"],
        row["isrc"],
    )
