"""Owner, mode, access control lists, extended attributes and flags of open files."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct

_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.ENOTTY, errno.EINVAL)
_REFUSED = (errno.EPERM, errno.EACCES, *_UNSUPPORTED)
_OF_THE_KERNEL = frozenset(["security.ima", "security.evm", "$LXUID", "$LXGID", "$LXMOD", "$LXDEV"])
"""Attributes that the kernel computes from the content of a file, or on NTFS from its status.

Linux lists the latter, and refuses them to users without rights (seen with ntfs3 of Linux 6.1).
"""
_GETFLAGS = 0x80086601
_SETFLAGS = 0x40086602
_LOCKED = 0x10 | 0x20
"""Flags of a file that may not change: immutable, append only (`man 2 ioctl_iflags`)."""
_COPYFILE_ACL_XATTR = 0x1 | 0x4
"""Of macOS (`man 3 copyfile`)."""
_KEPT = 0x1 | 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x800000
"""Flags that stay: secure deletion, undeletion, compression, sync, no dump, no access time, and on
btrfs no copy-on-write, without which a file has checksums."""


def copy_attributes(source: int, target: int) -> str | None:
    """Copy owner, group, mode and extended attributes (ACLs among them) of open files.

    Attributes that the target inherited from its folder are removed.

    Args:
        source: A descriptor of the original.
        target: A descriptor of its copy, which has its content already.

    Returns:
        The name of the first attribute that cannot be kept, else None.

    Raises:
        OSError: for any other failure than a refusal.

    """
    status = os.fstat(source)
    if not _copy_owner(status, target):
        return "the owner and the group"
    if name := _copy_xattrs(source, target):
        return f"the attribute {name}"
    if os.fstat(target).st_mode != status.st_mode:
        with contextlib.suppress(PermissionError):
            os.fchmod(target, stat.S_IMODE(status.st_mode))
        if os.fstat(target).st_mode != status.st_mode:
            return f"the mode {stat.S_IMODE(status.st_mode):o}"
    return None


def copy_flags(source: int, target: int) -> None:
    """Copy the flags of an open file to an empty file, as far as possible: they give no access.

    btrfs takes the flag of copy-on-write for an empty file alone, and compresses later writes. It
    refuses to exchange the two at once.

    Args:
        source: A descriptor of the original.
        target: A descriptor of its empty copy.

    """
    wanted, present = _flags(source), _flags(target)
    if wanted is None or present is None or not (wanted ^ present) & _KEPT:
        return
    bare = present & ~_KEPT
    with contextlib.suppress(OSError):
        for flags in (bare, bare | (wanted & _KEPT)):
            fcntl.ioctl(target, _SETFLAGS, struct.pack("=l", flags))


def is_locked(file: int) -> bool:
    """Return whether an open file has the flag "immutable" or "append only"."""
    return bool((_flags(file) or 0) & _LOCKED)


def are_listed(file: int) -> bool:
    """Return whether the extended attributes of an open file can be listed, if it can have any."""
    try:
        _xattrs(file)
    except OSError:
        return False
    return True


def _copy_owner(status: os.stat_result, target: int) -> bool:
    fresh = os.fstat(target)
    try:
        if fresh.st_gid != status.st_gid:
            os.fchown(target, -1, status.st_gid)
        if fresh.st_uid != status.st_uid:
            os.fchown(target, status.st_uid, -1)
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        return False
    return True


def _copy_xattrs(source: int, target: int) -> str | None:
    """Give the target exactly the attributes of the source; return the first that is refused."""
    if not hasattr(os, "listxattr"):  # Linux alone has these functions
        return _copy_xattrs_by_libc(source, target)
    wanted, present = _xattrs(source), _xattrs(target)
    for name in [*(present.keys() - wanted.keys()), *wanted]:
        try:
            if name not in wanted:
                os.removexattr(target, name)
            elif present.get(name) != wanted[name]:
                os.setxattr(target, name, wanted[name])
        except OSError as error:
            if error.errno == errno.ENODATA:
                continue
            if error.errno not in _REFUSED:
                raise
            if name in wanted or not name.startswith("security."):
                return name
    return None


def _copy_xattrs_by_libc(source: int, target: int) -> str | None:
    """Copy the attributes and ACLs of macOS, such as the tags of the Finder, as `_copy_xattrs`."""
    import ctypes  # noqa: PLC0415 - other systems than Linux alone need it

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "fcopyfile") or not libc.fcopyfile(
        source, target, None, _COPYFILE_ACL_XATTR
    ):
        return None
    if (code := ctypes.get_errno()) in _UNSUPPORTED:
        return None
    if code in _REFUSED:
        return "com.apple.*"
    raise OSError(code, os.strerror(code))


def _xattrs(file: int) -> dict[str, bytes]:
    try:
        names = os.listxattr(file)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return {}
        raise
    found = {}
    for name in names:
        if name not in _OF_THE_KERNEL:
            with contextlib.suppress(OSError):  # listed, but for other users
                found[name] = os.getxattr(file, name)
    return found


def _flags(file: int) -> int | None:
    """Return the flags of an open file, None where the file system has none."""
    try:
        return int(struct.unpack("=l", fcntl.ioctl(file, _GETFLAGS, bytes(4)))[0])
    except OSError:
        return None
