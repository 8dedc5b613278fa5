"""Texts of tags: genres of a text that may be a list or a number, and texts in other encodings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mutagen import id3

if TYPE_CHECKING:
    from collections.abc import Iterable

_BETWEEN = re.compile("[;\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""Between genres in one text: no genre contains a semicolon or a control character."""
_AROUND = " \ufeff"
"""Around a genre: control characters are between genres."""
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def genre_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the names of genres in the texts of a tag, as ID3 defines them for every container.

    `17` and `(17)` are `Rock`, `RX` is `Remix`. `(17)(4)Foo` is a list, and so is `Rock; Pop`. A
    number beyond the list of ID3v1 has no name.
    """
    names: list[str] = []
    for text in texts:
        for part in _BETWEEN.split(text):
            found = id3.TCON(encoding=3, text=[part.strip(_AROUND)]).genres
            names += [name.strip() for name in found if name != "Unknown" or "Unknown" in part]
    return tuple(name for name in names if name)


def values(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the values in the texts of a field other than the genre; a text may be a list."""
    parts = (part.strip() for text in texts for part in _BETWEEN.split(text))
    return tuple(part for part in parts if part)


def lenient(data: bytes) -> str:
    """Decode bytes that ought to be Latin-1, but are often UTF-8 or UTF-16."""
    text = data.rstrip(b"\0")
    even = text + bytes(len(text) % 2)
    if encoding := _UTF16.get(data[:2]):
        return even[2:].decode(encoding, "replace")
    if len(text) >= 3 and not any(text[1::2]) and all(text[::2]):
        return even.decode("utf-16-le", "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def relenient(text: str) -> str:
    """Decode a text again that was decoded as Latin-1."""
    try:
        return lenient(text.encode("latin-1"))
    except UnicodeEncodeError:
        return text
