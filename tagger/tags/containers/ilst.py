"""The item list of MP4: Apple's atoms by name, or by the number of a key.

Apple's QuickTime File Format, "Metadata". An item of a list beside a `keys` atom has the number of
its key, such as `com.apple.quicktime.genre`. FFmpeg reads such items, TagLib and mutagen do not.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from mutagen.id3 import TCON

from tagger.core.domain import GENRE, GROUPING
from tagger.tags.containers.base import Item, Raw, RawTag, size_of
from tagger.tags.containers.id3 import V23_SEPARATOR
from tagger.tags.containers.mp4_atoms import HEADER, Atom, atom, headed, walk
from tagger.tags.containers.texts import lenient

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA_HEADER: Final = 16
TEXT: Final = 1
UTF16: Final = (2, 5)
"""Types of values in UTF-16, big endian; 5 is for sorting."""
_GROUPING: Final = "\xa9grp"
_FREEFORM: Final = "----"
_MEAN: Final = b"com.apple.iTunes"
_FREEFORM_GENRE: Final = "---- GENRE"
_KEYED: Final = "key "
"""Before the name of the key of a numbered item."""


@dataclass(frozen=True, slots=True)
class Ilst(RawTag):
    """The item list; `reserved_bytes` counts the `ilst` atom and a `free` atom right behind it."""

    additional: bool = False
    """Whether it is in another place than that of the primary tag."""

    genre_names: ClassVar = frozenset(
        {"\xa9gen", "gnre", _FREEFORM_GENRE, "key genre", "key com.apple.quicktime.genre"}
    )

    @classmethod
    def parse(
        cls,
        data: Raw,
        reserved_bytes: int,
        keys: tuple[str, ...] = (),
        *,
        additional: bool = False,
    ) -> Ilst:
        """Split the contents of an `ilst` atom.

        Args:
            data: The contents.
            reserved_bytes: See `RawTag`.
            keys: The names of numbered items.
            additional: See the attribute.

        """
        raws = (data[a.start : a.end] for a in walk(data, 0, len(data)))
        items = tuple(Item.of(_name(raw, keys), raw) for raw in raws)
        return cls(items, reserved_bytes, additional)

    def genres(self) -> tuple[str, ...]:
        """Every text of `©gen`; else keyed or freeform texts; else `gnre`, a number plus one."""
        found: dict[bool, list[str]] = {True: [], False: []}
        numbers = []
        for _, item in self.genre_items:
            for kind, value in _values(item.raw):
                if item.name == "gnre":
                    numbers.append(int.from_bytes(value[-2:], "big") - 1)
                elif text := _decoded(kind, value).strip():
                    found[item.name == "\xa9gen"].append(text)
        named = [TCON.GENRES[n] for n in numbers if 0 <= n < len(TCON.GENRES)]
        return tuple(found[True] or found[False] or named)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the names and the texts of the items in UTF-8."""
        for item in self.items:
            for kind, value in () if item.rest else _values(item.raw):
                if kind == TEXT:
                    yield item.name, value.decode("utf-8", "replace")

    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one `©gen` with a value for each genre, and one joined text for a key.

        A `gnre` or a freeform genre would contradict it.
        """
        keyed = {i.name: i.raw[4:HEADER] for _, i in self.genre_items if i.name.startswith(_KEYED)}
        joined = _text(V23_SEPARATOR.join(genres))
        items = [Item(name, atom(number, joined)) for name, number in keyed.items()]
        if not (keyed and self.additional):
            items.append(Item("\xa9gen", atom(b"\xa9gen", b"".join(map(_text, genres)))))
        return tuple(items)

    def field_of(self, item: Item) -> str:
        """Return `GROUPING` for `©grp`, and the name of an iTunes freeform item."""
        if item.name == _GROUPING:
            return GROUPING
        freeform = item.name == _FREEFORM and not item.rest
        return _freeform_name(item.raw) if freeform else ""

    def texts_of(self, item: Item) -> tuple[str, ...]:
        """Return the texts of the values."""
        return tuple(lenient(value) for _, value in _values(item.raw))

    def encode_field(self, field: str, texts: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one item with a value for each text, none in an additional place."""
        if self.additional:
            return ()
        values = b"".join(_text(text) for text in texts)
        if field == GROUPING:
            return (Item(_GROUPING, atom(_GROUPING.encode("latin-1"), values)),)
        head = atom(b"mean", bytes(4) + _MEAN) + atom(b"name", bytes(4) + field.encode())
        return (Item(_FREEFORM, atom(_FREEFORM.encode(), head + values)),)

    def pieces(self) -> list[Raw]:
        """Return `ilst`, and `free` up to `reserved_bytes` if both fit."""
        body = headed(b"ilst", self.item_pieces)
        left = self.reserved_bytes - size_of(body) - HEADER
        return [*body, atom(b"free", bytes(left))] if left >= 0 else body


def _text(text: str) -> bytes:
    return atom(b"data", struct.pack(">II", TEXT, 0) + text.encode())


def _parts(raw: Raw) -> list[Atom]:
    return walk(raw, HEADER, len(raw))


def _values(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the type and the bytes of each value."""
    for part in _parts(raw):
        if part.name == b"data":
            kind = int.from_bytes(raw[part.body : part.body + 4], "big")
            yield kind, raw[part.start + DATA_HEADER : part.end]


def _decoded(kind: int, value: bytes) -> str:
    if kind in UTF16:
        return value.removeprefix(b"\xfe\xff").decode("utf-16-be", "replace")
    return lenient(value)


def _name(raw: Raw, keys: tuple[str, ...]) -> str:
    """Return the name of an item, with the key of a numbered item."""
    number = int.from_bytes(raw[4:HEADER], "big")
    if 0 < number <= len(keys):
        return _KEYED + keys[number - 1]
    name = bytes(raw[4:HEADER]).decode("latin-1")
    return _FREEFORM_GENRE if name == _FREEFORM and _freeform_name(raw) == GENRE else name


def _freeform_name(raw: Raw) -> str:
    """Return the name of an iTunes freeform item in upper case, else an empty name."""
    parts = {
        part.name: bytes(raw[part.body + 4 : part.end])
        for part in _parts(raw)
        if part.name != b"data"
    }
    name = parts.get(b"name", b"").decode("utf-8", "replace")
    return name.upper() if parts.get(b"mean") == _MEAN else ""
