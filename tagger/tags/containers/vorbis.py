"""The comments of Vorbis, Opus, Speex and FLAC.

https://xiph.org/vorbis/doc/v-comment.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar, Final

from tagger.tags.containers.base import (
    LARGE,
    Item,
    MalformedError,
    Raw,
    RawTag,
    check_claim,
    check_count,
)
from tagger.tags.containers.texts import lenient

_LENGTH: Final = 4
"""Bytes of the length before each comment."""


@dataclass(frozen=True, slots=True)
class VorbisComment(RawTag):
    """A comment header without its codec's magic; an item's raw form is `KEY=value`."""

    vendor: bytes = b"tagger"
    trailer: bytes = b""
    """The bytes after the comments: Vorbis' framing bit, Opus' padding or binary extension."""

    genre_names: ClassVar = frozenset({"GENRE"})

    @classmethod
    def parse(cls, data: Raw) -> VorbisComment:
        """Split a comment header."""
        data = memoryview(data)
        vendor, at = _text(data, 0)
        count = int.from_bytes(data[at : at + 4], "little")
        check_claim(count, _LENGTH, len(data))
        check_count(count)
        at += 4
        items = []
        for _ in range(count):
            raw, at = _text(data, at)
            key, equals, _ = bytes(raw[:LARGE]).partition(b"=")
            name = key.decode("latin-1").upper() if equals else ""
            items.append(Item.of(name, raw))
        return cls(tuple(items), len(data), bytes(vendor), bytes(data[at:]))

    def genres(self) -> tuple[str, ...]:
        """Every `GENRE`, in any letter case; the text may be Latin-1 in truth."""
        values = [lenient(i.raw.partition(b"=")[2]) for _, i in self.genre_items]
        return tuple(value.strip() for value in values if value.strip())

    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one comment for each genre; the key keeps its letter case."""
        standing = self.genre_items
        key = standing[0][1].raw.partition(b"=")[0] if standing else b"GENRE"
        return tuple(Item("GENRE", key + b"=" + genre.encode()) for genre in genres)

    def field_of(self, item: Item) -> str:
        """Return the key."""
        return item.name

    def texts_of(self, item: Item) -> tuple[str, ...]:
        """Return the text behind the key."""
        return (item.raw.partition(b"=")[2].decode("utf-8", "replace"),)

    def encode_field(self, field: str, texts: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one comment for each value."""
        return tuple(Item(field, f"{field}={text}".encode()) for text in texts)

    def pieces(self) -> list[Raw]:
        """Return vendor, count, comments and trailer."""
        count = struct.pack("<I", len(self.items))
        texts = [p for i in self.items for p in (struct.pack("<I", i.size), *i.parts)]
        return [struct.pack("<I", len(self.vendor)), self.vendor, count, *texts, self.trailer]


def _text(data: memoryview, at: int) -> tuple[memoryview, int]:
    end = at + 4 + int.from_bytes(data[at : at + 4], "little")
    if at + 4 > len(data) or end > len(data):
        raise MalformedError("a comment is longer than its header")
    return data[at + 4 : end], end
