"""Files whose analysis or write failed, how often, and the limit of attempts."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tagger import errors
from tagger.core.domain import FileIdentity
from tagger.errors import TaggerError
from tagger.store.rows import marks, stored_path

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

MAX_ATTEMPTS: Final = 3
"""Attempts after which a file is skipped until it changes."""

CODES: Final[dict[str, type[TaggerError]]] = {
    "corrupt-audio": errors.CorruptAudioError,
    "corrupt-tags": errors.CorruptTagsError,
    "moving-picture": errors.MovingPictureError,
    "narrow-band": errors.NarrowBandError,
    "not-audio": errors.NotAudioError,
    "payload-changed": errors.PayloadChangedError,
    "silent": errors.SilentError,
    "too-long": errors.TooLongError,
    "too-short": errors.TooShortError,
    "unreadable": errors.UnreadableError,
    "unsupported-container": errors.UnsupportedContainerError,
    "worker-crashed": errors.WorkerCrashedError,
    "worker-failed": errors.WorkerFailedError,
    "worker-timed-out": errors.WorkerTimedOutError,
    "other": TaggerError,
}
"""The code of each error in the database; a renamed class keeps its code."""

NOT_MUSIC: Final = (
    errors.TooShortError,
    errors.TooLongError,
    errors.SilentError,
    errors.MovingPictureError,
    errors.NarrowBandError,
)
"""Errors that describe the music rather than a fault of the file."""

_LAST: Final = f"given up after {MAX_ATTEMPTS} attempts: `tagger scan --force` tries again"
"""The next step of a file that was given up after errors of its disk."""
_CRASHED: Final = "worker-crashed"
_CRASHED_REASON: Final = "tagger ended during the analysis of this file"

_PASSING: Final = (errors.UnreadableError, errors.WorkerError)
"""Errors that may not occur in the next attempt on the same state of a file."""
_FINAL: Final = (
    errors.AudioError,
    errors.CorruptTagsError,
    errors.PayloadChangedError,
    errors.UnsupportedContainerError,
)
"""Errors that occur in every attempt on the same state of a file; `_PASSING` has priority."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file whose analysis or write failed."""

    path: Path
    identity: FileIdentity
    attempts: int
    error: TaggerError

    @property
    def reason(self) -> str:
        """The reason of the last failure, with the next step."""
        return self.error.explanation

    @property
    def without_music(self) -> bool:
        """Whether the file has too little music for a decision, and no fault."""
        return isinstance(self.error, NOT_MUSIC)

    @property
    def given_up(self) -> bool:
        """Whether the file is skipped until it changes."""
        return self.attempts >= MAX_ATTEMPTS


class Failures:
    """The table of failures: attempts are counted before work that may end this process."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def start_attempt(self, path: Path, identity: FileIdentity, *, blamed: bool) -> None:
        """Record the start of work on a file in this state.

        A state that was given up keeps its error: its tags are read again below another root.

        Args:
            path: The file.
            identity: Its state; attempts on another state do not count.
            blamed: Count the attempt at once, so that a crash of tagger counts as a failure.

        """
        crash = (int(blamed), _CRASHED, _CRASHED_REASON, time.time())
        self._db.execute(
            "INSERT INTO failures"
            " (path, device, inode, size, mtime_ns, attempts, code, reason, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET"
            " attempts = excluded.attempts + CASE WHEN (device, inode, size, mtime_ns) ="
            " (excluded.device, excluded.inode, excluded.size, excluded.mtime_ns)"
            " THEN attempts ELSE 0 END,"
            " (device, inode, size, mtime_ns, code, reason, at) ="
            " (excluded.device, excluded.inode, excluded.size, excluded.mtime_ns,"
            " excluded.code, excluded.reason, excluded.at)"
            " WHERE attempts < ? OR (device, inode, size, mtime_ns) !="
            " (excluded.device, excluded.inode, excluded.size, excluded.mtime_ns)",
            (os.fsencode(path), *identity, *crash, MAX_ATTEMPTS),
        )

    def record_failure(
        self, path: Path, identity: FileIdentity, error: TaggerError, *, counted: bool = False
    ) -> None:
        """Record the failure of work on a file, and count the attempt.

        An error of the file itself is final. After an error of the device or of a worker, the
        file gets `MAX_ATTEMPTS` attempts in all. Any other error, such as a full disk, is not
        the fault of the file: nothing is recorded.

        Args:
            path: The file.
            identity: The state of the file in this attempt.
            error: The error that ended the attempt.
            counted: Whether `start_attempt` has counted this attempt.

        """
        if isinstance(error, _PASSING):
            attempts = self._attempts(path, identity) + int(not counted)
            self._put(path, identity, attempts, error)
        elif isinstance(error, _FINAL):
            self.give_up(path, identity, error)

    def give_up(self, path: Path, identity: FileIdentity, error: TaggerError) -> None:
        """Skip a file until it changes, after an error of any class.

        Args:
            path: The file.
            identity: The state of the file in the last attempt.
            error: The error that ended the last attempt.
        """
        self._put(path, identity, MAX_ATTEMPTS, error)

    def withdraw_attempt(self, path: Path, *, attempts: int) -> None:
        """Withdraw attempts whose end was not caused by the file."""
        where = os.fsencode(path)
        gone = self._db.execute(
            "DELETE FROM failures WHERE path = ? AND attempts <= ?", (where, attempts)
        )
        if attempts and not gone.rowcount:
            self._db.execute(
                "UPDATE failures SET attempts = attempts - ? WHERE path = ?", (attempts, where)
            )

    def clear(self, path: Path) -> None:
        """Drop a file's failures: the work succeeded, or the file no longer exists."""
        self._db.execute("DELETE FROM failures WHERE path = ?", (os.fsencode(path),))

    def get(self, path: Path) -> Failure | None:
        """Return the failure of a file in any of its states."""
        rows = self._db.execute("SELECT * FROM failures WHERE path = ?", (os.fsencode(path),))
        return next(map(_failure, rows), None)

    def among(self, paths: Iterable[Path]) -> dict[Path, Failure]:
        """Return the failures of files in any of their states, by path."""
        raw = [os.fsencode(path) for path in paths]
        rows = self._db.execute(
            f"SELECT * FROM failures WHERE path IN ({marks(raw)})",  # noqa: S608
            raw,
        )
        return {failure.path: failure for failure in map(_failure, rows)}

    def all(self) -> list[Failure]:
        """Return every file that failed, newest first."""
        rows = self._db.execute("SELECT * FROM failures ORDER BY at DESC")
        return list(map(_failure, rows))

    def _attempts(self, path: Path, identity: FileIdentity) -> int:
        known = self.get(path)
        return known.attempts if known and known.identity == identity else 0

    def _put(self, path: Path, identity: FileIdentity, attempts: int, error: TaggerError) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO failures"
            " (path, device, inode, size, mtime_ns, attempts, code, reason, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                os.fsencode(path),
                *identity,
                attempts,
                _code(error),
                error.explanation,
                time.time(),
            ),
        )


def _code(error: TaggerError) -> str:
    return next((code for code, kind in CODES.items() if type(error) is kind), "other")


def _failure(row: sqlite3.Row) -> Failure:
    path = stored_path(row["path"])
    identity = FileIdentity(row["device"], row["inode"], row["size"], row["mtime_ns"])
    kind = CODES.get(row["code"], TaggerError)
    of_the_disk = kind is errors.UnreadableError and row["attempts"] >= MAX_ATTEMPTS
    reason = f"{row['reason']}; {_LAST}" if of_the_disk else row["reason"]
    error = kind(reason, path)
    return Failure(path, identity, row["attempts"], error)
