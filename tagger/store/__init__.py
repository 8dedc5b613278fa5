"""The state database: files, analyses, decisions, the undo journal, failures.

One process writes at a time (`BEGIN IMMEDIATE`, a busy timeout); readers never wait. Each
table has its own class, and `Store` combines them over one connection.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tagger.errors import NO_TEMPORARY_FOLDER, StoreDamagedError, StoreError
from tagger.store import damage
from tagger.store.analyses import Analyses
from tagger.store.corrections import Correction, Corrections
from tagger.store.database import connect, migrate, transaction
from tagger.store.failures import Failure, Failures
from tagger.store.files import Files
from tagger.store.journal import Journal, JournalEntry
from tagger.store.labels import Counted, Keys, Labels
from tagger.store.passed_over import PassedOver
from tagger.store.playlists import PlaylistFiles
from tagger.store.queue import Job, Queue
from tagger.store.run_locks import RunLocks
from tagger.store.runs import Origin, Run, Runs, RunSummary

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

__all__ = [
    "Correction",
    "Counted",
    "Failure",
    "Job",
    "JournalEntry",
    "Keys",
    "Origin",
    "Run",
    "RunSummary",
    "Store",
    "existing",
    "is_missing",
    "undamaged",
]

DATABASE = "tagger.sqlite3"
RUN_LOCKS = "runs.lock"


class Store:
    """The state of tagger, in one SQLite database below `folder`."""

    def __init__(self, folder: Path) -> None:
        """Open or create the database.

        Raises `StoreError` when it cannot be used.
        """
        self.path = folder / DATABASE
        if is_missing(self.path):
            damage.complete(self.path)
        self._connection = connect(self.path)
        self.inode = self._connection.inode
        self.files = Files(self._connection)
        self.analyses = Analyses(self._connection)
        self._run_locks = RunLocks(folder / RUN_LOCKS)
        self.runs = Runs(self._connection, self._run_locks)
        self.journal = Journal(self._connection)
        self.failures = Failures(self._connection)
        self.corrections = Corrections(self._connection)
        self.playlists = PlaylistFiles(self._connection)
        self.labels = Labels(self._connection)
        self.queue = Queue(self._connection)
        self.passed_over = PassedOver(self._connection)

    def add_tables(self, component: str, folder: Path) -> sqlite3.Connection:
        """Create or migrate another component's tables; returns a connection for them.

        `folder` contains the component's scripts, `001.sql` onwards. Raises `StoreError`.
        """
        migrate(self._connection, folder, component)
        return self._connection

    def check(self, *, rows: bool = True) -> None:
        """Raise StoreDamagedError if the content is damaged; see `damage.check`."""
        damage.check(self._connection, rows=rows)

    def check_in_place(self) -> None:
        """Raise StoreError if the database was moved or deleted."""
        self._connection.check_in_place()

    def revision(self) -> int:
        """Return a number that grows with each change of files, writes and unsure decisions."""
        return int(self._connection.execute("SELECT number FROM revision").fetchone()[0])

    def transaction(self) -> AbstractContextManager[None]:
        """Commit all statements of the block together, or none."""
        return transaction(self._connection)

    def close(self) -> None:
        """Close the connection, and end this process's runs."""
        self._connection.close()
        self._run_locks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def existing(folder: Path) -> Iterator[Store]:
    """Open the database below `folder` for a command that only looks; an empty one if none exists.

    Raises `StoreError` when it cannot be used, or when no empty one can be made.
    """
    with contextlib.ExitStack() as stack:
        if is_missing(folder / DATABASE):
            try:
                made = stack.enter_context(tempfile.TemporaryDirectory(prefix="tagger-"))
            except OSError as error:
                reason = f"no temporary database can be made: {error.strerror}"
                raise StoreError(reason, hint=NO_TEMPORARY_FOLDER) from error
            folder = Path(made)
        yield stack.enter_context(Store(folder))


def is_missing(file: Path) -> bool:
    """Return whether a file does not exist; False where that cannot be found out."""
    try:
        file.stat()
    except OSError as error:
        return isinstance(error, FileNotFoundError | NotADirectoryError)
    return False


@contextlib.contextmanager
def undamaged(folder: Path, report: Callable[[str], None], *, rows: bool = True) -> Iterator[Store]:
    """Open the database for a command that writes; a damaged database is replaced first.

    Args:
        folder: The folder of the database.
        report: Takes a line with the new path of a damaged database.
        rows: Check the rows of a large database; see `damage.check`.

    Raises:
        StoreDamagedError: damage was found inside the block; a new database is ready.
        StoreError: the database cannot be used.

    """
    path = folder / DATABASE
    try:
        store = _checked(folder, rows=rows)
    except StoreDamagedError as error:
        report(_replaced(path, path.stat().st_ino, error))
        store = Store(folder)
    try:
        with store:
            yield store
    except StoreDamagedError as error:
        reason = _replaced(path, store.inode, error)
        raise StoreDamagedError(reason, hint="repeat the command") from error


def _checked(folder: Path, *, rows: bool) -> Store:
    store = Store(folder)
    try:
        store.check(rows=rows)
    except BaseException:
        store.close()
        raise
    return store


def _replaced(path: Path, inode: int, error: StoreDamagedError) -> str:
    """Replace the damaged database `path`; return the message about it."""
    damage.confirm(path, error)
    aside = damage.replace(path, inode)
    kept = f"it was moved to {aside}" if aside else "another tagger replaced it"
    return f"{error.reason}; {kept}, and a new database begins with its readable writes"
