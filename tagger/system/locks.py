"""Advisory locks between processes; the kernel releases a lock however its process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import sys
from typing import TYPE_CHECKING, Final

from tagger.system.closing import close

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_FAR: Final = 1 << 62
"""The offset of a byte that no file has."""


def try_lock(file: int) -> bool:
    """Take the exclusive lock of an open file without waiting; False when it is taken.

    The lock belongs to the open file (`man 2 flock`): closing the descriptor releases it.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def try_far_lock(file: int, *, shared: bool = False, without_locks: bool = True) -> bool:
    """Take a lock under which other programs can read and write the file; False when it is taken.

    A server of SMB shares lets nobody else read or write locked bytes. So this lock has one byte
    behind the end of each file. It belongs to the open file (`man 2 fcntl`, F_OFD_SETLK). Other
    systems than Linux lock the whole file.

    Args:
        file: The descriptor, open for writing, or for reading where the lock is shared.
        shared: Several open files can have the lock.
        without_locks: The result on a file system without locks, as some on networks.

    """
    try:
        if sys.platform == "linux" and hasattr(fcntl, "F_OFD_SETLK"):
            kind = fcntl.F_RDLCK if shared else fcntl.F_WRLCK
            flock = struct.pack("hhqqi0q", kind, os.SEEK_SET, _FAR, 1, 0)
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, flock)
        else:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return without_locks
    return True


@contextlib.contextmanager
def leftover(path: Path, *, without_locks: bool) -> Iterator[bool]:
    """Yield whether the writer of a file under a far lock is gone; then the block has the lock.

    Args:
        path: The file; a link is an error.
        without_locks: The result on a file system without locks.

    Raises:
        OSError: the file cannot be opened.

    """
    file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield try_far_lock(file, without_locks=without_locks)
    finally:
        close(file)


def open_lock_file(path: Path) -> int:
    """Open the lock file at `path`, readable by this user alone; returns its descriptor.

    Makes the file and its folder where they are missing.

    Raises:
        OSError: the file cannot be made or opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextlib.contextmanager
def exclusive(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file at `path` for the length of the block.

    Args:
        path: The lock file.
        wait: Wait for another process that holds the lock.

    Raises:
        BlockingIOError: another process holds the lock, without `wait`.
        OSError: the lock file cannot be made or locked.

    """
    file = open_lock_file(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        close(file)


def lock_byte(file: int, offset: int) -> bool:
    """Lock one byte of an open file until this process ends or closes the file.

    The lock belongs to the process (`man 2 fcntl`, F_SETLK), so one file serves many holders.
    Returns False where another process has locked the byte.
    """
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
    except (BlockingIOError, PermissionError):
        return False
    return True


def is_byte_locked(file: int, offset: int) -> bool:
    """Test whether another process has locked a byte of an open file."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
    except OSError:
        return True
    fcntl.lockf(file, fcntl.LOCK_UN, 1, offset)
    return False
