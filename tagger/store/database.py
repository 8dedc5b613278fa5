"""The connection to the database, and the migration of its tables.

Each migration commits together with the number of its version, so that a process killed
midway leaves the old tables or the new tables. Paths are stored as the file system's bytes.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.errors import REPAIR, StoreDamagedError, StoreError, StoreTooNewError
from tagger.system.next_steps import disk_step

if TYPE_CHECKING:
    from collections.abc import Iterator

MIGRATIONS = Path(__file__).parent / "migrations"
"""The state database's own scripts: `001.sql` makes version 1, and so on."""
COMPONENTS = "CREATE TABLE IF NOT EXISTS components (name TEXT PRIMARY KEY, version INTEGER) STRICT"

BUSY_TIMEOUT_S = 30.0
ROWS_AT_ONCE = 256
"""Rows that a loop over a query reads ahead."""
_PAUSE_S = 0.05


_DAMAGE = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_NOTADB,
)
_HINTS = {
    sqlite3.SQLITE_BUSY: (
        "another program uses the database: end it, or try again later; an SMB share cannot contain"
        " it: set store.folder to a local folder"
    ),
    sqlite3.SQLITE_FULL: "free some space, or set store.folder to another folder",
    sqlite3.SQLITE_IOERR: "check the disk, or set store.folder to another folder",
}
_HINT = "check the permissions of the file and its folder, or set store.folder to another folder"


def _checked(method: Any) -> Any:
    """Let a method of a cursor or a connection, which has a `path`, raise StoreError."""

    @functools.wraps(method)
    def checked(self: Any, *args: Any) -> Any:
        try:
            return method(self, *args)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise unusable(error, self.path) from error

    return checked


class _Cursor(sqlite3.Cursor):
    """A cursor that raises StoreError when a row cannot be read."""

    connection: Connection
    fetchmany = _checked(sqlite3.Cursor.fetchmany)
    fetchone = _checked(sqlite3.Cursor.fetchone)
    fetchall = _checked(sqlite3.Cursor.fetchall)

    @property
    def path(self) -> Path:
        """The path of the database."""
        return self.connection.path

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        while rows := self.fetchmany(ROWS_AT_ONCE):  # faster than a call for each row
            yield from rows


class Connection(sqlite3.Connection):
    """A connection that raises StoreError for failures, such as a full disk."""

    path: Path
    inode: int
    """Of the database."""

    def cursor(self, *_: Any) -> sqlite3.Cursor:  # type: ignore[override]
        """See `sqlite3.Connection.cursor`; its rows raise StoreError."""
        return super().cursor(_Cursor)

    @_checked
    def execute(self, *args: Any) -> sqlite3.Cursor:
        """See `sqlite3.Connection.execute`; raises StoreError."""
        return self.cursor().execute(*args)  # the method of the base makes a plain cursor

    @_checked
    def executemany(self, *args: Any) -> sqlite3.Cursor:
        """See `sqlite3.Connection.executemany`; raises StoreError."""
        return self.cursor().executemany(*args)

    def check_in_place(self) -> None:
        """Raise StoreError if the database is no longer at its path.

        SQLite goes on with a deleted file, whose rows are lost.
        """
        try:
            if self.path.stat().st_ino == self.inode:
                return
        except OSError:
            pass
        hint = "put it back, or start tagger again to begin a new database"
        raise StoreError("the state database was moved or deleted", self.path, hint)


def unusable(error: Exception, path: Path) -> StoreError:
    """Return the error of an unusable database, with the next step."""
    code = getattr(error, "sqlite_errorcode", None)
    # text that is not UTF-8, in a row or in the message of an error
    unreadable = isinstance(error, sqlite3.OperationalError) and code is None
    if (
        unreadable
        or isinstance(error, UnicodeDecodeError)
        or (code is not None and code & 0xFF in _DAMAGE)
    ):
        return StoreDamagedError(f"the state database is damaged: {error}", path, REPAIR)
    full = code == sqlite3.SQLITE_IOERR_SHMSIZE  # no space for the index of the write-ahead log
    hint = _HINTS.get(sqlite3.SQLITE_FULL if full else (code or 0) & 0xFF, _HINT)
    if isinstance(error, OSError):
        hint = disk_step(error, _HINT)
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a folder that is not searchable
        hint = "move this folder away: tagger needs a file of this name"
    reason = (isinstance(error, OSError) and error.strerror) or str(error)  # without the path
    if full:
        reason = "database or disk is full"
    return StoreError(f"the state database cannot be used: {reason}", path, hint)


def passes(error: Exception) -> bool:
    """Return whether an error is no property of the database, such as a full disk."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _HINTS


def failing_disk(reason: str, path: Path) -> StoreError:
    """Return the error of a database whose disk fails."""
    hint = _HINTS[sqlite3.SQLITE_IOERR]
    return StoreError(f"the state database cannot be read: {reason}", path, hint)


def connect(path: Path, migrations: Path = MIGRATIONS) -> Connection:
    """Open the database at `path`, and create or migrate it with the scripts of a folder.

    Raises:
        StoreTooNewError: a newer tagger wrote the database.
        StoreError: the database cannot be opened, or the file is not a database.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _create_private(path)
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, factory=Connection
        )
        connection.path = path
        connection.inode = path.stat().st_ino
        connection.row_factory = sqlite3.Row
    except (OSError, sqlite3.Error) as error:
        raise unusable(error, path) from error
    try:
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA fullfsync = ON")  # macOS, see `atomic.flush`
        migrate(connection, migrations)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_empty() -> Connection:
    """Return an empty database in memory, with the newest tables."""
    connection = sqlite3.connect(":memory:", isolation_level=None, factory=Connection)
    connection.path = Path(":memory:")
    migrate(connection, MIGRATIONS)
    return connection


def _create_private(path: Path) -> None:
    """Create a missing database for its owner alone; SQLite gives its log the same mode."""
    # never open an existing database here: to close it would drop the locks of this process
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if path.stat().st_mode & 0o600 != 0o600:  # a umask may hide it even from the owner
            path.chmod(0o600)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on; SQLite does not wait for other transactions here."""
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
    """Commit all statements of the block, or none."""
    # Ctrl-C may come between any two steps; an open transaction would lose all later changes.
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # after a full disk, SQLite has rolled back
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def durable(connection: Connection) -> Iterator[None]:
    """Write the commits of the block, and all commits before it, to the disk.

    Raises StoreError first when the database is no longer in its place.

    Outside the block, a commit survives a kill of the process, but not a power cut. The next scan
    computes the lost records again.
    """
    connection.check_in_place()
    connection.execute("PRAGMA synchronous = FULL")
    try:
        yield
    finally:
        connection.execute("PRAGMA synchronous = NORMAL")


def migrate(connection: Connection, folder: Path, component: str | None = None) -> None:
    """Migrate the tables of one component to the newest version.

    Args:
        connection: a connection that `connect` opened.
        folder: the component's scripts, `001.sql` onwards, each one version.
        component: the component's name in the table of versions; without it, the scripts make
            the database itself, whose version SQLite keeps in the file's header.

    Raises:
        StoreTooNewError: a newer tagger wrote these tables.
        StoreError: a script failed; the database is as it was before this script.

    """
    scripts = sorted(folder.glob("*.sql"))
    if component:
        connection.execute(COMPONENTS)
    check_version(connection, len(scripts), component)
    found = _version(connection, component)
    for number, script in enumerate(scripts, 1):
        if number <= found:  # no lock is taken: another process may write
            continue
        with transaction(connection):
            if _version(connection, component) < number:  # another process may have migrated first
                for statement in _statements(script.read_text("utf-8")):
                    with _version_errors():
                        connection.execute(statement)
                _set_version(connection, component, number)


def check_version(connection: Connection, newest: int, component: str | None = None) -> None:
    """Raise StoreTooNewError if a newer tagger wrote the tables of a component.

    Args:
        connection: The connection.
        newest: The newest version that this tagger supports.
        component: As in `migrate`.

    """
    if (version := _version(connection, component)) > newest:
        raise StoreTooNewError(
            f"the state database has version {version} of {component or 'its tables'}, "
            f"this tagger supports versions up to {newest}",
            connection.path,
            "install the newer tagger again, or set store.folder to another folder",
        )


@contextlib.contextmanager
def _version_errors() -> Iterator[None]:
    """Raise StoreDamagedError where the tables are newer than the number of their version."""
    try:
        yield
    except StoreError as error:
        if "already exists" in error.reason or "duplicate column" in error.reason:
            reason = f"the state database is damaged: {error.reason}"
            raise StoreDamagedError(reason, error.path, REPAIR) from error
        raise


def _version(connection: sqlite3.Connection, component: str | None) -> int:
    if component is None:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    row = connection.execute("SELECT version FROM components WHERE name = ?", (component,))
    return int((row.fetchone() or (0,))[0])


def _set_version(connection: sqlite3.Connection, component: str | None, version: int) -> None:
    if component is None:
        connection.execute(f"PRAGMA user_version = {version}")
    else:
        connection.execute("INSERT OR REPLACE INTO components VALUES (?, ?)", (component, version))


def _statements(script: str) -> Iterator[str]:
    """Split a script; `sqlite3.executescript` would commit after each statement."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
