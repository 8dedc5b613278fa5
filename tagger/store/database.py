"""The database's shape, and the way from each version to the next.

Each migration commits together with the number of its version, so that a process killed
midway leaves the old shape or the new one. Paths are stored as the file system's own bytes.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from tagger.errors import StoreError, StoreTooNewError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Migrations = tuple[tuple[str, ...], ...]
"""Statements by version: the first entry makes version 1."""

MIGRATIONS: Migrations = (
    (
        """CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            started REAL NOT NULL,
            finished REAL
        ) STRICT""",
        """CREATE TABLE files (
            path BLOB PRIMARY KEY,
            root BLOB NOT NULL,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            tags TEXT NOT NULL,
            content_id TEXT
        ) STRICT""",
        "CREATE INDEX files_by_inode ON files (device, inode)",
        """CREATE TABLE features (
            content_id TEXT NOT NULL,
            spec TEXT NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (content_id, spec)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE predictions (
            content_id TEXT NOT NULL,
            model TEXT NOT NULL,
            probabilities TEXT NOT NULL,
            PRIMARY KEY (content_id, model)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE decisions (
            path BLOB PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (id),
            action TEXT NOT NULL,
            genres TEXT NOT NULL,
            genre TEXT,
            confidence REAL,
            reason TEXT NOT NULL,
            model TEXT NOT NULL,
            at REAL NOT NULL
        ) STRICT""",
        """CREATE TABLE changes (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (id),
            path BLOB NOT NULL,
            root BLOB NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('intended', 'done', 'undone')),
            before TEXT NOT NULL,
            after TEXT NOT NULL,
            snapshot TEXT NOT NULL,
            at REAL NOT NULL
        ) STRICT""",
        "CREATE INDEX changes_by_path ON changes (path, id)",
        "CREATE INDEX changes_by_run ON changes (run)",
        """CREATE TABLE corrections (
            path BLOB PRIMARY KEY,
            content_id TEXT,
            ours TEXT NOT NULL,
            theirs TEXT NOT NULL,
            at REAL NOT NULL
        ) STRICT""",
        """CREATE TABLE failures (
            path BLOB PRIMARY KEY,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            kind TEXT NOT NULL,
            reason TEXT NOT NULL,
            at REAL NOT NULL
        ) STRICT""",
        """CREATE TABLE playlists (
            path BLOB PRIMARY KEY,
            sha256 TEXT NOT NULL,
            genre TEXT NOT NULL
        ) STRICT""",
    ),
    (
        "ALTER TABLE files ADD COLUMN handled INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX files_by_album ON files (json_extract(tags, '$.album') COLLATE NOCASE)",
        """CREATE TABLE queue (
            path BLOB PRIMARY KEY,
            root BLOB NOT NULL,
            added REAL NOT NULL,
            taken INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        "CREATE INDEX queue_in_order ON queue (taken, failed, added, path)",
    ),
    (
        """CREATE TABLE samples (
            path BLOB PRIMARY KEY,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            tags TEXT NOT NULL,
            content_id TEXT
        ) STRICT""",
        """CREATE TABLE choices (
            entry TEXT PRIMARY KEY,
            path BLOB
        ) STRICT""",
    ),
)
"""The state database's own."""

BUSY_TIMEOUT_S = 30.0
_PAUSE_S = 0.05


class Connection(sqlite3.Connection):
    """A connection whose failures, a full disk say, are tagger's own errors."""

    path: Path

    def execute(self, *args: Any) -> sqlite3.Cursor:
        """See `sqlite3.Connection.execute`; raises StoreError."""
        with self._errors():
            return super().execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        """See `sqlite3.Connection.executemany`; raises StoreError."""
        with self._errors():
            return super().executemany(*args)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise unusable(error, self.path) from error


def unusable(error: Exception, path: Path) -> StoreError:
    """Say that the database cannot be used, and what to do."""
    return StoreError(
        f"the state database cannot be used: {error}",
        path,
        "check the folder's permissions and free space, or set store.folder to another one",
    )


def connect(path: Path, migrations: Migrations | None = None) -> sqlite3.Connection:
    """Open the database at `path`, making or migrating it as needed; `MIGRATIONS` by default.

    Raises:
        StoreTooNewError: a newer tagger wrote it.
        StoreError: it cannot be opened, or is no database.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, factory=Connection
        )
        connection.path = path
        connection.row_factory = sqlite3.Row
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path, MIGRATIONS if migrations is None else migrations)
    except (OSError, sqlite3.Error) as error:
        raise unusable(error, path) from error
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on; SQLite itself waits for no other's transaction here."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except StoreError as error:
            code = getattr(error.__cause__, "sqlite_errorcode", None)
            if code != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit everything in the block, or nothing of it."""
    # Ctrl-C may come between any two steps: left open, all that follows would be lost.
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def durable(connection: sqlite3.Connection) -> Iterator[None]:
    """Bring what the block commits to the disk, and all that was committed before it.

    Elsewhere a commit survives any kill of the process, but not a power cut: what is lost then
    is found out anew.
    """
    connection.execute("PRAGMA synchronous = FULL")
    try:
        yield
    finally:
        connection.execute("PRAGMA synchronous = NORMAL")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Migrations) -> None:
    if _version(connection) > len(migrations):
        raise StoreTooNewError(
            f"the state database is of version {_version(connection)}, "
            f"this tagger knows up to {len(migrations)}",
            path,
            "install the newer tagger again, or set store.folder to another folder",
        )
    while _version(connection) < len(migrations):
        with transaction(connection):
            version = _version(connection)  # another process may have been faster
            if version < len(migrations):
                for statement in migrations[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
