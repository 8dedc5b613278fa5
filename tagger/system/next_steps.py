"""The next step after an error of the operating system on a file or folder."""

from __future__ import annotations

import errno
from typing import Final

from tagger.errors import AGAIN

_DISK: Final = "check the disk, or the connection to it; then repeat the command"
_FILE_SYSTEM: Final = "the file system is damaged: make a backup, then check it with fsck"
_PERMISSIONS: Final = "check the permissions of the file and its folder"
_MOUNT: Final = "this mount lacks a function that a write needs: reach the files by another mount"
_OF_THE_DISK: Final = {
    "EIO": _DISK,
    "EREMOTEIO": _DISK,
    "ENXIO": _DISK,
    "ENODEV": _DISK,
    "ENOTCONN": _DISK,
    "EHOSTDOWN": _DISK,
    "ESTALE": _DISK,
    "ETIMEDOUT": _DISK,
    "EUCLEAN": _FILE_SYSTEM,
    "EBADMSG": _FILE_SYSTEM,
}
"""By the name of an error, because not each system has each error.

Linux returns `EUCLEAN` and `EBADMSG` where the structures of a file system are wrong.
"""
_STEPS: Final = {
    "ENOSPC": "free some space: the folder must have space for a copy of the file",
    "EDQUOT": "the quota is exhausted: the folder must have space for a copy of the file",
    "EROFS": "the file system is read-only now, most likely after an error of the disk: see dmesg",
    "EACCES": _PERMISSIONS,
    "EPERM": _PERMISSIONS,
    "ENOSYS": _MOUNT,
    "ENOTSUP": _MOUNT,
    "EOPNOTSUPP": _MOUNT,
    "ENAMETOOLONG": "shorten the name of the file",
    "EBUSY": "the file may be a mount of its own, as in a container: mount its folder instead",
}


def next_step(error: OSError, otherwise: str = AGAIN) -> str:
    """Return what the user can do about an error of a file of the library.

    Args:
        error: The error.
        otherwise: The step after an error without a step of its own.

    """
    return disk_step(error, _STEPS.get(_name(error), otherwise))


def disk_step(error: OSError, otherwise: str = "") -> str:
    """Return what the user can do about an error of the disk or of the connection to it.

    Args:
        error: The error.
        otherwise: The step after any other error.

    """
    return _OF_THE_DISK.get(_name(error), otherwise)


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "")
