"""Asking the kernel whether somebody is still writing a file.

Replacing a file under its writer would lose what is written from then on. A read lease is
refused while anybody has the file open for writing (`man 2 fcntl`, F_SETLEASE).
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
    """Tell whether some process has the file at `path` open for writing.

    False as well where that cannot be known: on another system than Linux, on most network
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
    """Tell the same of a file that this process has open for reading alone."""
    if not HAS_LEASES:
        return False
    try:
        # who opens the file during the question makes the kernel send us a signal: not SIGIO,
        # which ends a process that does not expect it, but one that is ignored by default
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    with contextlib.suppress(OSError):
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
