"""The state database: files, analyses, decisions, the undo journal, failures.

One process writes at a time (`BEGIN IMMEDIATE`, a busy timeout); readers never wait. Each
table has its own class, and `Store` combines them over one connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from tagger.store.analyses import Analyses
from tagger.store.corrections import Correction, Corrections
from tagger.store.database import connect, migrate, transaction
from tagger.store.failures import Failure, Failures
from tagger.store.files import Files
from tagger.store.journal import Journal, JournalEntry
from tagger.store.playlists import PlaylistFiles
from tagger.store.queue import Job, Queue
from tagger.store.run_locks import RunLocks
from tagger.store.runs import Run, Runs

if TYPE_CHECKING:
    import sqlite3
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["Correction", "Failure", "Job", "JournalEntry", "Run", "Store"]

DATABASE = "tagger.sqlite3"
RUN_LOCKS = "runs.lock"


class Store:
    """The state of tagger, in one SQLite database below `folder`."""

    def __init__(self, folder: Path) -> None:
        """Open or create the database.

        Raises `StoreError` when it cannot be used.
        """
        self.path = folder / DATABASE
        self._connection = connect(self.path)
        self.files = Files(self._connection)
        self.analyses = Analyses(self._connection)
        self._run_locks = RunLocks(folder / RUN_LOCKS)
        self.runs = Runs(self._connection, self._run_locks)
        self.journal = Journal(self._connection)
        self.failures = Failures(self._connection)
        self.corrections = Corrections(self._connection)
        self.published = PlaylistFiles(self._connection)
        self.queue = Queue(self._connection)

    def add_tables(self, component: str, folder: Path) -> sqlite3.Connection:
        """Create or migrate another component's tables; returns a connection for them.

        `folder` contains the component's scripts, `001.sql` onwards. Raises `StoreError`.
        """
        migrate(self._connection, folder, component)
        return self._connection

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
