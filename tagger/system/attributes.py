"""Owner, mode and extended attributes of open files."""

from __future__ import annotations

import contextlib
import errno
import os
import stat


def copy_attributes(source: int, target: int) -> None:
    """Copy owner, mode and extended attributes (ACLs among them), as far as is permitted.

    Both arguments are descriptors of open files. Raises OSError for any other failure.
    """
    status, fresh = os.fstat(source), os.fstat(target)
    # one by one: a user who may not change the owner may still set a group of their own
    if fresh.st_gid != status.st_gid:
        with contextlib.suppress(PermissionError):
            os.fchown(target, -1, status.st_gid)
    if fresh.st_uid != status.st_uid:
        with contextlib.suppress(PermissionError):
            os.fchown(target, status.st_uid, -1)
    if os.fstat(target).st_mode != status.st_mode:  # some file systems have one mode only
        os.fchmod(target, stat.S_IMODE(status.st_mode))
    try:
        names = os.listxattr(source)
    except OSError:
        return  # a file system without extended attributes
    for name in names:
        try:
            os.setxattr(target, name, os.getxattr(source, name))
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENODATA):
                raise
