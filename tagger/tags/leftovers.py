"""The names of unfinished copies and of moved originals, which a killed process leaves."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import Final

from tagger.system.closing import close
from tagger.system.locks import try_far_lock

TEMPORARY_SUFFIX: Final = ".tagger-tmp"
_TEMPORARY: Final = re.compile(
    rf"\.[0-9a-f]{{16}}(?:\.(?P<original>.+))?{re.escape(TEMPORARY_SUFFIX)}", re.DOTALL
)


def temporary_name(original: str = "") -> str:
    """Return a new hidden name, in a form that no other program uses.

    `original` is the name of a file that moves aside; without it, the name is that of a copy.
    """
    kept = f".{original}" if original else ""
    return f".{secrets.token_hex(8)}{kept}{TEMPORARY_SUFFIX}"


def remove_leftovers(folder: Path) -> list[Path]:
    """Delete the copies in `folder` that a killed process left behind; return their paths.

    Only regular files with names of `temporary_name` are deleted, and only if no process holds
    their lock. An original that was moved aside gets its name back, if no file has the name. A
    folder that cannot be read counts as empty.
    """
    removed = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _TEMPORARY.fullmatch(entry.name)
            if found and entry.is_file(follow_symlinks=False):
                path = Path(entry)
                if _remove(path, found["original"]):
                    removed.append(path)
    return removed


def _remove(path: Path, original: str | None) -> bool:
    """Delete a leftover, or give it the name of its original; return whether it is deleted."""
    try:
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if not try_far_lock(file):
            return False
        if original and not os.path.lexists(path.with_name(original)):
            path.rename(path.with_name(original))
            return False
        path.unlink()
    except OSError:
        return False
    finally:
        close(file)
    return True
