"""The cache of Spotify's content: a database of its own, which can be deleted at once.

A *reading* is one playlist in one version. Its pages are committed one by one: an interrupted
reading continues at its next page. An older finished reading stays until the new reading is
finished.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tagger.store.database import connect, transaction
from training.spotify.schema import Kind, PlaylistTrack

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

FILE_NAME = "spotify.sqlite3"
KEPT_S = 30 * 86_400.0
"""Lifetime of rows: Spotify's terms allow only a cache."""

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Reading:
    """One playlist in one version, complete or in part."""

    id: int
    playlist: str
    name: str
    snapshot: str
    """Spotify's id of the version."""
    total: int | None
    """Number of places, None before the first page."""
    next_offset: int
    finished: bool
    started: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The error of the last request for a playlist."""

    reason: str
    hint: str


class SpotifyStore:
    """Readings, problems, and the user's consent."""

    def __init__(self, folder: Path) -> None:
        """Open or create the database, and delete expired readings.

        Raises StoreError.
        """
        self.path = folder / FILE_NAME
        self._db = connect(self.path, MIGRATIONS)
        self._db.execute("PRAGMA secure_delete = ON")
        self.expire(time.time())

    @staticmethod
    def purge(folder: Path) -> None:
        """Delete the database with all its files."""
        for path in folder.glob(f"{FILE_NAME}*"):
            if path.is_file():
                path.unlink(missing_ok=True)

    def expire(self, now: float) -> None:
        """Delete readings that are older than 30 days."""
        with transaction(self._db):
            self._db.execute("DELETE FROM readings WHERE started < ?", (now - KEPT_S,))

    def keep_only(self, playlists: Collection[str]) -> None:
        """Delete the content of all other playlists."""
        known = {
            row[0]
            for row in self._db.execute(
                "SELECT playlist FROM readings UNION SELECT playlist FROM problems"
            )
        }
        with transaction(self._db):
            for playlist in known - set(playlists):
                self._db.execute("DELETE FROM readings WHERE playlist = ?", (playlist,))
                self._db.execute("DELETE FROM problems WHERE playlist = ?", (playlist,))

    def finished(self, playlist: str) -> Reading | None:
        """Return the finished reading of a playlist."""
        return self._reading("playlist = ? AND finished = 1", playlist)

    def name(self, playlist: str) -> str:
        """Return the last name of a playlist, else its id."""
        row = self._db.execute(
            "SELECT name FROM readings WHERE playlist = ? ORDER BY id DESC", (playlist,)
        ).fetchone()
        return str(row[0]) if row else playlist

    def resume(self, playlist: str, name: str, snapshot: str, now: float) -> Reading:
        """Return the unfinished reading of this version, or begin it.

        Unfinished readings of other versions are deleted.

        Args:
            playlist: The id of the playlist.
            name: Its name.
            snapshot: Spotify's id of the version.
            now: Seconds since 1970.

        """
        with transaction(self._db):
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
        self, reading: Reading, rows: Iterable[PlaylistTrack], *, total: int, offset: int
    ) -> None:
        """Store a page.

        Args:
            reading: The reading, which is not finished.
            rows: The places of the page.
            total: The number of places of the playlist.
            offset: The position of the next page.

        """
        with transaction(self._db):
            self._db.executemany(
                "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(reading.id, *_columns(row)) for row in rows],
            )
            self._db.execute(
                "UPDATE readings SET total = ?, next_offset = ? WHERE id = ?",
                (total, offset, reading.id),
            )

    def finish(self, reading: Reading) -> None:
        """Replace the older reading of the playlist by this reading."""
        with transaction(self._db):
            self._db.execute(
                "DELETE FROM readings WHERE playlist = ? AND id <> ?",
                (reading.playlist, reading.id),
            )
            self._db.execute("UPDATE readings SET finished = 1 WHERE id = ?", (reading.id,))
            self._db.execute("DELETE FROM problems WHERE playlist = ?", (reading.playlist,))

    def drop(self, reading: Reading) -> None:
        """Delete a reading."""
        with transaction(self._db):
            self._db.execute("DELETE FROM readings WHERE id = ?", (reading.id,))

    def rows(self, reading: Reading) -> list[PlaylistTrack]:
        """Return the places of a reading in the order of the playlist."""
        found = self._db.execute(
            "SELECT * FROM rows WHERE reading = ? ORDER BY position", (reading.id,)
        )
        return [_row(row) for row in found]

    def note_problem(self, playlist: str, problem: Problem | None, now: float) -> None:
        """Store the problem of a playlist.

        Args:
            playlist: The id of the playlist.
            problem: The error of its last request; None after a success.
            now: Seconds since 1970.

        """
        with transaction(self._db):
            self._db.execute("DELETE FROM problems WHERE playlist = ?", (playlist,))
            if problem:
                self._db.execute(
                    "INSERT INTO problems VALUES (?, ?, ?, ?)",
                    (playlist, problem.reason, problem.hint, now),
                )

    def problem(self, playlist: str) -> Problem | None:
        """Return the problem of a playlist's last request."""
        row = self._db.execute(
            "SELECT reason, hint FROM problems WHERE playlist = ?", (playlist,)
        ).fetchone()
        return None if row is None else Problem(**row)

    def pause(self, until: float) -> None:
        """Store the end of a pause, seconds since 1970; 0 for no pause."""
        with transaction(self._db):
            self._db.execute("DELETE FROM pauses")
            self._db.execute("INSERT INTO pauses VALUES (?)", (until,))

    @property
    def paused_until(self) -> float:
        """End of the pause that Spotify asked for, seconds since 1970."""
        row = self._db.execute("SELECT until FROM pauses").fetchone()
        return float(row[0]) if row else 0.0

    def agree(self, clause: str, now: float) -> None:
        """Store the consent to a clause."""
        with transaction(self._db):
            self._db.execute("INSERT OR REPLACE INTO agreements VALUES (?, ?)", (clause, now))

    def agreed(self, clause: str) -> float | None:
        """Return the time of the consent to a clause."""
        row = self._db.execute("SELECT at FROM agreements WHERE clause = ?", (clause,)).fetchone()
        return float(row[0]) if row else None

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reading(self, where: str, *values: str) -> Reading | None:
        row = self._db.execute(f"SELECT * FROM readings WHERE {where}", values).fetchone()  # noqa: S608
        return None if row is None else Reading(**{**row, "finished": bool(row["finished"])})


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
