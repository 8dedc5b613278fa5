"""Bytes that belong to no field and that a composed file would lose, such as odd padding.

A write composes a file from its fields. Undo composes it again, and then puts these bytes back. So
undo restores every byte of a file whose other fields are unchanged.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tagger.tags import delta
from tagger.tags.containers.base import Span, size_of
from tagger.tags.fingerprint import contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from tagger.tags.containers.base import Piece, Raw

LARGEST: Final = 16 << 20
"""Bytes of a part of a file that is compared."""
LARGEST_RESIDUE: Final = 1 << 18
"""Bytes of a residue, compressed."""
_COPY: Final = struct.Struct("<IiI")
"""Bytes of the original before a copy, its distance from the end of the last copy, its size."""


@dataclass(frozen=True, slots=True)
class Residue:
    """The difference between a part of a file as composed and as it was."""

    composed: str
    """The SHA-256 of the composed part; another part is left unchanged."""
    start: int
    length: int
    """The bytes of the composed part that are replaced."""
    original: bytes
    """The bytes from before without the copies, compressed by zlib."""
    copies: bytes = zlib.compress(b"")
    """The parts of the replaced bytes that were elsewhere before, compressed by zlib."""

    def restored(self, part: bytes) -> Iterator[Raw]:
        """Yield the part as it was, in pieces, because a picture may be large."""
        if _digest(part) != self.composed:
            yield part
            return
        own, at, here = zlib.decompress(self.original), 0, self.start
        view = memoryview(part)
        yield view[: self.start]
        for count, distance, size in _COPY.iter_unpack(zlib.decompress(self.copies)):
            here += distance
            yield own[at : at + count]
            yield view[here : here + size]
            at, here = at + count, here + size
        yield own[at:]
        yield view[self.start + self.length :]


@dataclass(frozen=True, slots=True)
class Parts:
    """The pieces of a file before and behind its largest span, which is the sound."""

    head: list[Piece]
    sound: Span
    tail: list[Piece]


def split(pieces: Iterable[Piece]) -> Parts | None:
    """Split a composed file at its largest span; None where a part is too large to compare."""
    pieces = list(pieces)
    sizes = [piece.size if isinstance(piece, Span) else 0 for piece in pieces]
    at = sizes.index(max(sizes))
    sound = pieces[at]
    if not isinstance(sound, Span):
        return None
    head, tail = pieces[:at], pieces[at + 1 :]
    if size_of(head) > LARGEST or size_of(tail) > LARGEST:
        return None
    return Parts(head, sound, tail)


def joined(file: BinaryIO, pieces: Iterable[Piece]) -> bytes:
    """Return the bytes of the pieces of a part, with the spans of a file."""
    return b"".join(contents(file, pieces))


def difference(composed: bytes, original: bytes) -> Residue | None:
    """Return the residue of a part; None for equal parts, or a residue that is too large.

    A part without a place of its own, such as a picture behind moved padding, is a copy.
    """
    if composed == original:
        return None
    start = delta.common(composed, original)
    same = delta.common_end(composed, original, min(len(composed), len(original)) - start)
    stop, length = len(original) - same, len(composed) - same - start
    own, copies, at, here = bytearray(), bytearray(), start, start
    for copy in delta.copies(composed, original, start, stop):
        own += original[at : copy.at]
        copies += _COPY.pack(copy.at - at, copy.place - here, copy.size)
        at, here = copy.at + copy.size, copy.place + copy.size
    raw, moved = zlib.compress(own + original[at:stop]), zlib.compress(copies)
    if len(raw) + len(moved) > LARGEST_RESIDUE:
        return None
    return Residue(_digest(composed), start, length, raw, moved)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
