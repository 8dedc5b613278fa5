"""ID3v1, and the enhanced tag before it, which has the genre as a text.

https://id3.org/ID3v1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from mutagen.id3 import TCON

from tagger.tags.containers.base import Item, RawTag
from tagger.tags.containers.id3 import V23_SEPARATOR
from tagger.tags.containers.texts import lenient

ID3V1_SIZE: Final = 128
ENHANCED_SIZE: Final = 227
ENHANCED: Final = b"TAG+"
GENRE_AT, GENRE_END = 185, 215
"""The place of the genre in an enhanced tag."""
NO_GENRE: Final = 255
_NUMBERS: Final = {name.casefold(): number for number, name in reversed([*enumerate(TCON.GENRES)])}


@dataclass(frozen=True, slots=True)
class Id3v1(RawTag):
    """An ID3v1 tag: 127 fixed bytes, and the number of the genre."""

    genre_names: ClassVar = frozenset({"genre"})
    has_fixed_genre: ClassVar = True

    @classmethod
    def parse(cls, data: bytes) -> Id3v1:
        """Split the last 128 bytes of a file."""
        return cls((Item("fields", data[:127]), Item("genre", data[127:])), len(data))

    @property
    def number(self) -> int:
        """The number of the genre, 255 without a genre."""
        return self.items[1].raw[0]

    def genres(self) -> tuple[str, ...]:
        """Return the name of the number; 0 beside empty fields alone is no genre."""
        names = TCON.GENRES
        if not self.number and not self.items[0].raw[3:].strip(b"\0 "):
            return ()
        return (names[self.number],) if self.number < len(names) else ()

    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """Return the number of the first genre with a number, else 255."""
        numbers = [_NUMBERS[g.casefold()] for g in genres if g.casefold() in _NUMBERS]
        return (Item("genre", bytes([numbers[0] if numbers else NO_GENRE])),)


@dataclass(frozen=True, slots=True)
class EnhancedId3v1(RawTag):
    """The tag before ID3v1 that continues its title, artist and album, and names a genre."""

    genre_names: ClassVar = frozenset({"genre"})
    has_fixed_genre: ClassVar = True

    @classmethod
    def parse(cls, data: bytes) -> EnhancedId3v1:
        """Split the 227 bytes before an ID3v1 tag."""
        parts = (("names", 0, GENRE_AT), ("genre", GENRE_AT, GENRE_END), ("times", GENRE_END, None))
        return cls(tuple(Item(name, data[at:end]) for name, at, end in parts), len(data))

    def genres(self) -> tuple[str, ...]:
        """Return the text of the genre."""
        text = lenient(self.items[1].raw).split("\0")[0].strip()
        return (text,) if text else ()

    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one joined text in Latin-1; an empty text if it does not fit into 30 bytes."""
        text = V23_SEPARATOR.join(genres).encode("latin-1", "replace")
        size = GENRE_END - GENRE_AT
        fits = len(text) <= size and text.decode("latin-1") == V23_SEPARATOR.join(genres)
        return (Item("genre", (text if fits else b"").ljust(size, b"\0")),)
