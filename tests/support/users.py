"""Users of the machine: a block of a test as another one, and what a file gives to each."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

NOBODY = 65534
"""A user without rights, and the number of the user's group."""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def as_user(function: Callable[[], T], user: int = NOBODY, groups: tuple[int, ...] = ()) -> T:
    """Call a function in a child process of another user; return its value, raise its error."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            os.setgroups(list(groups))
            os.setgid(user)
            os.setuid(user)
            answer: object = (True, function())
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            answer = (False, error)
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        fine, value = pickle.load(pipe)  # noqa: S301 - from the child of this function
    os.waitpid(child, 0)
    if not fine:
        raise value
    result: T = value
    return result


def shared_folder() -> Iterator[Path]:
    """Yield a folder that every user may enter, and delete it."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def acl(*entries: tuple[int, int, int]) -> bytes:
    """Encode an access control list: tag, permissions and number of each entry."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


def set_xattr(path: Path, name: str, value: bytes) -> None:
    """Set an extended attribute, or skip the test where the file system has none."""
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EPERM):
            raise
        pytest.skip(f"{name} is not supported here")
