"""The names of unfinished copies and of moved originals, which a killed process leaves."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import Final

from tagger.system import locks

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
    """Delete a leftover, or give it the name of its original; return whether it is deleted.

    Without locks it stays: a copy of a running process has no other mark.
    """
    with contextlib.suppress(OSError), locks.leftover(path, without_locks=False) as is_free:
        if is_free and original and not os.path.lexists(path.with_name(original)):
            path.rename(path.with_name(original))
        elif is_free:
            path.unlink()
            return True
    return False
