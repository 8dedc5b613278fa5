"""A stand-in for a file system that ignores letter case, as those of macOS and Windows do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def ignore_case(patch: pytest.MonkeyPatch, top: Path) -> None:
    """Let this process look up names below `top` in any letter case; it opens no such file."""

    def wrapped(name: str) -> None:
        original = getattr(os, name)

        def found(path: Any = ".", *args: Any, **options: Any) -> Any:
            return original(spelled(path), *args, **options)

        patch.setattr(os, name, found)

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
