"""The last parses of a process, used again for files whose parsed bytes are still the same.

A worker parses a file for the index, and most often soon after that for a write. The write reads
the same bytes again, and uses the parse only where each byte is the same. Times, inodes and sizes
alone would not do: an edit may keep them, and some file systems have no time of a change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from tagger.tags.parsed import Parse

MOST: Final = 16
"""Kept parses, as many as an album has tracks."""
_kept: dict[Path, Parse] = {}


def keep(path: Path, parse: Parse) -> None:
    """Keep the parse of a file for the next `take`, in place of the oldest."""
    _kept.pop(path, None)
    if parse.source.is_comparable:
        _kept[path] = parse
    while len(_kept) > MOST:
        del _kept[next(iter(_kept))]


def take(path: Path, file: BinaryIO) -> Parse | None:
    """Return the kept parse of a file if it is the parse of an open file too, and forget it.

    Args:
        path: The path of `keep`.
        file: The open file.

    """
    parse = _kept.pop(path, None)
    return parse if parse and parse.source.move_to(file) else None
