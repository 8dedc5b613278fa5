"""Files that are one stream of sound with tags before and behind it.

    [ID3v2]... sound [APEv2] [Lyrics3v2] [enhanced ID3v1] [ID3v1] [ID3v2.4 with a footer]

The tags behind the sound are found in any order. The primary tag is ID3v2 in MP3, and APEv2 in
Monkey's Audio, WavPack and Musepack. In FLAC (`tagger.tags.containers.flac`) and in other
containers (`tagger.tags.containers.enclosed`), it is inside the stream.

A second tag of one kind is named `id3v2#2`, and so is an ID3v2 tag elsewhere than at the beginning.
Readers do not find it, but it may contain the genre of the file.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mutagen.mp3 import HeaderNotFoundError, MPEGFrame

from tagger.audio.formats import LONGEST_JUNK
from tagger.tags.containers import apev2, id3
from tagger.tags.containers.apev2 import Apev2
from tagger.tags.containers.base import Container, MalformedError, Piece, RawTag, Span
from tagger.tags.containers.id3 import Id3v2
from tagger.tags.containers.id3v1 import (
    ENHANCED,
    ENHANCED_SIZE,
    ID3V1_SIZE,
    EnhancedId3v1,
    Id3v1,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

LYRICS3_END: Final = 15
"""Six digits and `LYRICS200`."""
MOST_TAGS: Final = 64
_SOUND: Final = re.compile(rb"\xff[\xe0-\xff]|fLaC|OggS|MAC |wvpk|MPCK|MP\+")
"""The beginning of a stream."""
MOST_SYNCS: Final = 1000
"""Apparent frames of MPEG that are looked at; each takes some 20 µs."""
_CONTAINER: Final = re.compile(
    rb"RIFF|FORM|DSD |\x30\x26\xb2\x75|....(ftyp|moov|mdat|wide|free|skip)", re.DOTALL
)
"""The beginning of a container that no ID3v2 tag precedes."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of a tag in the file."""

    kind: str


class Part:
    """A part of a file, as a file."""

    def __init__(self, file: BinaryIO, part: Span) -> None:
        self._file = file
        self._start = part.start
        self._end = part.start + part.size
        self.seek(0)

    def read(self, size: int = -1) -> bytes:
        """See `io.RawIOBase.read`."""
        left = max(0, self._end - self._file.tell())
        return self._file.read(left if size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """See `io.IOBase.seek`."""
        base = {os.SEEK_SET: self._start, os.SEEK_CUR: self._file.tell(), os.SEEK_END: self._end}
        return self._file.seek(max(self._start, base[whence] + offset)) - self._start

    def tell(self) -> int:
        """See `io.IOBase.tell`."""
        return self._file.tell() - self._start


def read_at(file: BinaryIO, start: int, size: int) -> bytes:
    """Read exactly `size` bytes.

    Args:
        file: The open file.
        start: The offset of the first byte.
        size: The number of bytes.

    Raises:
        MalformedError: the file ends earlier.
    """
    file.seek(start)
    data = file.read(size)
    if len(data) != size:
        raise MalformedError("the file ends inside a tag")
    return data


def file_size(file: BinaryIO) -> int:
    """Return the size of an open file."""
    return file.seek(0, os.SEEK_END)


def leading_tags(file: BinaryIO) -> list[Span]:
    """Return the places of all ID3v2 tags before the sound.

    A few bytes may precede a tag. Readers look for it up to the first frame of the sound.
    """
    size, at = file_size(file), 0
    found: list[Span] = []
    while len(found) < MOST_TAGS:
        file.seek(at)
        step = id3.tag_size(file.read(id3.HEADER))
        if step and at + step <= size:
            found.append(Span(at, step))
            at += step
            continue
        if step and not found:
            raise MalformedError("its ID3 tag is longer than the file: the file is cut off")
        junk = _junk(file, at, size)
        if not junk:
            return found
        at += junk
    raise MalformedError("too many ID3 tags before the sound")


def _junk(file: BinaryIO, at: int, size: int) -> int:
    """Return the number of bytes before a further tag, 0 without a further tag."""
    file.seek(at)
    head = file.read(8)
    if _SOUND.match(head) or _CONTAINER.match(head):
        return 0
    file.seek(at)
    data = file.read(LONGEST_JUNK + id3.HEADER)
    place = data.find(b"ID3")
    if place < 1 or _has_sound(data, place):
        return 0
    step = id3.tag_size(data[place : place + id3.HEADER])
    return place if step and data[place + 3] in (2, 3, 4) and at + place + step <= size else 0


def _has_sound(data: bytes, end: int) -> bool:
    """Return whether a stream begins before `end`, as TagLib looks for it.

    Two bytes of other data often look like the beginning of a frame of MPEG. A true frame ends
    where the next begins.
    """
    for count, found in enumerate(_SOUND.finditer(data, 0, end)):
        if count == MOST_SYNCS or not found[0].startswith(b"\xff"):
            return True
        stream = io.BytesIO(data)
        stream.seek(found.start())
        with contextlib.suppress(HeaderNotFoundError):
            MPEGFrame(stream)
            MPEGFrame(stream)
            return True
    return False


def sound_start(file: BinaryIO) -> int:
    """Return the offset of the sound behind all ID3v2 tags."""
    tags = leading_tags(file)
    return tags[-1].start + tags[-1].size if tags else 0


class StreamFile(Container):
    """Tags around one stream."""

    def __init__(self, file: BinaryIO, primary: str) -> None:
        self.primary = primary
        self.found: dict[str, RawTag] = {}
        start = self._leading(file)
        self.slots, end = self._trailing(file, start)
        self.sound = Span(start, end - start)
        bases = dict.fromkeys((primary, "id3v2", "apev2", "id3v1+", "id3v1"))
        self.tags: Mapping[str, RawTag] = {
            kind: self.found[kind]
            for base in bases
            for kind in sorted(self.found)
            if kind.partition("#")[0] == base
        }

    def _leading(self, file: BinaryIO) -> int:
        self.front: list[Slot | Span] = []
        end = 0
        for place in leading_tags(file):
            if place.start > end:
                self.front.append(Span(end, place.start - end))
            tag = Id3v2.parse(read_at(file, place.start, place.size))
            self.front.append(self._found("id3v2", tag, first=not place.start))
            end = place.start + place.size
        return end

    def _found(self, kind: str, tag: RawTag, *, first: bool) -> Slot:
        """Add a tag under the next free name of its kind."""
        name, number = kind, 2
        while name in self.found or not first:
            name, number, first = f"{kind}#{number}", number + 1, True
        self.found[name] = tag
        return Slot(name)

    def _trailing(self, file: BinaryIO, start: int) -> tuple[list[Slot | Span], int]:
        slots: list[Slot | Span] = []
        end = file_size(file)
        while True:
            step = self._last(file, start, end)
            if step is None:
                return slots, end
            slot, size = step
            end -= size
            slots.insert(0, slot)

    def _last(self, file: BinaryIO, start: int, end: int) -> tuple[Slot | Span, int] | None:
        """Return the last tag in the part of the file from `start` to `end`."""
        room = end - start
        if v1 := self._last_id3v1(file, start, end):
            return v1
        if room >= apev2.FOOTER:
            size = apev2.size_before(read_at(file, end - apev2.FOOTER, apev2.FOOTER))
            if 0 < size <= room and (tag := self._apev2(read_at(file, end - size, size))):
                return self._found("apev2", tag, first=True), tag.reserved_bytes
        if room >= LYRICS3_END:
            data = read_at(file, end - LYRICS3_END, LYRICS3_END)
            size = int(data[:6]) + LYRICS3_END if data[:6].isdigit() else 0
            if data[6:] == b"LYRICS200" and 0 < size <= room:
                return Span(end - size, size), size
        if room >= id3.HEADER:
            footer = read_at(file, end - id3.HEADER, id3.HEADER)
            size = id3.tag_size(b"ID3" + footer[3:]) if footer[:3] == b"3DI" else 0
            data = read_at(file, end - size, size) if 0 < size <= room else b""
            if data[3:10] == footer[3:] and data[:3] == b"ID3":
                return self._found("id3v2", Id3v2.parse(data), first=False), size
        return None

    def _last_id3v1(self, file: BinaryIO, start: int, end: int) -> tuple[Slot, int] | None:
        room = end - start
        if room >= ID3V1_SIZE:
            data = read_at(file, end - ID3V1_SIZE, ID3V1_SIZE)
            if data[:3] == b"TAG" and not self._inside_apev2(file, start, end):
                return self._found("id3v1", Id3v1.parse(data), first=True), ID3V1_SIZE
        if room >= ENHANCED_SIZE and "id3v1" in self.found:
            data = read_at(file, end - ENHANCED_SIZE, ENHANCED_SIZE)
            if data.startswith(ENHANCED):
                return self._found("id3v1+", EnhancedId3v1.parse(data), first=True), ENHANCED_SIZE
        return None

    def _inside_apev2(self, file: BinaryIO, start: int, end: int) -> bool:
        """Return whether an apparent ID3v1 tag is the `TAG` of an `APETAGEX`."""
        at = end - ID3V1_SIZE - 3
        return at >= start and read_at(file, at, len(apev2.PREAMBLE)) == apev2.PREAMBLE

    def _apev2(self, data: bytes) -> Apev2 | None:
        """Parse an APEv2 tag; a broken tag is kept unchanged unless it is the primary tag."""
        try:
            return Apev2.parse(data)
        except MalformedError:
            if self.primary == "apev2":
                raise
            return None

    @property
    def companions(self) -> Mapping[str, RawTag]:
        """ID3v1 beside APEv2: FFmpeg reads the last tag of the file alone."""
        beside = self.primary == "apev2" and "id3v1" in self.found
        return {"id3v1": self.found["id3v1"]} if beside else {}

    def empty(self) -> RawTag:
        """Return an empty APEv2 or ID3v2.4 tag."""
        return Apev2((), 0) if self.primary == "apev2" else id3.new_id3v2()

    def compose(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Put a new ID3v2 tag first, and a new APEv2 tag last, where FFmpeg looks for it."""
        if "id3v2" in tags and Slot("id3v2") not in self.front:
            yield from tags["id3v2"].pieces()
        yield from rendered(self.front, tags)
        yield from self.middle(tags)
        ape = tags.get("apev2")
        stays = Slot("apev2") in self.slots and not (isinstance(ape, Apev2) and ape.last)
        slots = [slot for slot in self.slots if stays or slot != Slot("apev2")]
        yield from rendered(slots, tags)
        if ape and not stays:
            yield from ape.pieces()

    def middle(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:  # noqa: ARG002 - FLAC's hook
        """Yield the stream itself."""
        yield self.sound


def rendered(slots: Iterable[Slot | Span], tags: Mapping[str, RawTag]) -> Iterator[Piece]:
    """Yield the tags in their places, and the bytes between them."""
    for slot in slots:
        if isinstance(slot, Span):
            yield slot
        elif slot.kind in tags:
            yield from tags[slot.kind].pieces()
