"""Replacing a small file in one step: a reader sees the old content or the new, never a part."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from typing import TYPE_CHECKING

from tagger.system import locks
from tagger.system.closing import close

if TYPE_CHECKING:
    from pathlib import Path

TEMPORARY = ".tagger-*.tmp"
"""Pattern of the names of unfinished files."""
_ATTEMPTS = 8
"""Files that are made until one of them is locked."""


def replace_file(path: Path, data: bytes, *, mode: int | None = None, tidy: bool = True) -> None:
    """Write `data` beside `path`, sync it to the disk and rename it to `path`.

    Args:
        path: The file to make or replace; a symbolic link there is replaced, not followed.
        data: The whole content.
        mode: The permission bits of the new file; None keeps the mode of the old file, or applies
            the umask where there was no file.
        tidy: Remove unfinished files of killed processes from the folder. A writer of many files
            does that once for all.

    Raises:
        OSError: the file could not be written; the old file is unchanged.
    """
    if tidy:
        remove_leftovers(path.parent)
    kept = mode if mode is not None else _mode(path)
    temporary, descriptor = _unfinished(path, 0o666 if mode is None else mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            # a file system without modes gives each file the same mode, and may refuse a change
            if kept not in (None, stat.S_IMODE(os.fstat(descriptor).st_mode)):
                os.fchmod(descriptor, kept)
            file.flush()
            flush(descriptor)
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Delete the unfinished files that a killed process left in a folder that can be read.

    An unfinished file of a running process is locked, and stays.
    """
    with contextlib.suppress(OSError):
        for path in list(folder.glob(TEMPORARY)):
            with contextlib.suppress(OSError), locks.leftover(path, without_locks=True) as is_free:
                if is_free:
                    path.unlink()


def flush(descriptor: int) -> None:
    """Write an open file or folder through to the disk; raises OSError."""
    if hasattr(fcntl, "F_FULLFSYNC"):  # macOS: fsync stops at the cache of the disk (`man 2 fsync`)
        with contextlib.suppress(OSError):  # a file system without it
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def sync(path: Path) -> None:
    """Write a file or folder through to the disk; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        flush(descriptor)
    finally:
        close(descriptor)


def sync_folder(folder: Path) -> None:
    """Write a folder's names through to the disk, where the file system can."""
    with contextlib.suppress(OSError):  # some network file systems refuse it
        sync(folder)


def _unfinished(path: Path, mode: int) -> tuple[Path, int]:
    """Make a locked file beside `path`; return its name and descriptor.

    `remove_leftovers` can lock or remove the file before that. Then another file is made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    for left in reversed(range(_ATTEMPTS)):
        temporary = path.with_name(TEMPORARY.replace("*", secrets.token_hex(8)))
        descriptor = os.open(temporary, flags, mode)
        if (locks.try_far_lock(descriptor) and _has_name(descriptor)) or not left:
            break
        close(descriptor)
        temporary.unlink(missing_ok=True)
    return temporary, descriptor


def _has_name(descriptor: int) -> bool:
    """Return whether an open file is known to have a name."""
    try:
        return os.fstat(descriptor).st_nlink > 0
    except OSError:
        return False


def _mode(path: Path) -> int | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None
