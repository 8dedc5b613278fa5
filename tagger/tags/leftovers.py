"""The names of unfinished copies, and the removal of copies that a killed process left."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from pathlib import Path
from typing import Final

TEMPORARY_SUFFIX: Final = ".tagger-tmp"
_TEMPORARY: Final = re.compile(rf"\.[0-9a-f]{{16}}{re.escape(TEMPORARY_SUFFIX)}")


def temporary_name() -> str:
    """Return a new hidden name for a copy, in a form that no other program uses."""
    return f".{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"


def remove_leftovers(folder: Path) -> list[Path]:
    """Delete the copies in `folder` that a killed process left behind; return their paths.

    Only regular files with names of `temporary_name` are deleted, and only if no process holds
    their lock. A folder that cannot be read counts as empty.
    """
    removed = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                path = Path(entry.path)
                if _remove_unlocked(path):
                    removed.append(path)
    return removed


def _remove_unlocked(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except OSError:
        return False
    finally:
        os.close(file)
    return True
