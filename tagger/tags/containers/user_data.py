"""Texts of QuickTime and 3GPP in the `udta` atom of an MP4 file, beside the item list.

Apple's QuickTime File Format, "User Data Text Strings"; 3GPP TS 26.244, "Asset information". FFmpeg
reads them, TagLib and mutagen do not.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from tagger.tags.containers.base import Item, MalformedError, Raw, RawTag
from tagger.tags.containers.id3 import V23_SEPARATOR
from tagger.tags.containers.mp4_atoms import HEADER, atom

if TYPE_CHECKING:
    from collections.abc import Iterator

ASSET: Final = "gnre"
"""The genre of 3GPP; other genres are QuickTime's."""
MACINTOSH: Final = 0x400
"""Language codes below are of the Macintosh, with texts in its encodings."""
UNDETERMINED: Final = 0x55C4
"""The language `und`, with a text in UTF-8."""
BEFORE, BEHIND = "before meta", "behind meta"


@dataclass(frozen=True, slots=True)
class UserData(RawTag):
    """The atoms of `udta` before and behind `meta`."""

    genre_names: ClassVar = frozenset({"\xa9gen", ASSET})

    @classmethod
    def of(cls, *atoms: tuple[bytes, str]) -> UserData:
        """Return the tag of atoms, each with its place."""
        named = ((raw[4:HEADER].decode("latin-1"), raw, place) for raw, place in atoms)
        return cls(tuple(Item(*parts) for parts in named), 0)

    def genres(self) -> tuple[str, ...]:
        """Return every text of the genre atoms, in all languages."""
        texts = (text for _, item in self.genre_items for text in _texts(item))
        return tuple(dict.fromkeys(text for text in texts if text))

    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one atom with one joined text, of the kind of the first genre atom."""
        first = self.genre_items[0][1]
        text = V23_SEPARATOR.join(genres).encode()
        if first.name == ASSET:
            body = first.raw[HEADER : HEADER + 4] + struct.pack(">H", UNDETERMINED) + text + b"\0"
        elif len(text) >= 1 << 16:
            raise MalformedError("a QuickTime text exceeds 64 KB")
        else:
            language = first.raw[HEADER + 2 : HEADER + 4]
            if not text.isascii() or len(language) < 2:
                language = struct.pack(">H", UNDETERMINED)
            body = struct.pack(">H", len(text)) + language + text
        raw = atom(first.name.encode("latin-1"), body)
        return (Item(first.name, raw, first.place),)

    def place_pieces(self, place: str) -> list[Raw]:
        """Return the atoms before or behind `meta`."""
        return [part for item in self.items if item.place == place for part in item.parts]


def _texts(item: Item) -> Iterator[str]:
    """Yield the texts of a genre atom."""
    body = item.raw[HEADER:]
    if item.name == ASSET:
        yield _decoded(body[4:6], body[6:])
        return
    while len(body) > 4:
        size = int.from_bytes(body[:2], "big")
        yield _decoded(body[2:4], body[4 : 4 + size])
        body = body[4 + size :]


def _decoded(language: bytes, text: bytes) -> str:
    code = int.from_bytes(language, "big")
    if text[:2] == b"\xfe\xff":
        return text[2:].decode("utf-16-be", "replace").strip("\0 ")
    encoding = "mac-roman" if code < MACINTOSH or code == 0x7FFF else "utf-8"
    return text.decode(encoding, "replace").strip("\0 ")
