"""Replacing a small file in one step: a reader sees the old content or the new, never a part."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from typing import TYPE_CHECKING

from tagger.system.locks import try_lock

if TYPE_CHECKING:
    from pathlib import Path

TEMPORARY = ".tagger-*.tmp"
"""Pattern of the names of unfinished files."""


def replace_file(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write `data` beside `path`, sync it to the disk and rename it to `path`.

    `path` is the file to make or replace; a symbolic link there is replaced, not followed.
    `data` is the whole content. `mode` is the permission bits of the new file; None keeps the
    mode of the old file, or applies the umask where there was no file.

    Raises:
        OSError: the file could not be written; the old file is unchanged.
    """
    kept = mode if mode is not None else _mode(path)
    temporary = path.with_name(TEMPORARY.replace("*", secrets.token_hex(8)))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o666 if mode is None else mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with contextlib.suppress(OSError):  # some network file systems have no locks
                try_lock(descriptor)
            file.write(data)
            if kept is not None:
                os.fchmod(descriptor, kept)
            file.flush()
            os.fsync(descriptor)
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
        leftovers = list(folder.glob(TEMPORARY))
        for leftover in leftovers:
            with contextlib.suppress(OSError):
                if not _is_locked(leftover):
                    leftover.unlink()


def sync(path: Path) -> None:
    """Write a file or folder through to the disk; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Write a folder's names through to the disk, where the file system can."""
    with contextlib.suppress(OSError):  # some network file systems refuse it
        sync(folder)


def _is_locked(path: Path) -> bool:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return not try_lock(file)
    except OSError:
        return False
    finally:
        os.close(file)


def _mode(path: Path) -> int | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None
