"""Signs on the disk of a file that is still being written: control files, holes, rsync's time."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from tagger.system.closing import close

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CONTROL = (
    ".aria2",
    ".!qB",
    ".!sync",
    ".!ut",
    ".bc!",
    ".crdownload",
    ".download",
    ".fdmdownload",
    ".filepart",
    ".jc!",
    ".lftp-pget-status",
    ".opdownload",
    ".part",
    ".partial",
    ".st",
    ".td",
    ".td.cfg",
    ".xltd",
    ".ytdl",
)
"""Endings that download programs add to the name of an unfinished file, or of a file beside it."""
_LOWER = tuple(ending.lower() for ending in CONTROL)
_SOULSEEK = re.compile(r"INCOMPLETE[0-9a-f]{32}")
"""The beginning of the name of an unfinished file of Nicotine+, which goes on at its end."""
_UNCOMPRESSED = (".wav", ".aif", ".aiff", ".aifc", ".dsf")
"""Formats whose silence is zeros; some file systems store zeros as holes."""
_BLOCK = 512
"""Bytes of a block of `st_blocks`, on every file system."""
_LEAST_MISSING = 12 << 10
"""Bytes: a missing block of BitTorrent, 16 KiB, leaves a hole of three pages at least in a file.

FLAC's usual padding of 8 KiB leaves one page or two in a copy by `rsync --sparse`."""


def controlled(names: Iterable[str]) -> frozenset[str]:
    """Return the lower-case names of files with a control file, from the names of a folder."""
    found = set()
    for name in names:
        lower = name.lower()
        if lower.endswith(_LOWER):
            found |= {lower.removesuffix(ending) for ending in _LOWER if lower.endswith(ending)}
    return frozenset(found)


HOLES = (
    "it has holes, as a file that is still being downloaded; if it is complete, copy it with "
    "`cp --sparse=never`"
)

_INTERRUPTED = "it has the time of an interrupted rsync, 1970; if it is complete, `touch` it"


def is_suspect(name: str, status: os.stat_result, beside: frozenset[str]) -> bool:
    """Return whether `sign` may find something; cheap, for every file of a walk.

    `sign` alone opens the file, and finds parts that are allocated but not written.

    Args:
        name: The name of the file.
        status: Its status.
        beside: The result of `controlled` for its folder.
    """
    return (
        _is_interrupted(status)
        or status.st_blocks * _BLOCK < status.st_size
        or bool(beside and name.lower() in beside)
        or _SOULSEEK.match(name) is not None
    )


def sign(path: Path, status: os.stat_result, beside: frozenset[str] | None = None) -> str | None:
    """Return the sign of an unfinished file, None without a sign.

    Args:
        path: The file.
        status: Its status.
        beside: The result of `controlled` for its folder; without it, the disk is asked.

    """
    if _SOULSEEK.match(path.name):
        return "it has the name of an unfinished download"
    if _is_interrupted(status):
        return _INTERRUPTED
    if beside is None:
        beside = controlled(
            path.name + ending for ending in CONTROL if os.path.lexists(f"{path}{ending}")
        )
    if path.name.lower() in beside:
        return "a control file of a download is beside it"
    return HOLES if has_holes(path, status.st_size) else None


def _is_interrupted(status: os.stat_result) -> bool:
    """Return whether rsync left a file unfinished: it sets the second, and keeps its fraction.

    `rsync --append` goes on at the end of the file, whose length a write would change.
    """
    return 0 <= status.st_mtime_ns < 1_000_000_000


def has_holes(path: Path, size: int) -> bool:
    """Return whether parts of a file were never written.

    A hole within the file may be padding if it is small, and silence in a WAV file.

    Args:
        path: The file.
        size: Its size, bytes.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    silent = path.name.lower().endswith(_UNCOMPRESSED)
    try:
        return any(
            data == size or not (silent or (hole and data - hole < _LEAST_MISSING))
            for hole, data in _holes(file, size)
        )
    except (OSError, AttributeError):  # a system without holes
        return False
    finally:
        close(file)


def _holes(file: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each hole of a file of `size` bytes."""
    data = 0
    while (hole := os.lseek(file, data, os.SEEK_HOLE)) < size:
        try:
            data = os.lseek(file, hole, os.SEEK_DATA)
        except OSError:  # no data after the hole
            data = size
        yield hole, data
