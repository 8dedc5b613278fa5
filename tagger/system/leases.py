"""Detecting that a process has a file open for writing, by the kernel's file leases.

A replacement during another program's write would lose later writes. The kernel refuses a read
lease while a process has the file open for writing (`man 2 fcntl`, F_SETLEASE).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import time
from typing import TYPE_CHECKING, Final, Self

from tagger.system import filesystems
from tagger.system.closing import close

if TYPE_CHECKING:
    from pathlib import Path

HAS_LEASES = hasattr(fcntl, "F_SETLEASE")
_CHECK_S: Final = 0.02
"""Seconds between two looks at a file that is being written."""


def open_for_writing(path: Path) -> bool:
    """Return whether a process has the file at `path` open for writing.

    True as well for a process with a write lease, such as a file server for its client. Also False
    where leases have no meaning: on other systems than Linux, on a network file system, and for
    files of another user.
    """
    if not HAS_LEASES:
        return False
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return error.errno == errno.EAGAIN
    try:
        return _is_being_written(file, filesystems.kind(file))
    finally:
        close(file)


def _is_being_written(file: int, kind: str) -> bool:
    with ReadLease(file, kind) as lease:
        return lease.refused


def wait_for_writers(file: int, kind: str, patience: float) -> bool:
    """Wait until no process has a file open for writing, or waits to open it for writing.

    Args:
        file: A descriptor that this process opened for reading only.
        kind: The type of its file system.
        patience: Seconds.

    Returns:
        Whether that came true within `patience`.

    """
    end = time.monotonic() + patience
    while _is_being_written(file, kind):
        if time.monotonic() > end:
            return False
        time.sleep(_CHECK_S)
    return True


class ReadLease:
    """A read lease on a file that this process opened for reading only; a context manager.

    While it is held, a program that opens the file for writing waits for its end. A network file
    system has none. SMB refuses the lease of a file that nobody writes. A rename on NFS waits 45 s
    for the end of the own lease (both seen with Linux 6.1).
    """

    def __init__(self, file: int, kind: str) -> None:
        """Lease a descriptor on a file system of the type `kind`, see `filesystems.kind`."""
        self._file = file
        self._has_leases = HAS_LEASES and kind not in filesystems.NETWORK
        self._granted = False
        self.refused = False
        """Whether a process has the file open for writing."""

    def __enter__(self) -> Self:
        if self._has_leases:
            try:
                # an open during the lease sends a signal to this process; the default, SIGIO,
                # would end the process, but SIGURG is ignored
                fcntl.fcntl(self._file, fcntl.F_SETSIG, signal.SIGURG)
                fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
                self._granted = True
            except OSError as error:
                self.refused = error.errno == errno.EAGAIN
        return self

    def is_contested(self) -> bool:
        """Return whether a program is known to wait to open the file for writing.

        Raises no error: the caller has replaced the file already.
        """
        try:
            return self._granted and fcntl.fcntl(self._file, fcntl.F_GETLEASE) != fcntl.F_RDLCK
        except OSError:
            return False

    def __exit__(self, *_: object) -> None:
        if self._granted:
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
