"""ASF (WMA): a header of objects, of which three hold attributes with names.

Advanced Systems Format specification, sections 3.10, 3.11, 4.7 and 4.8. As in TagLib and mutagen,
the first value of an attribute goes into the Extended Content Description, further ones into the
Metadata Library. All of them read the Metadata Object as well; no new attribute goes there.
"""

from __future__ import annotations

import itertools
import struct
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from mutagen.id3 import TCON

from tagger.core.domain import GROUPING
from tagger.tags.containers.base import (
    Container,
    Item,
    MalformedError,
    Piece,
    Raw,
    RawTag,
    Span,
    check_count,
    size_of,
)
from tagger.tags.containers.stream import file_size, read_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO


def _guid(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


HEADER_OBJECT: Final = _guid("75B22630-668E-11CF-A6D9-00AA0062CE6C")
FILE_PROPERTIES: Final = _guid("8CABDCA1-A947-11CF-8EE4-00C00C205365")
EXTENDED_CONTENT: Final = _guid("D2D0A440-E307-11D2-97F0-00A0C95EA850")
HEADER_EXTENSION: Final = _guid("5FBF03B5-A92E-11CF-8EE3-00C00C205365")
METADATA_OBJECT: Final = _guid("C5F8CBEA-5BAF-4877-8467-AA8C44FA4CCA")
METADATA_LIBRARY: Final = _guid("44231C94-9498-49D1-A141-1D134E457054")
PADDING: Final = _guid("1806D474-CADF-4509-A4BA-9AABCB96AAE8")

HEADER_SIZE: Final = 30
OBJECT_HEADER: Final = 24
EXTENSION_HEADER: Final = 22
UNICODE: Final = 0
FILE_SIZE_AT: Final = 16
"""The offset of the file size in the contents of the file properties."""
CONTENT, METADATA, LIBRARY = "content", "metadata", "library"
_PLACES: Final = {
    CONTENT: EXTENDED_CONTENT,
    METADATA: METADATA_OBJECT,
    LIBRARY: METADATA_LIBRARY,
}
"""The objects with attributes, in the order of mutagen; the header extension has the last two."""
AsfParts = list[Raw]
"""The bytes of an object, the first part with its header."""
_GROUPING: Final = "WM/ContentGroupDescription"
_GENRES: Final = {name.lower(): name for name in ("WM/Genre", "WM/GenreID")}
"""The genres by their names in small letters, which FFmpeg reads as well."""


@dataclass(frozen=True, slots=True)
class AsfAttributes(RawTag):
    """The attributes of all places; `reserved_bytes` counts the objects and the padding."""

    extensible: bool = True
    """Whether there is a header extension, which contains a Metadata Library."""

    genre_names: ClassVar = frozenset(_GENRES.values())

    def genres(self) -> tuple[str, ...]:
        """Every `WM/Genre`; without one `WM/GenreID`, an ID3v1 number."""
        texts = {"WM/Genre": list[str](), "WM/GenreID": list[str]()}
        for _, item in self.genre_items:
            texts[item.name].append(_value(item).decode("utf-16-le", "replace").strip("\0 "))
        numbers = TCON(encoding=3, text=texts["WM/GenreID"]).genres
        return tuple(t for t in texts["WM/Genre"] if t) or tuple(numbers)

    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one item for each genre; `WM/GenreID` is dropped, because it would contradict."""
        return self._attributes("WM/Genre", genres)

    def field_of(self, item: Item) -> str:
        """Return the name of the attribute; `WM/ContentGroupDescription` is `GROUPING`."""
        return GROUPING if item.name == _GROUPING else item.name.upper()

    def texts_of(self, item: Item) -> tuple[str, ...]:
        """Return the text of the attribute."""
        return (_value(item).decode("utf-16-le", "replace").strip("\0 "),)

    def encode_field(self, field: str, texts: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one attribute for each value."""
        return self._attributes(_GROUPING if field == GROUPING else field, texts)

    def _attributes(self, name: str, texts: tuple[str, ...]) -> tuple[Item, ...]:
        places = [CONTENT] + [LIBRARY if self.extensible else CONTENT] * (len(texts) - 1)
        return tuple(
            Item(name, _attribute(place, name, text), place)
            for place, text in zip(places, texts, strict=True)
        )

    def place_pieces(self, place: str) -> list[Raw]:
        """Return the object of one place."""
        items = [item for item in self.items if item.place == place]
        parts = [part for item in items for part in item.parts]
        return _object(_PLACES[place], [struct.pack("<H", len(items)), *parts])


def _object(name: bytes, body: list[Raw]) -> AsfParts:
    return [name + struct.pack("<Q", OBJECT_HEADER + size_of(body)), *body]


def _attribute(place: str, name: str, value: str) -> bytes:
    key, text = f"{name}\0".encode("utf-16-le"), f"{value}\0".encode("utf-16-le")
    if place == CONTENT:
        head = struct.pack("<H", len(key)) + key
        return head + struct.pack("<HH", UNICODE, len(text)) + text
    return struct.pack("<HHHHI", 0, 0, len(key), UNICODE, len(text)) + key + text


def _value(item: Item) -> bytes:
    if item.place == CONTENT:
        at = 2 + int.from_bytes(item.raw[:2], "little")
        return item.raw[at + 4 :]
    return item.raw[12 + int.from_bytes(item.raw[4:6], "little") :]


def _attributes(body: Raw, place: str) -> Iterator[Item]:
    (count,) = struct.unpack_from("<H", body)
    at = 2
    for _ in range(count):
        start = at
        if place == CONTENT:
            (key_size,) = struct.unpack_from("<H", body, at)
            key = body[at + 2 : at + 2 + key_size]
            _, size = struct.unpack_from("<HH", body, at + 2 + key_size)
            at += 6 + key_size + size
        else:
            _, _, key_size, _, size = struct.unpack_from("<HHHHI", body, at)
            key = body[at + 12 : at + 12 + key_size]
            at += 12 + key_size + size
        if at > len(body):
            raise MalformedError("an attribute is longer than its object")
        name = bytes(key).decode("utf-16-le", "replace").rstrip("\0")
        yield Item.of(_GENRES.get(name.lower(), name), body[start:at], place)


@dataclass(frozen=True, slots=True)
class AsfObject:
    """An object of the header: its name and its contents."""

    name: bytes
    body: memoryview

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return OBJECT_HEADER + len(self.body)


def _objects(data: memoryview) -> list[AsfObject]:
    objects, at = list[AsfObject](), 0
    while at + OBJECT_HEADER <= len(data):
        (size,) = struct.unpack_from("<Q", data, at + 16)
        if size < OBJECT_HEADER or at + size > len(data):
            raise MalformedError("an ASF object is longer than its parent")
        check_count(len(objects))
        objects.append(AsfObject(bytes(data[at : at + 16]), data[at + OBJECT_HEADER : at + size]))
        at += size
    if at != len(data):
        raise MalformedError("an ASF object is cut off")
    return objects


class AsfFile(Container):
    """An ASF file."""

    primary = "asf"

    def __init__(self, file: BinaryIO) -> None:
        self._file_size = file_size(file)
        head = read_at(file, 0, HEADER_SIZE)
        size, _ = struct.unpack_from("<QI", head, 16)
        if not HEADER_SIZE <= size <= self._file_size:
            raise MalformedError("the ASF header is cut off")
        self._reserved = head[28:]
        self._objects = _objects(memoryview(read_at(file, HEADER_SIZE, size - HEADER_SIZE)))
        self._rest = Span(size, self._file_size - size)
        self._inner = [
            inner
            for o in self._objects
            if o.name == HEADER_EXTENSION
            for inner in _objects(o.body[EXTENSION_HEADER:])
        ]
        found = {
            place: [
                o for o in (self._objects if place == CONTENT else self._inner) if o.name == name
            ]
            for place, name in _PLACES.items()
        }
        extensions = sum(o.name == HEADER_EXTENSION for o in self._objects)
        if max(extensions, *map(len, found.values())) > 1:
            raise MalformedError("an ASF object that must be single is repeated")
        self._standing = {place for place in (CONTENT, METADATA) if found[place]}
        self._padding = sum(o.size for o in self._objects + self._inner if o.name == PADDING)
        self._extensible = extensions == 1
        self.tags: Mapping[str, RawTag] = {}
        if any(found.values()):
            objects = [(o, place) for place in found for o in found[place]]
            items = [item for o, place in objects for item in _attributes(o.body, place)]
            reserved_bytes = sum(o.size for o, _ in objects) + self._padding
            self.tags = {"asf": AsfAttributes(tuple(items), reserved_bytes, self._extensible)}

    def empty(self) -> RawTag:
        """Return an empty set of attributes that may use the existing padding."""
        return AsfAttributes((), self._padding, self._extensible)

    def compose(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Keep every other object in its place; the padding replaces the first padding."""
        tag = tags.get("asf")
        new: dict[str, AsfParts] = {place: [] for place in _PLACES}
        padding: AsfParts = []
        if isinstance(tag, AsfAttributes):
            new = {place: self._place(tag, place) for place in _PLACES}
            left = tag.reserved_bytes - sum(map(size_of, new.values())) - OBJECT_HEADER
            padding = _object(PADDING, [bytes(left)]) if left >= 0 else []
        parts = _replaced(self._objects, {EXTENDED_CONTENT: new[CONTENT], PADDING: padding})
        inner = {_PLACES[place]: new[place] for place in (METADATA, LIBRARY)}
        parts = [
            self._extension(inner) if bytes(part[0]).startswith(HEADER_EXTENSION) else part
            for part in parts
        ]
        size = HEADER_SIZE + sum(map(size_of, parts))
        parts = [
            self._sized(part, size) if bytes(part[0]).startswith(FILE_PROPERTIES) else part
            for part in parts
        ]
        yield HEADER_OBJECT + struct.pack("<QI", size, len(parts)) + self._reserved
        yield from itertools.chain.from_iterable(parts)
        yield self._rest

    def _place(self, tag: AsfAttributes, place: str) -> list[Raw]:
        """Render one place; an empty library is left out, or undo would keep that of a write."""
        needed = place in self._standing or any(item.place == place for item in tag.items)
        return tag.place_pieces(place) if needed else []

    def _extension(self, new: dict[bytes, AsfParts]) -> AsfParts:
        body = next(o.body for o in self._objects if o.name == HEADER_EXTENSION)
        inside = [p for part in _replaced(self._inner, {**new, PADDING: []}) for p in part]
        head = bytes(body[: EXTENSION_HEADER - 4]) + struct.pack("<I", size_of(inside))
        return _object(HEADER_EXTENSION, [head, *inside])

    def _sized(self, parts: AsfParts, header: int) -> AsfParts:
        """Correct the size of the file, where it was correct."""
        at = OBJECT_HEADER + FILE_SIZE_AT
        part = b"".join(parts)
        if int.from_bytes(part[at : at + 8], "little") != self._file_size:
            return parts
        return [part[:at] + struct.pack("<Q", header + self._rest.size) + part[at + 8 :]]


def _replaced(objects: list[AsfObject], new: dict[bytes, AsfParts]) -> list[AsfParts]:
    """Render objects with new objects in place of the first of their names, or at the end."""
    fresh = new.copy()
    parts = [fresh.pop(o.name, []) if o.name in new else _object(o.name, [o.body]) for o in objects]
    return [part for part in (*parts, *fresh.values()) if part]
