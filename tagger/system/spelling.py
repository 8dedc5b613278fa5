"""Paths as their folders spell them: some file systems ignore letter case.

There `~/music` opens `~/Music`. One file would have two records, one under each spelling.
"""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path


def real_path(path: str | os.PathLike[str]) -> Path:
    """Return an absolute path without symbolic links, each name as its folder has it.

    It takes one failed `stat` for each name where letter case counts.
    """
    real = Path(os.path.realpath(path))
    spelled = Path(real.anchor)
    for name in real.parts[1:]:
        folder = os.fspath(spelled)
        spelled /= listed(name, names_in(folder)) if in_both_cases(folder, name) else name
    return spelled


def listed(name: str, names: frozenset[str]) -> str:
    """Return a name as it is among the names of its folder; a name that is not among them stays."""
    if name in names:
        return name
    return next((other for other in sorted(names) if fold(other) == fold(name)), name)


def names_in(folder: str) -> frozenset[str]:
    """Return the names in a folder; none in a folder that cannot be read."""
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208 - names alone
    except OSError:
        return frozenset()


def in_both_cases(folder: str, name: str) -> bool:
    """Return whether a folder has an entry under a name and under its other letter case.

    It may be one entry: then the folder lists one name. Its inodes may differ, since an SMB share
    with `noserverino` numbers each spelling (seen with Linux 6.1).
    """
    other = name.swapcase()
    return other != name and all(os.path.lexists(f"{folder}/{one}") for one in (other, name))


def fold(name: str) -> str:
    """Fold a name as file systems do that ignore letter case and the composition of é."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
