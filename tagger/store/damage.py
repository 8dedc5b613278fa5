"""A damaged database: found at the start, moved aside, and replaced by a new database.

The journal and the corrections move along, as far as they can be read. All other rows are
computed again by the next scan.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING

from tagger.errors import REPAIR, StoreDamagedError, StoreError
from tagger.store.database import (
    MIGRATIONS,
    check_version,
    connect,
    connect_empty,
    failing_disk,
    passes,
    unusable,
)
from tagger.store.rows import stored_json, stored_path
from tagger.system import locks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tagger.store.database import Connection

LOCK = "damaged.lock"
LARGE = 64 << 20
"""Bytes of a database."""
_BLOCK = 1 << 20
ANALYSES = {"features", "predictions"}
"""The tables of remembered analyses."""
RESCUED = {
    "runs": "id, kind, started, finished",
    "changes": "id, run, path, root, state, before, after, snapshot, at, field",
    "corrections": "path, content_id, ours, theirs, at",
}
"""The columns of the tables whose rows cannot be computed again, parents first."""
_RUN = "INSERT OR IGNORE INTO runs (id, kind, started, finished) VALUES (?, 'unknown', ?, ?)"
"""The run of a write whose own row cannot be read; no write is kept without a run."""
_JSON = {"files": ("tags",), "changes": ("before", "after"), "corrections": ("ours", "theirs")}
_UNREADABLE = " UNION ALL ".join(
    f"SELECT '{column} in {table}' FROM {table} WHERE NOT json_valid({column})"  # noqa: S608 - constants
    for table, columns in _JSON.items()
    for column in columns
)


def check(connection: Connection, *, rows: bool = True) -> None:
    """Raise StoreDamagedError if SQLite or the rows show damage, StoreTooNewError for newer tables.

    Raises StoreError for an error of the disk, which SQLite's check takes for damage.

    Of a large database, the analyses are not read: they are most of it, and can be computed again.
    For 540 MB from a cold disk, with the analyses of 100,000 files, that is 2 s instead of 25 s.

    Args:
        connection: The connection.
        rows: Read the rows of a large database. A command that writes no music file raises the
            error at the damaged row, so it may leave them out.

    """
    check_version(connection, len(list(MIGRATIONS.glob("*.sql"))))
    if fault := next(_faults(connection, rows=rows), None):
        _read_through(connection.path)
        if next(_faults(connection, rows=rows), None) is None:
            raise failing_disk(fault, connection.path)
        reason = f"the state database is damaged: {fault}"
        raise StoreDamagedError(reason, connection.path, REPAIR)


def _read_through(path: Path) -> None:
    """Raise StoreError if the system cannot read a database."""
    try:
        for part in _parts(path):
            with contextlib.suppress(FileNotFoundError), part.open("rb") as file:
                while file.read(_BLOCK):
                    pass
    except OSError as error:
        raise failing_disk(error.strerror or str(error), path) from error


def _faults(connection: Connection, *, rows: bool) -> Iterator[str]:
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    large = pages * connection.execute("PRAGMA page_size").fetchone()[0] > LARGE
    rows = rows or not large
    present = _columns(connection)
    tables = present.keys() - ANALYSES if large else ("1",)
    for table in tables if rows else ():
        found = connection.execute(f"PRAGMA quick_check({table})").fetchone()[0]
        if found != "ok":
            yield found.splitlines()[-1]
    for table, columns in _wanted_columns().items():
        if lost := columns - present.get(table, set()):
            yield f"{table} has no column {min(lost)}"
    if rows and (row := connection.execute(_UNREADABLE).fetchone()):
        yield f"unreadable {row[0]}"


@functools.cache
def _wanted_columns() -> dict[str, set[str]]:
    with contextlib.closing(connect_empty()) as empty:
        return _columns(empty)


def _columns(connection: Connection) -> dict[str, set[str]]:
    rows = connection.execute(
        "SELECT m.name AS table_name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
        " WHERE m.type = 'table'"
    )
    found: dict[str, set[str]] = {}
    for table, column in rows.fetchall():
        found.setdefault(table, set()).add(column)
    return found


def confirm(path: Path, error: StoreDamagedError) -> None:
    """Raise StoreError if SQLite found damage in a whole database: it takes a failed read for that.

    Args:
        path: The database.
        error: The damage that was found.

    """
    code = getattr(error.__cause__, "sqlite_errorcode", 0)
    if code & 0xFF == sqlite3.SQLITE_CORRUPT:
        _read_through(path)
        if [row[0] for row in _readable(path, "PRAGMA integrity_check(1)")] == ["ok"]:
            raise failing_disk(error.reason, path) from error


def replace(path: Path, inode: int) -> Path | None:
    """Replace a damaged database by a new one, with the rows that can be rescued.

    Args:
        path: The database.
        inode: The inode of the damaged database.

    Returns:
        The new path of the damaged database; None if another process replaced it meanwhile.

    Raises:
        StoreError: the database cannot be moved, or no new database can be made.

    """
    with _locked(path):
        return _replace(path) if path.stat().st_ino == inode else None


def complete(path: Path) -> None:
    """Finish a replacement that was killed after the damaged database had been moved aside.

    Args:
        path: The database, which is missing; if another process has moved it meanwhile, it stays.

    Raises:
        StoreError: the new database cannot be moved.

    """
    new = _new(path)
    if not new.exists():
        return
    with _locked(path):
        parts = [part for part in _parts(new) if part.exists()]
        if parts == [new] and not path.exists():  # with another part, it is not whole
            new.rename(path)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time move a database."""
    try:
        with locks.exclusive(path.with_name(LOCK), wait=True):
            yield
    except OSError as error:
        hint = "move it to another folder by hand"
        raise StoreError(f"cannot be moved aside: {error.strerror}", path, hint) from error


def _new(path: Path) -> Path:
    """Return the place of a new database before it is whole."""
    return path.with_name(f"{path.name}.new")


def _replace(path: Path) -> Path:
    """Make the new database beside the damaged one: a full disk or a kill loses no write."""
    new = _new(path)
    _remove(new)  # left by a killed process
    try:
        with contextlib.closing(connect(new)) as connection:
            for table, columns in RESCUED.items():
                _rescue(path, connection, table, columns)
            connection.execute("PRAGMA journal_mode = DELETE")  # all is in one file then
    except BaseException:
        _remove(new)
        raise
    aside = path.with_name(f"{path.name}.damaged-{datetime.now().astimezone():%Y%m%d-%H%M%S}")
    for part in _parts(path):
        with contextlib.suppress(FileNotFoundError):
            part.rename(part.with_name(part.name.replace(path.name, aside.name)))
    new.rename(path)
    return aside


def _remove(database: Path) -> None:
    for part in _parts(database):
        part.unlink(missing_ok=True)


def _parts(database: Path) -> list[Path]:
    """Return the files of a database, the database last: a kill before leaves it in its place."""
    return [database.with_name(database.name + end) for end in ("-wal", "-shm", "-journal", "")]


def _rescue(damaged: Path, connection: Connection, table: str, columns: str) -> None:
    """Copy the readable rows of a table, from both ends to the damage.

    A database of an earlier version may lack columns, which get their defaults.
    """
    present = {row["name"] for row in _readable(damaged, f"PRAGMA table_info({table})")}
    wanted = [column for column in columns.split(", ") if column in present]
    if not wanted:
        return
    columns, marks = ", ".join(wanted), ", ".join("?" for _ in wanted)
    insert = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - constants
    for order in ("ASC", "DESC"):
        query = f"SELECT {columns} FROM {table} ORDER BY rowid {order}"  # noqa: S608 - constants
        for row in _readable(damaged, query):
            with _damaged_row():
                _check_row(table, row)
                if table == "changes":
                    connection.execute(_RUN, (row["run"], row["at"], row["at"]))
                connection.execute(insert, tuple(row))


@contextlib.contextmanager
def _damaged_row() -> Iterator[None]:
    """Leave out a row with damaged values; a full disk is an error of all rows."""
    try:
        yield
    except StoreDamagedError:
        pass
    except StoreError as error:
        if not isinstance(error.__cause__, sqlite3.IntegrityError):
            raise


def _check_row(table: str, row: sqlite3.Row) -> None:
    for column in row.keys():  # noqa: SIM118 - a row iterates over its values
        if column in ("path", "root"):
            stored_path(row[column])
        elif column in _JSON.get(table, ()):
            stored_json(row[column], tuple[str, ...])


def _readable(path: Path, sql: str) -> Iterator[sqlite3.Row]:
    """Yield the rows of a query up to the first row that cannot be read.

    Raises StoreError for an error of the disk, after which the row may be read again.
    """
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        with contextlib.closing(connection):
            yield from connection.execute(sql)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if passes(error):
            raise unusable(error, path) from error
