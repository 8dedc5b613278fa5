"""Locks that separate active runs from runs whose process has died.

A run holds a lock on one byte of a file while its process lives. The offset of the byte is the
number of the run. The kernel releases the lock at the end of the process, whatever its cause.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tagger.errors import StoreError
from tagger.system import locks

if TYPE_CHECKING:
    from pathlib import Path


class RunLocks:
    """The lock file of runs; one instance for each process, the owner of POSIX locks."""

    def __init__(self, path: Path) -> None:
        """Open or make the lock file; raises StoreError."""
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            hint = "check the disk, and the permissions of the file and its folder"
            raise StoreError(f"cannot be opened: {error.strerror}", path, hint) from error
        self._own: set[int] = set()

    def enter(self, run: int) -> bool:
        """Hold a run's byte until this process ends; False where another process holds it."""
        if not locks.lock_byte(self._file, run):
            return False
        self._own.add(run)
        return True

    def has(self, run: int) -> bool:
        """Return whether the process of a run still lives."""
        return run in self._own or locks.is_byte_locked(self._file, run)

    def close(self) -> None:
        """Release all runs of this process."""
        os.close(self._file)
