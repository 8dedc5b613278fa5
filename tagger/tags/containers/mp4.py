"""MP4 and M4A: nested atoms, and tables of absolute offsets into the sound.

ISO/IEC 14496-12; Apple's QuickTime File Format, "Metadata". The tag is `moov.udta.meta.ilst`, its
padding a `free` atom behind it. When the tag outgrows the padding and the sound follows `moov`, the
offsets in all tables change: `stco`, `co64`, and `tfhd` and `tfra` of a fragmented file. A file
with other offsets, such as those of the items of a `meta` (`iloc`), is refused then.

A `meta` atom without a version, as QuickTime has it, gets the version of ISO/IEC 14496-12. Some
readers, such as mutagen, find no tag without it.
"""

from __future__ import annotations

import itertools
import struct
from functools import partial
from typing import TYPE_CHECKING, Final

from tagger.tags.containers.base import (
    Container,
    MalformedError,
    Piece,
    RawTag,
    Span,
    check_count,
    size_of,
)
from tagger.tags.containers.ilst import Ilst
from tagger.tags.containers.movie import Movie
from tagger.tags.containers.mp4_atoms import HEADER, Atom, walk
from tagger.tags.containers.stream import file_size, read_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

CONTAINERS: Final = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mfra"}
)
"""Atoms that contain tables of offsets, directly or in other atoms."""
NEEDED: Final = frozenset({b"moov", b"mdat"})
"""The atoms of a whole file."""
TOP: Final = frozenset(
    b"ftyp moov mdat moof mfra free skip wide sidx styp meta uuid udta pdin emsg prft ssix".split()
)
"""The names of top-level atoms."""
OUTSIDE: Final = frozenset({b"meta", b"udta"})
"""Top-level atoms that may contain tags; no program is known that writes them."""
JUNK: Final = b""
"""The name of bytes behind the last atom."""
UNMOVABLE: Final = b"saio"
"""Tables of offsets to encryption data, absolute or relative."""


class Mp4File(Container):
    """An MP4 file."""

    primary = "ilst"

    def __init__(self, file: BinaryIO) -> None:
        self._size = file_size(file)
        self._top = list(_top_atoms(file, self._size))
        moov = next((a for a in self._top if a.name == b"moov"), None)
        if moov is None:
            raise MalformedError("no moov atom")
        self._moov = moov
        self._data = read_at(file, moov.start, moov.end - moov.start)
        self._fragments = {
            a.start: read_at(file, a.start, a.end - a.start)
            for a in self._top
            if a.name in (b"moof", b"mfra") and a.start > moov.start
        }
        self._movie = Movie(self._data)
        places = {kind: place.tag for kind, place in self._movie.places.items()}
        self.tags: Mapping[str, RawTag] = {**self._movie.tags, **places}
        self._has_items_outside = False
        self._outside = dict(self._tags_outside(file))
        self.tags = {**self.tags, **self._outside}

    def _tags_outside(self, file: BinaryIO) -> Iterator[tuple[str, RawTag]]:
        """Yield the tags with genres in atoms beside `moov`."""
        for top in self._top:
            if top.name in OUTSIDE and top.end <= self._size:
                movie = Movie(read_at(file, top.start, top.end - top.start))
                self._has_items_outside |= movie.has_items
                for kind, place in movie.places.items():
                    yield f"{kind} of {top.name.decode()} at {top.start}", place.tag

    @property
    def companions(self) -> Mapping[str, RawTag]:
        """Every other list and text with a genre: FFmpeg reads them all."""
        return {kind: tag for kind, tag in self.tags.items() if kind != self.primary}

    def empty(self) -> RawTag:
        """Return a list without items."""
        return Ilst((), 0)

    def compose(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Rewrite `moov` and move every offset that points behind it."""
        if self._top[-1].end > self._size:
            raise MalformedError("an atom reaches beyond the end of the file")
        if any(tags.get(kind, tag) != tag for kind, tag in self._outside.items()):
            raise MalformedError("its genre is in an atom beside 'moov', which cannot be written")
        moov = self._movie.composed(tags)
        if shift := size_of(moov) - len(self._data):
            self._check_movable()
            moov = self._movie.composed(tags, partial(self._moved, shift=shift))
        for top in self._top:
            if top is self._moov:
                yield from moov
            elif shift and top.start in self._fragments:
                yield self._moved(self._fragments[top.start], shift)
            else:
                yield Span(top.start, top.end - top.start)

    def _check_movable(self) -> None:
        """Raise MalformedError for offsets that are not corrected, if atoms behind `moov` move."""
        if self._top[-1] is self._moov:
            return
        if self._movie.has_items or self._has_items_outside:
            raise MalformedError("it has items, whose offsets cannot be moved")
        if any(a.name == b"sidx" and a.start < self._moov.start for a in self._top):
            raise MalformedError("its index of segments cannot be moved")

    def _moved(self, data: bytes, shift: int) -> bytes:
        """Add `shift` to every offset in `data` that points behind `moov`."""
        moved = bytearray(data)
        for table in _leaves(data, 0, len(data)):
            for form, at in _offsets(data, table):
                self._move(moved, form, at, shift)
        return bytes(moved)

    def _move(self, data: bytearray, form: str, at: int, shift: int) -> None:
        (offset,) = struct.unpack_from(form, data, at)
        if offset >= self._moov.end:
            try:
                struct.pack_into(form, data, at, offset + shift)
            except struct.error as error:
                raise MalformedError("an offset would exceed 4 GB") from error


def _offsets(data: bytes, table: Atom) -> Iterator[tuple[str, int]]:
    """Return the place and the width of a table's offsets from the beginning of the file."""
    at = table.body
    match table.name:
        case b"stco" | b"co64":
            form, width = (">I", 4) if table.name == b"stco" else (">Q", 8)
            (count,) = struct.unpack_from(">I", data, at + 4)
            yield from ((form, at + 8 + i * width) for i in _within(table, 8, count, width))
        case b"tfhd" if data[at + 3] & 1:
            yield from ((">Q", at + 8) for _ in _within(table, 8, 1, 8))
        case b"tfra":
            form, width = (">Q", 8) if data[at] else (">I", 4)
            sizes, count = struct.unpack_from(">II", data, at + 8)
            step = 2 * width + 3 + (sizes >> 4 & 3) + (sizes >> 2 & 3) + (sizes & 3)
            entries = _within(table, 16, count, step)
            yield from ((form, at + 16 + i * step + width) for i in entries)
        case name if name == UNMOVABLE:
            raise MalformedError("an encrypted file, whose offsets cannot be moved")


def _within(table: Atom, head: int, count: int, step: int) -> range:
    if table.body + head + count * step > table.end:
        raise MalformedError("an offset table is longer than its atom")
    return range(count)


def _leaves(data: bytes, at: int, end: int) -> Iterator[Atom]:
    for child in walk(data, at, end):
        if child.name in CONTAINERS:
            yield from _leaves(data, child.body, child.end)
        else:
            yield child


def _top_atoms(file: BinaryIO, end: int) -> Iterator[Atom]:
    """Yield the atoms of a file; the last one may be cut off, or junk behind the others."""
    at = 0
    names: set[bytes] = set()
    for count in itertools.count():
        if at >= end:
            return
        check_count(count)
        header = read_at(file, at, min(16, end - at))
        size, name = struct.unpack_from(">I4s", header.ljust(HEADER, b"\0"))
        body = at + HEADER
        if size == 1 and len(header) == 16:
            (size,) = struct.unpack_from(">Q", header, 8)
            body += 8
        stop = end if size == 0 else at + size
        if not body <= stop <= end and names >= NEEDED and name not in TOP:
            yield Atom(JUNK, at, at, end)
            return
        if stop < body or len(header) < HEADER:
            raise MalformedError("an atom is cut off")
        names.add(name)
        yield Atom(name, at, body, stop)
        at = stop
