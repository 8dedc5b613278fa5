"""A stand-in for a file system that ignores letter case, as those of macOS and Windows do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def ignore_case(patch: pytest.MonkeyPatch, top: Path, *, renumber: bool = False) -> None:
    """Let this process look up names below `top` in any letter case; it opens no such file.

    With `renumber` each spelling has an inode of its own, as on an SMB share with `noserverino`.
    """

    def wrapped(name: str) -> None:
        original = getattr(os, name)

        def found(path: Any = ".", *args: Any, **options: Any) -> Any:
            result = original(spelled(path), *args, **options)
            other = renumber and name.endswith("stat") and spelled(path) != path
            return renumbered(result) if other else result

        patch.setattr(os, name, found)

    def renumbered(status: Any) -> os.stat_result:
        (mode, inode, *others), named = status.__reduce__()[1]
        return os.stat_result((mode, inode + 1, *others), named)

    def spelled(path: Any) -> Any:
        if isinstance(path, int) or not Path(os.fsdecode(path)).is_relative_to(top):
            return path
        here = top
        for part in Path(os.fsdecode(path)).relative_to(top).parts:
            try:
                names = listing(here)
            except OSError:
                return path
            same = [name for name in names if name.casefold() == part.casefold()]
            here /= part if part in names or not same else same[0]
        return os.fsencode(here) if isinstance(path, bytes) else os.fspath(here)

    listing = os.listdir
    for name in ("stat", "lstat", "scandir", "listdir", "readlink", "access"):
        wrapped(name)
