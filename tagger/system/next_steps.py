"""The next step after an error of the operating system, or after a missing library."""

from __future__ import annotations

import errno
import shlex
import sys
from typing import Final

from tagger.errors import AGAIN

_DISK: Final = "check the disk, or the connection to it; then repeat the command"
_FILE_SYSTEM: Final = "the file system is damaged: make a backup, then check it with fsck"
_SPACE: Final = "a change needs space for a whole new file"
_PERMISSIONS: Final = "check its permissions, and the permissions of its folder"
_MOUNT: Final = "this mount lacks a function that a write needs: reach the files by another mount"
_OF_THE_DISK: Final = {
    "EIO": _DISK,
    "EREMOTEIO": _DISK,
    "ENXIO": _DISK,
    "ENODEV": _DISK,
    "ENOMEDIUM": _DISK,
    "ENOTCONN": _DISK,
    "ECONNABORTED": _DISK,
    "ECONNRESET": _DISK,
    "EHOSTDOWN": _DISK,
    "EHOSTUNREACH": _DISK,
    "ENETUNREACH": _DISK,
    "ESTALE": _DISK,
    "ETIMEDOUT": _DISK,
    "EUCLEAN": _FILE_SYSTEM,
    "EBADMSG": _FILE_SYSTEM,
    "ENOSPC": f"free some space: {_SPACE}",
    "EDQUOT": f"raise the quota, or delete files that count for it: {_SPACE}",
}
"""By the name of an error, because not each system has each error.

Linux returns `EUCLEAN` and `EBADMSG` where the structures of a file system are wrong.
"""
_STEPS: Final = {
    "EROFS": "mount it writable, or see dmesg for an error of the disk",
    "EACCES": _PERMISSIONS,
    "EPERM": f"{_PERMISSIONS}; lsattr shows their flags",
    "ENOKEY": "unlock the encrypted folder",
    "ENOSYS": _MOUNT,
    "ENOTSUP": _MOUNT,
    "EOPNOTSUPP": _MOUNT,
    "ENOLCK": _MOUNT,
    "ENAMETOOLONG": "shorten the name of the file",
    "ELOOP": "correct the link: most likely it leads to itself",
    "EFBIG": "raise the limit `ulimit -f`, or use a file system for large files",
    "EMFILE": "raise the limit on open files: ulimit -n 1024",
    "ENFILE": "raise the limit on open files of the system: sysctl fs.file-max",
    "ENOMEM": "end other programs, or give this computer more memory",
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


def install_step(*packages: str) -> str:
    """Return the command that installs packages where this program runs, with options of pip.

    The `pip` of the user may be another environment's, as beside the `.venv` of a checkout.
    """
    return shlex.join([sys.executable, "-m", "pip", "install", *packages])


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "")
