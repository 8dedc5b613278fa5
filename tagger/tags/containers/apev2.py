"""APEv2 tags (and version 1, which differs in the version number).

https://wiki.hydrogenaud.io/index.php?title=APEv2_specification
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from tagger.core.domain import GROUPING
from tagger.tags.containers.base import (
    Item,
    MalformedError,
    Raw,
    RawTag,
    check_claim,
    check_count,
    size_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PREAMBLE: Final = b"APETAGEX"
FOOTER: Final = 32
_LEAST_ITEM: Final = 11
"""Bytes of an item: size, flags, a key of two characters with its end."""
HAS_HEADER: Final = 1 << 31
IS_HEADER: Final = 1 << 29


def size_before(footer: bytes) -> int:
    """Return the whole size of the tag that ends with these 32 bytes, or 0 without a tag."""
    if len(footer) < FOOTER or footer[:8] != PREAMBLE:
        return 0
    size, flags = (int.from_bytes(footer[at : at + 4], "little") for at in (12, 20))
    if flags & IS_HEADER or size < FOOTER:
        return 0
    return size + (FOOTER if flags & HAS_HEADER else 0)


def text_item(key: str, values: tuple[str, ...]) -> Item:
    """Return the item of a text with some values."""
    value = "\0".join(values).encode()
    raw = struct.pack("<II", len(value), 0) + key.encode("latin-1") + b"\0" + value
    return Item(key.lower(), raw)


@dataclass(frozen=True, slots=True)
class Apev2(RawTag):
    """An APEv2 tag at the end of a file; without padding, `reserved_bytes` is its size."""

    header_version: int = 2000
    flags: int = HAS_HEADER
    reserved: bytes = bytes(8)
    last: bool = False
    """Whether it is to be the last tag of the file, the only tag that FFmpeg reads."""
    lacking: int = 0
    """Items that the tag claims and does not have; other programs write such tags and read them."""

    genre_names: ClassVar = frozenset({"genre"})

    @classmethod
    def parse(cls, data: bytes) -> Apev2:
        """Split a whole tag; the bytes where the header ought to be may be those of the sound."""
        version, size, count, flags, reserved = struct.unpack_from("<4I8s", data, len(data) - 24)
        if flags & HAS_HEADER and not data.startswith(PREAMBLE):
            data, flags = data[-size:], flags & ~HAS_HEADER
        check_claim(count, _LEAST_ITEM, size)
        check_count(count)
        at, end = len(data) - size, len(data) - FOOTER
        items: list[Item] = []
        while len(items) < count and at < end:
            key_end = data.find(b"\0", at + 8, end)
            if key_end < 0:
                raise MalformedError("an APEv2 item is cut off")
            stop = key_end + 1 + int.from_bytes(data[at : at + 4], "little")
            if stop > end:
                raise MalformedError("an APEv2 item is longer than its tag")
            name = data[at + 8 : key_end].decode("latin-1").lower()
            items.append(Item.of(name, memoryview(data)[at:stop]))
            at = stop
        if at != end:
            raise MalformedError("an APEv2 tag contains more than its items")
        lacking = count - len(items)
        return cls(tuple(items), len(data), version, flags, reserved, lacking=lacking)

    def texts(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the keys and the values of all texts, in the order of the tag."""
        for item in self.items:
            if not item.raw[4] & 0b110:  # binary or a link
                key, _, value = item.whole[8:].partition(b"\0")
                yield key.decode("latin-1"), tuple(value.decode("utf-8", "replace").split("\0"))

    def genres(self) -> tuple[str, ...]:
        """Read text values, separated by NUL."""
        return tuple(v for key, values in self.texts() if key.lower() == "genre" for v in values)

    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """One item of several values; the key keeps its letter case."""
        standing = self.genre_items
        key = standing[0][1].raw[8:].partition(b"\0")[0] if standing else b"Genre"
        return (text_item(key.decode("latin-1"), genres),)

    def field_of(self, item: Item) -> str:
        """Return the key of a text."""
        return "" if item.raw[4] & 0b110 else item.name.upper()

    def texts_of(self, item: Item) -> tuple[str, ...]:
        """Return the values behind the key."""
        value = item.raw[8:].partition(b"\0")[2]
        return tuple(value.decode("utf-8", "replace").split("\0"))

    def encode_field(self, field: str, texts: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one item; `GROUPING` has the letter case that other programs write."""
        key = field.title() if field == GROUPING else field
        return (text_item(key, texts),)

    def pieces(self) -> list[Raw]:
        """Return the header if the tag had one, the items, and the footer."""
        body = self.item_pieces
        size = size_of(body) + FOOTER
        footer = self._end(size, self.flags & ~IS_HEADER)
        if not self.flags & HAS_HEADER:
            return [*body, footer]
        return [self._end(size, self.flags | IS_HEADER), *body, footer]

    def _end(self, size: int, flags: int) -> bytes:
        numbers = (self.header_version, size, len(self.items) + self.lacking, flags)
        return PREAMBLE + struct.pack("<4I8s", *numbers, self.reserved)
