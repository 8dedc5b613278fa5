"""A block of a test as another user of the machine; only root can do that."""

from __future__ import annotations

import os
import pickle
import shutil
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
