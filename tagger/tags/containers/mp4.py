"""MP4 and M4A: nested atoms, and tables of absolute offsets into the sound.

ISO/IEC 14496-12; Apple's QuickTime File Format, "Metadata". The tag is `moov.udta.meta.ilst`, its
padding a `free` atom behind it. When the tag outgrows the padding and the sound follows `moov`, the
offsets in all tables change: `stco`, `co64`, and `tfhd` and `tfra` of a fragmented file.

A `meta` atom without a version, as QuickTime has it, gets the version of ISO/IEC 14496-12. Some
readers, such as mutagen, find no tag without it.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from mutagen.id3 import TCON

from tagger.core.domain import GROUPING
from tagger.tags.containers.base import (
    Container,
    Item,
    MalformedError,
    Piece,
    RawTag,
    Span,
    check_count,
)
from tagger.tags.containers.stream import file_size, read_at
from tagger.tags.containers.texts import lenient
from tagger.tags.containers.user_data import BEFORE, BEHIND, UserData

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

HEADER: Final = 8
DATA_HEADER: Final = 16
TEXT: Final = 1
UTF16: Final = (2, 5)
"""Types of values in UTF-16, big endian; 5 is for sorting."""
META_VERSION: Final = bytes(4)
HANDLER: Final = struct.pack(">I4sII4s4s9s", 33, b"hdlr", 0, 0, b"mdir", b"appl", bytes(9))
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
JUNK: Final = b""
"""The name of bytes behind the last atom."""
UNMOVABLE: Final = b"saio"
"""Tables of offsets to encryption data, absolute or relative."""


def atom(name: bytes, body: bytes) -> bytes:
    """Return the bytes of an atom."""
    if len(body) + HEADER >= 1 << 32:
        raise MalformedError("an atom exceeds 4 GB")
    return struct.pack(">I4s", HEADER + len(body), name) + body


@dataclass(frozen=True, slots=True)
class Atom:
    """An atom in a byte string: its name and the offsets of its parts."""

    name: bytes
    start: int
    body: int
    end: int


def walk(data: bytes, at: int, end: int) -> list[Atom]:
    """Return the atoms that fill `data[at:end]`.

    Args:
        data: The bytes.
        at: The offset of the first atom.
        end: The offset after the last atom.

    Raises:
        MalformedError: an atom is cut off, or longer than the part.
    """
    atoms = []
    while at + HEADER <= end:
        size, name = struct.unpack_from(">I4s", data, at)
        body = at + HEADER
        if size == 1 and body + 8 <= end:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        stop = end if size == 0 else at + size
        if not body <= stop <= end:
            raise MalformedError("an atom is longer than its parent")
        atoms.append(Atom(name, at, body, stop))
        check_count(len(atoms))
        at = stop
    if data[at:end].strip(b"\0"):
        raise MalformedError("an atom is cut off")
    return atoms


_GROUPING: Final = "\xa9grp"
_FREEFORM: Final = "----"
_MEAN: Final = b"com.apple.iTunes"


@dataclass(frozen=True, slots=True)
class Ilst(RawTag):
    """The item list; `reserved_bytes` counts the `ilst` atom and a `free` atom right behind it."""

    genre_names: ClassVar = frozenset({"\xa9gen", "gnre"})

    @classmethod
    def parse(cls, data: bytes, reserved_bytes: int) -> Ilst:
        """Split the contents of an `ilst` atom."""
        return cls(
            tuple(
                Item(a.name.decode("latin-1"), data[a.start : a.end])
                for a in walk(data, 0, len(data))
            ),
            reserved_bytes,
        )

    def genres(self) -> tuple[str, ...]:
        """Every text of `©gen`; without it `gnre`, an ID3v1 number plus one."""
        texts, numbers = [], []
        for _, item in self.genre_items:
            for kind, value in _values(item.raw):
                if item.name == "gnre":
                    numbers.append(int.from_bytes(value[-2:], "big") - 1)
                elif kind in UTF16:
                    texts.append(value.removeprefix(b"\xfe\xff").decode("utf-16-be", "replace"))
                else:
                    texts.append(lenient(value))
        named = [TCON.GENRES[n] for n in numbers if 0 <= n < len(TCON.GENRES)]
        return tuple(text for text in texts if text.strip()) or tuple(named)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the names and the texts of the items in UTF-8."""
        for item in self.items:
            for kind, value in _values(item.raw):
                if kind == TEXT:
                    yield item.name, value.decode("utf-8", "replace")

    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one `©gen` with a value for each genre; a `gnre` would contradict it."""
        values = b"".join(_text(genre) for genre in genres)
        return (Item("\xa9gen", atom(b"\xa9gen", values)),)

    def field_of(self, item: Item) -> str:
        """Return `GROUPING` for `©grp`, and the name of an iTunes freeform item."""
        if item.name == _GROUPING:
            return GROUPING
        if item.name != _FREEFORM:
            return ""
        parts = {part.name: item.raw[part.body + 4 : part.end] for part in _parts(item.raw)}
        name = parts.get(b"name", b"").decode("utf-8", "replace")
        return name.upper() if parts.get(b"mean") == _MEAN else ""

    def texts_of(self, item: Item) -> tuple[str, ...]:
        """Return the texts of the values."""
        return tuple(lenient(value) for _, value in _values(item.raw))

    def encode_field(self, field: str, texts: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one item with a value for each text."""
        values = b"".join(_text(text) for text in texts)
        if field == GROUPING:
            return (Item(_GROUPING, atom(_GROUPING.encode("latin-1"), values)),)
        head = atom(b"mean", bytes(4) + _MEAN) + atom(b"name", bytes(4) + field.encode())
        return (Item(_FREEFORM, atom(_FREEFORM.encode(), head + values)),)

    def render(self) -> bytes:
        """Return `ilst`, and `free` up to `reserved_bytes` if both fit."""
        body = atom(b"ilst", b"".join(item.raw for item in self.items))
        left = self.reserved_bytes - len(body)
        return body + atom(b"free", bytes(left - HEADER)) if left >= HEADER else body


def _text(text: str) -> bytes:
    return atom(b"data", struct.pack(">II", TEXT, 0) + text.encode())


def _parts(raw: bytes) -> list[Atom]:
    return walk(raw, HEADER, len(raw))


def _values(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the type and the bytes of each value."""
    for part in _parts(raw):
        if part.name == b"data":
            kind = int.from_bytes(raw[part.body : part.body + 4], "big")
            yield kind, raw[part.start + DATA_HEADER : part.end]


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
        self._path = self._find_path()
        self.tags: Mapping[str, RawTag] = {}
        found = self._children(self._path[-1]) if len(self._path) == 3 else []
        for i, child in enumerate(found):
            if child.name == b"ilst":
                reserved_bytes = child.end - child.start
                if i + 1 < len(found) and found[i + 1].name == b"free":
                    reserved_bytes += found[i + 1].end - found[i + 1].start
                self.tags = {"ilst": Ilst.parse(self._data[child.body : child.end], reserved_bytes)}
                break
        texts = UserData(tuple(self._user_data()), 0)
        self._has_texts = bool(texts.genre_items)
        if self._has_texts:
            self.tags = {**self.tags, "udta": texts}

    def _user_data(self) -> Iterator[Item]:
        """Yield the atoms of `udta` without `meta`."""
        place = BEFORE
        for child in self._children(self._path[1]) if len(self._path) > 1 else ():
            if len(self._path) > 2 and child == self._path[2]:
                place = BEHIND
            else:
                raw = self._data[child.start : child.end]
                yield Item(child.name.decode("latin-1"), raw, place)

    def _find_path(self) -> list[Atom]:
        """Return the existing atoms of moov, moov.udta and moov.udta.meta."""
        path = [walk(self._data, 0, len(self._data))[0]]
        for name in (b"udta", b"meta"):
            inner = next((a for a in self._children(path[-1]) if a.name == name), None)
            if inner is None:
                break
            path.append(inner)
        return path

    def _children(self, parent: Atom) -> list[Atom]:
        bare = self._data[parent.body + 4 : parent.body + 8] == b"hdlr"
        skip = len(META_VERSION) if parent.name == b"meta" and not bare else 0
        return walk(self._data, parent.body + skip, parent.end)

    def empty(self) -> RawTag:
        """Return a list without items."""
        return Ilst((), 0)

    def compose(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Rewrite `moov` and move every offset that points behind it."""
        if self._top[-1].end > self._size:
            raise MalformedError("an atom reaches beyond the end of the file")
        tag = tags.get("ilst")
        self._texts = tags.get("udta")
        moov = self._rebuilt(0, tag.render() if tag else None)
        shift = len(moov) - len(self._data)
        if shift:
            moov = self._moved(moov, shift)
        for top in self._top:
            if top is self._moov:
                yield moov
            elif shift and top.start in self._fragments:
                yield self._moved(self._fragments[top.start], shift)
            else:
                yield Span(top.start, top.end - top.start)

    def _rebuilt(self, depth: int, tag: bytes | None) -> bytes:
        """Return the atom at `depth` of the path with this tag, or without a tag.

        Without a tag, a `meta` with no other content is removed, and a `udta` likewise.
        """
        if depth == len(self._path):
            body = b"" if tag is None else tag
            if depth == 2 and body:
                body = atom(b"meta", META_VERSION + HANDLER + body)
            elif depth == 1 and body:
                body = atom(b"udta", atom(b"meta", META_VERSION + HANDLER + body))
            return body
        this = self._path[depth]
        if this.name == b"meta":
            inside = self._meta_body(tag)
            if tag is None and not inside:
                return b""
        else:
            inside = self._body(this, depth, tag)
            if this.name == b"udta" and not inside:
                return b""
        head = self._data[this.start : this.body]
        size = len(head) + len(inside)
        if len(head) == HEADER:
            return struct.pack(">I", size) + head[4:] + inside
        return head[:8] + struct.pack(">Q", size) + inside

    def _body(self, this: Atom, depth: int, tag: bytes | None) -> bytes:
        children = self._children(this)
        tail = self._data[children[-1].end if children else this.body : this.end]
        if this.name == b"udta" and self._has_texts:
            return self._with_texts(depth, tag) + tail
        inner = self._path[depth + 1] if depth + 1 < len(self._path) else None
        parts = [
            self._rebuilt(depth + 1, tag) if child == inner else self._data[child.start : child.end]
            for child in children
        ]
        if inner is None:
            parts.append(self._rebuilt(depth + 1, tag))
        return b"".join(parts) + tail

    def _with_texts(self, depth: int, tag: bytes | None) -> bytes:
        """Return the body of `udta` with other texts around `meta`."""
        texts = self._texts
        if not isinstance(texts, UserData):
            return self._rebuilt(depth + 1, tag)
        meta = self._rebuilt(depth + 1, tag)
        return texts.render_place(BEFORE) + meta + texts.render_place(BEHIND)

    def _meta_body(self, tag: bytes | None) -> bytes:
        meta = self._path[-1]
        parts, children = [], self._children(meta)
        placed = False
        behind = b""
        for child in children:
            if child.name == b"ilst" and not placed:
                parts.append(tag or b"")
                placed = True
            elif not (child.name == b"free" and behind == b"ilst"):
                parts.append(self._data[child.start : child.end])
            behind = child.name
        if not placed and tag:
            parts.append(tag)
        if tag is None and {c.name for c in children} <= {b"hdlr", b"ilst", b"free"}:
            return b""
        versioned = children and children[0].start > meta.body
        version = self._data[meta.body : children[0].start] if versioned else META_VERSION
        return version + b"".join(parts)

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
