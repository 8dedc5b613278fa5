"""ID3v2.2, 2.3 and 2.4, at the level of whole frames.

https://id3.org/id3v2.4.0-structure, id3v2.3.0, id3v2-00
"""

from __future__ import annotations

import io
import re
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from mutagen import id3

from tagger.audio.formats import from_syncsafe
from tagger.core.domain import GENRE, GROUPING
from tagger.tags.containers.base import Item, MalformedError, Raw, RawTag, check_count, size_of
from tagger.tags.containers.texts import relenient

HEADER: Final = 10
UNSYNCHRONISED: Final = 0x80
EXTENDED: Final = 0x40
FOOTER: Final = 0x10
PADDING: Final = 1024
_GROUPING: Final = ("GRP1", "GP1")
_USER_TEXT: Final = ("TXXX", "TXX")
_USER_GENRE: Final = "TXXX GENRE"
"""A user text frame with the description `GENRE`, which TagLib joins with the genre."""
_LIMIT: Final = 65
"""Bytes of a user text frame in which its description is looked for."""
V23_SEPARATOR: Final = "; "
"""ID3v2.3 has no lists; the customary `/` is part of many genre names."""

_FRAME_ID = {2: re.compile(rb"[A-Z0-9]{3}"), 3: re.compile(rb"[A-Z0-9]{3}[A-Z0-9 \0]")}


def syncsafe(number: int) -> bytes:
    """Encode 28 bits in four bytes with highest bits of 0."""
    if number >= 1 << 28:
        raise MalformedError("an ID3 tag cannot exceed 256 MB")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def tag_size(header: bytes) -> int:
    """Return the whole size of the tag that begins with these ten bytes, or 0 without a tag."""
    if (
        len(header) < HEADER
        or header[:3] != b"ID3"
        or header[3] == 0xFF
        or max(header[6:10]) > 0x7F
    ):
        return 0
    footer = HEADER if header[3] == 4 and header[5] & FOOTER else 0
    return HEADER + from_syncsafe(header[6:10]) + footer


@dataclass(frozen=True, slots=True)
class Id3v2(RawTag):
    """An ID3v2 tag; `reserved_bytes` includes the header, and the footer if present."""

    major: int = 4
    flags: int = 0

    genre_names: ClassVar = frozenset({"TCON", "TCO", _USER_GENRE})

    @property
    def version(self) -> str:
        """The version; frames of one version are malformed in another."""
        return f"2.{self.major}"

    @classmethod
    def parse(cls, data: bytes) -> Id3v2:
        """Split a whole tag.

        An extended header (only a checksum, restrictions or a padding size) is dropped: a rewrite
        makes its checksum wrong. Bytes after the last frame, other than padding, are kept as an
        item without a name.
        """
        major, flags = data[3], data[5]
        if major not in (2, 3, 4):
            raise MalformedError(f"ID3v2.{major} is not supported")
        if major == 2 and flags & EXTENDED:
            raise MalformedError("compressed ID3v2.2 tags are not specified")
        end = HEADER + from_syncsafe(data[6:10])
        if major == 4 and flags & FOOTER and data[end : end + 3] != b"3DI":
            raise MalformedError("an ID3 tag has no footer, though its header names one")
        body: Raw = memoryview(data)[HEADER:end]
        if major < 4 and flags & UNSYNCHRONISED:
            body = bytes(body).replace(b"\xff\x00", b"\xff")
        if flags & EXTENDED and not _FRAME_ID[3].match(
            body
        ):  # some programs set the flag without a header
            body = body[_extended_size(body, major) :]
        return cls(_frames(body, major), len(data), major, flags & ~EXTENDED)

    @property
    def end(self) -> int:
        """The position before trailing bytes without a frame, where readers stop."""
        return len(self.items) - sum(not item.name for item in self.items)

    def genres(self) -> tuple[str, ...]:
        """Return the texts of all frames; a Latin-1 text may be UTF-8 or UTF-16 in truth."""
        items = tuple(item for _, item in self.genre_items)
        own = self._texts(tuple(item for item in items if item.name != _USER_GENRE))
        return own or self._texts(tuple(item for item in items if item.name == _USER_GENRE))

    def _texts(self, items: tuple[Item, ...]) -> tuple[str, ...]:
        texts = ((frame.encoding, "\0".join(frame.text)) for frame in self._parsed(items))
        lenient = (text if encoding else relenient(text) for encoding, text in texts)
        return tuple(text for text in lenient if text.strip("\0 "))

    def without_footer(self) -> Id3v2:
        """Return the tag before the sound, where a footer is optional.

        TagLib takes the footer for a part of the frames, and so loses the end of the last frame.
        """
        return replace(self, flags=self.flags & ~FOOTER)

    def with_values(self, field: str, texts: tuple[str, ...]) -> Id3v2:
        """Put a new frame in the place of the old; see `RawTag`.

        A tag up to 2.3 loses its unsynchronisation: FFmpeg finds no frame behind a frame with it.

        Args:
            field: The name of the field.
            texts: Its values; none remove the field.

        """
        tag = super(Id3v2, self).with_values(field, texts)
        return replace(tag, flags=tag.flags & ~UNSYNCHRONISED) if tag.major < 4 else tag

    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one frame for all genres: a list in 2.4, one joined text in 2.2 and 2.3."""
        escaped = ["(" + name if name.startswith("(") else name for name in genres]
        return (self._frame("TCO" if self.major == 2 else "TCON", (), tuple(escaped)),)

    def field_of(self, item: Item) -> str:
        """Return `GROUPING` for iTunes' frame, and the description of a user text frame."""
        if item.name in _GROUPING:
            return GROUPING
        if item.name not in _USER_TEXT:
            return ""
        return next((str(frame.desc).upper() for frame in self._parsed((item,))), "")

    def texts_of(self, item: Item) -> tuple[str, ...]:
        """Return the texts of a text frame."""
        return tuple(str(text) for frame in self._parsed((item,)) for text in frame.text)

    def encode_field(self, field: str, texts: tuple[str, ...]) -> tuple[Item, ...]:
        """Return one frame: a list in 2.4, one joined text in 2.2 and 2.3."""
        if field == GROUPING:
            return (self._frame("GP1" if self.major == 2 else "GRP1", (), texts),)
        return (self._frame("TXX" if self.major == 2 else "TXXX", (field,), texts),)

    def _parsed(self, items: tuple[Item, ...]) -> list[Any]:
        """Return frames as mutagen reads them."""
        plain = tuple(_ungrouped(item, self.major) for item in items)
        only = replace(self, items=plain, reserved_bytes=0)
        parsed = id3.ID3(io.BytesIO(only.render()), load_v1=False, translate=False)
        return list(parsed.values())

    def _frame(self, name: str, description: tuple[str, ...], texts: tuple[str, ...]) -> Item:
        if self.major == 4:
            body = b"\x03" + "\0".join((*description, *texts)).encode()
            return Item(name, name.encode() + syncsafe(len(body)) + b"\0\0" + body)
        parts = (*description, V23_SEPARATOR.join(texts))
        if all(map(str.isascii, parts)):
            body = b"\0" + "\0".join(parts).encode()
        else:
            body = b"\x01" + b"\0\0".join(b"\xff\xfe" + _utf16(part) for part in parts)
        if self.major == 3:
            return Item(name, name.encode() + len(body).to_bytes(4, "big") + b"\0\0" + body)
        return Item(name, name.encode() + len(body).to_bytes(3, "big") + body)

    def pieces(self) -> list[Raw]:
        """Fill `reserved_bytes` with padding; a larger tag of whole frames gets new padding."""
        footer = HEADER if self.major == 4 and self.flags & FOOTER else 0
        body = self._synchronised(self.item_pieces)
        padding = self.reserved_bytes - HEADER - size_of(body)
        if footer:
            padding = 0  # forbidden together with a footer
        elif padding < 0:  # padding would complete a frame that the end of the tag cuts off
            padding = PADDING if self.end == len(self.items) else 0
        body = [*body, bytes(padding)]
        ends = bytes([self.major, 0, self.flags]) + syncsafe(size_of(body))
        return [b"ID3" + ends, *body, b"3DI" + ends if footer else b""]

    def _synchronised(self, frames: list[Raw]) -> list[Raw]:
        if self.major == 4 or not self.flags & UNSYNCHRONISED:
            return frames  # 2.4 synchronises each frame, and the frames are raw
        body = re.sub(rb"\xff(?=[\x00\xe0-\xff])", b"\xff\x00", b"".join(frames))
        return [body + b"\0" if body.endswith(b"\xff") else body]

    def converted(self, major: int) -> Id3v2:
        """Return the tag in another version, every frame translated by mutagen.

        A frame that the other version lacks, such as the name for sorting, is kept beside.

        Raises MalformedError if mutagen does not support a frame, which would be lost.
        """
        tags = id3.ID3(io.BytesIO(self.render()), load_v1=False, translate=False)
        if tags.unknown_frames:
            raise MalformedError(f"a frame of this ID3v2.{self.major} tag cannot be converted")
        there: Any = tags.update_to_v24
        back: Any = tags.update_to_v23
        if major == 3:
            there, back = back, there
        before = deepcopy(dict(tags))  # the frames of a chapter are converted in place
        there()
        after = deepcopy(dict(tags))
        back()
        lost = {key: frame for key, frame in before.items() if _text(tags.get(key)) != _text(frame)}
        tags.clear()
        tags.update(after | lost)
        buffer = io.BytesIO()
        tags.save(buffer, v1=0, v2_version=major, v23_sep=V23_SEPARATOR)
        return Id3v2.parse(buffer.getvalue())


def _text(frame: id3.Frame | None) -> str:
    """Return the texts of a frame and of its own frames; mutagen cannot compare chapters."""
    return "" if frame is None else frame.pprint()


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def _extended_size(body: Raw, major: int) -> int:
    if len(body) < 6:
        raise MalformedError("the ID3 extended header is cut off")
    if major == 4:
        return from_syncsafe(body[:4])
    return 4 + int.from_bytes(body[:4], "big")


def _frames(body: Raw, major: int) -> tuple[Item, ...]:
    if major < 4:
        items, end = _walk(body, major, plain=True)
    else:
        items, end = _walk(body, major, plain=False)
        if bytes(body[end:]).strip(b"\0"):
            # early versions of iTunes wrote plain sizes into 2.4
            other, other_end = _walk(body, major, plain=True)
            if other_end > end:
                items, end = other, other_end
    rest = bytes(body[end:]).rstrip(b"\0")
    return (*items, Item.of("", rest)) if rest else tuple(items)


def _walk(body: Raw, major: int, *, plain: bool) -> tuple[list[Item], int]:
    """Return the valid frames from the beginning, and the offset of their end."""
    id_size, size_size, header = (3, 3, 6) if major == 2 else (4, 4, 10)
    pattern = _FRAME_ID[min(major, 3)]
    items, at = [], 0
    while at + header <= len(body):
        name = bytes(body[at : at + id_size])
        field = bytes(body[at + id_size : at + id_size + size_size])
        size = int.from_bytes(field, "big") if plain else from_syncsafe(field)
        unsafe = not plain and max(field) > 0x7F
        if unsafe or not pattern.fullmatch(name) or at + header + size > len(body):
            break
        frame = body[at : at + header + size]
        items.append(Item.of(_item_name(name.decode("ascii").rstrip("\0 "), frame, header), frame))
        check_count(len(items))
        at += header + size
    return items, at


def new_id3v2() -> Id3v2:
    """Return an ID3v2.4 tag without frames."""
    return Id3v2((), 0)


def _item_name(name: str, frame: Raw, header: int) -> str:
    """Return the name of a frame; a user text frame may be a genre."""
    text = bytes(frame[header : header + _LIMIT])
    if name not in _USER_TEXT or not text:
        return name
    codec = {1: "utf-16", 2: "utf-16-be"}.get(text[0], "latin-1")
    description = text[1:].decode(codec, "replace").partition("\0")[0]
    return _USER_GENRE if description.upper() == GENRE else name


def _ungrouped(item: Item, major: int) -> Item:
    """Return a frame without the byte of a group, which mutagen takes for a part of the text."""
    flag = {3: 0x20, 4: 0x40}.get(major, 0)
    if len(item.raw) <= HEADER or not item.raw[HEADER - 1] & flag or item.rest:
        return item
    if item.raw[HEADER - 1] & ~flag:
        return item
    body = item.raw[HEADER + 1 :]
    size = len(body).to_bytes(4, "big") if major == 3 else syncsafe(len(body))
    return Item(item.name, item.raw[:4] + size + bytes(2) + body)
