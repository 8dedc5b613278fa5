"""Bytes that belong to no field and that a composed file would lose, such as odd padding.

A write composes a file from its fields. Undo composes it again, and then puts these bytes back. So
undo restores every byte of a file whose other fields are unchanged.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tagger.tags.containers.base import Span, size_of
from tagger.tags.fingerprint import contents

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from tagger.tags.containers.base import Piece

LARGEST: Final = 8 << 20
"""Bytes of a part of a file that is compared."""
LARGEST_RESIDUE: Final = 1 << 18
"""Bytes of a residue, compressed."""


@dataclass(frozen=True, slots=True)
class Residue:
    """The difference between a part of a file as composed and as it was."""

    composed: str
    """The SHA-256 of the composed part; another part is left unchanged."""
    start: int
    length: int
    """The bytes of the composed part that are replaced."""
    original: bytes
    """The bytes from before, compressed by zlib."""

    def restored(self, part: bytes) -> bytes:
        """Return the part as it was."""
        if _digest(part) != self.composed:
            return part
        original = zlib.decompress(self.original)
        return part[: self.start] + original + part[self.start + self.length :]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a file before and behind its largest span, which is the sound."""

    head: bytes
    sound: Span
    tail: bytes


def split(file: BinaryIO, pieces: Iterable[Piece]) -> Parts | None:
    """Split a composed file at its largest span.

    Args:
        file: The file of the spans.
        pieces: The pieces.

    Returns:
        The parts, None where a part is too large to compare.

    """
    pieces = list(pieces)
    sizes = [piece.size if isinstance(piece, Span) else 0 for piece in pieces]
    at = sizes.index(max(sizes))
    sound = pieces[at]
    if not isinstance(sound, Span):
        return None
    sides = pieces[:at], pieces[at + 1 :]
    if any(size_of(side) > LARGEST for side in sides):
        return None
    head, tail = (b"".join(contents(file, side)) for side in sides)
    return Parts(head, sound, tail)


def difference(composed: bytes, original: bytes) -> Residue | None:
    """Return the residue of a part; None for equal parts, or a residue that is too large."""
    if composed == original:
        return None
    start = _common(composed, original)
    same = _common(composed[start:][::-1], original[start:][::-1])
    raw = zlib.compress(original[start : len(original) - same])
    if len(raw) > LARGEST_RESIDUE:
        return None
    return Residue(_digest(composed), start, len(composed) - same - start, raw)


def _common(one: bytes, other: bytes) -> int:
    """Return the length of the common beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
