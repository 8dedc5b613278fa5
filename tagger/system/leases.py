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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HAS_LEASES = hasattr(fcntl, "F_SETLEASE")


def open_for_writing(path: Path) -> bool:
    """Return whether a process has the file at `path` open for writing.

    Also False where the kernel grants no leases: on other systems than Linux, on most network
    file systems, and for files of another user.
    """
    if not HAS_LEASES:
        return False
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return is_being_written(file)
    finally:
        os.close(file)


def is_being_written(file: int) -> bool:
    """Return the same for a descriptor that this process opened for reading only."""
    if not HAS_LEASES:
        return False
    try:
        # an open during the lease sends a signal to this process; the default, SIGIO, would
        # end the process, but SIGURG is ignored
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    with contextlib.suppress(OSError):
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
