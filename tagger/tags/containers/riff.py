"""RIFF/WAVE and AIFF: chunks, each with a name and a size.

WAV and AIFF contain ID3 in a chunk; WAV may contain a list of INFO texts as well. FFmpeg reads no
ID3 beside INFO or beside the `bext` chunk of broadcasting, so such a file gets its genre twice.

A chunk of a truncated file, or a chunk without a valid size, can be read but not written. Chunks
behind it cannot be found. A chunk without its byte of padding gets one, because some readers find
no chunk behind it otherwise.
"""

from __future__ import annotations

import itertools
import re
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from tagger.tags.containers import id3
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
from tagger.tags.containers.id3 import Id3v2
from tagger.tags.containers.stream import file_size, read_at
from tagger.tags.containers.texts import lenient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO, Literal

FORM_HEADER: Final = 12
CHUNK_HEADER: Final = 8
_NAME: Final = re.compile(rb"[A-Za-z0-9_(][ -~]{3}")
"""The name of a chunk or an INFO item."""
_KNOWN: Final = re.compile(rb"(?i)id3 |LIST|data|bext|fact|cue |smpl|JUNK|iXML|I[A-Z]{3}|SSND|COMM")


@dataclass(frozen=True, slots=True)
class InfoList(RawTag):
    """The texts of a RIFF `LIST` chunk of the type INFO, in Latin-1 or UTF-8."""

    genre_names: ClassVar = frozenset({"IGNR"})

    @classmethod
    def parse(cls, data: bytes) -> InfoList:
        """Split the list, without its `INFO`."""
        items, at = [], 0
        while at + CHUNK_HEADER <= len(data):
            size = int.from_bytes(data[at + 4 : at + 8], "little")
            end = at + CHUNK_HEADER + size
            stop = end + size % 2 * is_padded(data[end : end + 5])
            items.append(Item(data[at : at + 4].decode("latin-1"), data[at:stop]))
            check_count(len(items))
            at = stop
        return cls(tuple(items), len(data))

    def texts(self) -> dict[str, str]:
        """Return the texts by name."""
        return {i.name: _text(i.raw) for i in self.items}

    def genres(self) -> tuple[str, ...]:
        """Return every `IGNR`."""
        return tuple(_text(item.raw) for _, item in self.genre_items)

    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """One joined text in UTF-8, as FFmpeg and TagLib read it."""
        body = id3.V23_SEPARATOR.join(genres).encode() + b"\0"
        raw = b"IGNR" + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
        return (Item("IGNR", raw),)

    def pieces(self) -> list[Raw]:
        """Return the texts.

        Raises MalformedError for a text behind a text that was longer than its list.
        """
        for item in self.items[:-1]:
            if CHUNK_HEADER + int.from_bytes(item.raw[4:8], "little") > item.size:
                raise MalformedError("an INFO text is longer than its list")
        return self.item_pieces


def _text(raw: bytes) -> str:
    """Return the text of an INFO item, up to a NUL."""
    size = int.from_bytes(raw[4:8], "little")
    return lenient(raw[CHUNK_HEADER : CHUNK_HEADER + size]).split("\0")[0].strip()


def is_padded(following: bytes) -> bool:
    """Return whether a chunk of odd size is followed by a byte of padding, as it ought to be.

    `following` are the five bytes behind the chunk, or fewer at the end of the file.
    """
    return _KNOWN.fullmatch(following[1:]) is not None or not _NAME.fullmatch(following[:4])


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk: its name, its contents, and the kind of tag in it, if any."""

    name: bytes
    body: Span
    padding: int
    """Bytes behind the contents: 1 behind an odd size, but not in every file."""
    tag: str = ""


class ChunkedFile(Container):
    """A WAV or AIFF file."""

    primary = "id3v2"

    def __init__(self, file: BinaryIO, order: Literal["little", "big"]) -> None:
        self._order: Literal["little", "big"] = order
        size = file_size(file)
        self._head = read_at(file, 0, FORM_HEADER)
        self._declared = int.from_bytes(self._head[4:8], order) + 8
        if self._declared <= FORM_HEADER:
            raise MalformedError("its header has no size: the recording was not finished")
        self._found: dict[str, RawTag] = {}
        self._chunks = list(self._walk(file, self._chunks_end(file, size)))
        last = self._chunks[-1].body if self._chunks else Span(FORM_HEADER, 0)
        padding = self._chunks[-1].padding if self._chunks else 0
        self._end = min(last.start + last.size + padding, size)
        # some programs count the header of the form, and some a missing byte of padding
        self._whole = last.start + last.size <= size and self._declared <= size + CHUNK_HEADER
        self._rest = Span(self._end, size - self._end)
        self.tags: Mapping[str, RawTag] = {kind: self._found[kind] for kind in sorted(self._found)}

    def _chunks_end(self, file: BinaryIO, size: int) -> int:
        """Return the end of the chunks: the declared size, or the file's if a chunk follows.

        Some programs add a chunk without a change of the declared size, and most readers find it.
        """
        at = self._declared + self._declared % 2
        file.seek(at)
        header = file.read(CHUNK_HEADER)
        follows = _KNOWN.fullmatch(header[:4]) is not None
        end = at + CHUNK_HEADER + int.from_bytes(header[4:], self._order)
        return size if follows and end <= size else min(self._declared, size)

    def _walk(self, file: BinaryIO, end: int) -> Iterator[Chunk]:
        at = FORM_HEADER
        for count in itertools.count():
            if at + CHUNK_HEADER > end:
                return
            check_count(count)
            header = read_at(file, at, CHUNK_HEADER)
            body = Span(at + CHUNK_HEADER, int.from_bytes(header[4:], self._order))
            padding = body.size % 2
            if padding:
                file.seek(body.start + body.size)
                padding = int(is_padded(file.read(5)))
            yield Chunk(header[:4], body, padding, self._tag(file, header[:4], body))
            at = body.start + body.size + padding

    def _tag(self, file: BinaryIO, name: bytes, body: Span) -> str:
        """Parse the tag in a chunk; return its kind, or an empty text."""
        if name.lower() == b"id3 ":
            data = read_at(file, body.start, body.size)
            size = id3.tag_size(data[: id3.HEADER])
            if not size and not data.strip(b"\0"):
                return ""
            if not 0 < size <= len(data) or data[size:].strip(b"\0"):
                raise MalformedError("an ID3 chunk contains no ID3 tag")
            return self._add("id3v2", replace(Id3v2.parse(data), reserved_bytes=body.size))
        if name.upper() == b"LIST" and self._order == "little":
            data = read_at(file, body.start, body.size)
            if data[:4] == b"INFO":
                return self._add("info", InfoList.parse(data[4:]))
        return ""

    def _add(self, kind: str, tag: RawTag) -> str:
        """Add a tag under the next free name of its kind."""
        number = sum(name.partition("#")[0] == kind for name in self._found)
        name = f"{kind}#{number + 1}" if number else kind
        self._found[name] = tag
        return name

    @property
    def companions(self) -> Mapping[str, RawTag]:
        """The INFO list, a new one beside `bext`."""
        if "info" in self._found:
            return {"info": self._found["info"]}
        bext = self._order == "little" and any(chunk.name == b"bext" for chunk in self._chunks)
        return {"info": InfoList((), 0)} if bext else {}

    def empty(self) -> RawTag:
        """Return an ID3v2.4 tag."""
        return id3.new_id3v2()

    def compose(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Keep the order of the chunks; a new tag comes last, or before an empty ID3 chunk."""
        if not self._whole:
            raise MalformedError(
                "its chunks are longer than the file: it is cut off, or was written to a pipe"
            )
        if any(chunk.name == b"data" and not chunk.body.size for chunk in self._chunks):
            # FFmpeg plays everything behind such a chunk, a tag as well
            raise MalformedError("its sound has no size: the recording was not finished")
        pieces = list(self._pieces(tags))
        size = size_of(pieces)
        # the declared size may differ from the file by a missing byte of padding
        yield self._head[:4] + (4 + size).to_bytes(4, self._order) + self._head[8:]
        yield from pieces
        yield self._rest

    def _pieces(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        fresh = [
            part for kind in tags if kind not in self._found for part in self._new(kind, tags[kind])
        ]
        for chunk in self._chunks:
            if not chunk.tag:
                if chunk.name.lower() == b"id3 ":
                    yield from fresh
                    fresh = []
                yield chunk.name + chunk.body.size.to_bytes(4, self._order)
                yield chunk.body
                yield bytes(chunk.body.size % 2)
            elif chunk.tag in tags:
                tag = tags[chunk.tag]
                # mutagen finds only upper case in AIFF
                renamed = self._order == "big" and tag != self._found[chunk.tag]
                yield from self._chunk(chunk.name.upper() if renamed else chunk.name, tag)
        yield from fresh

    def _new(self, kind: str, tag: RawTag) -> list[Raw]:
        id3_name = b"id3 " if self._order == "little" else b"ID3 "
        return self._chunk(b"LIST" if kind == "info" else id3_name, tag)

    def _chunk(self, name: bytes, tag: RawTag) -> list[Raw]:
        body = [b"INFO" if isinstance(tag, InfoList) else b"", *tag.pieces()]
        size = size_of(body)
        return [name + size.to_bytes(4, self._order), *body, bytes(size % 2)]
