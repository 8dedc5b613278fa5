"""Files that are one stream of sound with tags before and behind it.

    [ID3v2] sound [APEv2] [Lyrics3v2] [ID3v1]      (the last three in any order)

The primary tag is ID3v2 in MP3, and APEv2 in Monkey's Audio, WavPack and Musepack. In FLAC
(`tagger.tags.containers.flac`), it is inside the stream.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tagger.tags.containers import apev2, id3
from tagger.tags.containers.apev2 import Apev2
from tagger.tags.containers.base import Container, MalformedError, Piece, RawTag, Span
from tagger.tags.containers.id3 import Id3v1, Id3v2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

ID3V1_SIZE: Final = 128
LYRICS3_END: Final = 15
"""Six digits and `LYRICS200`."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of a tag in the file."""

    kind: str


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


def sound_start(file: BinaryIO) -> int:
    """Return the offset of the sound behind all ID3v2 tags."""
    size, start = file_size(file), 0
    while True:
        file.seek(start)
        step = id3.tag_size(file.read(id3.HEADER))
        if not step or start + step > size:
            return start
        start += step


class StreamFile(Container):
    """Tags around one stream."""

    def __init__(self, file: BinaryIO, primary: str) -> None:
        self.primary = primary
        self.found: dict[str, RawTag] = {}
        start = self._leading(file)
        slots, end = self._trailing(file, start)
        self.sound = Span(start, end - start)
        self.slots = slots
        kinds = (primary, *(kind for kind in ("id3v2", "apev2", "id3v1") if kind != primary))
        self.tags: Mapping[str, RawTag] = {
            kind: self.found[kind] for kind in kinds if kind in self.found
        }

    def _leading(self, file: BinaryIO) -> int:
        size = id3.tag_size(read_at(file, 0, min(id3.HEADER, file_size(file))))
        if size:
            self.found["id3v2"] = Id3v2.parse(read_at(file, 0, size))
        return size

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
        at_file_end = not self.found.keys() & {"id3v1", "apev2"}
        if room >= ID3V1_SIZE and at_file_end:
            data = read_at(file, end - ID3V1_SIZE, ID3V1_SIZE)
            if data[:3] == b"TAG" and not self._inside_apev2(file, start, end):
                self.found["id3v1"] = Id3v1.parse(data)
                return Slot("id3v1"), ID3V1_SIZE
        if room >= apev2.FOOTER and "apev2" not in self.found:
            size = apev2.size_before(read_at(file, end - apev2.FOOTER, apev2.FOOTER))
            if 0 < size <= room and self._found_apev2(read_at(file, end - size, size)):
                return Slot("apev2"), size
        if room >= LYRICS3_END:
            data = read_at(file, end - LYRICS3_END, LYRICS3_END)
            size = int(data[:6]) + LYRICS3_END if data[:6].isdigit() else 0
            if data[6:] == b"LYRICS200" and size <= room:
                return Span(end - size, size), size
        return None

    def _inside_apev2(self, file: BinaryIO, start: int, end: int) -> bool:
        """Return whether an apparent ID3v1 tag is the `TAG` of an `APETAGEX`."""
        at = end - ID3V1_SIZE - 3
        return at >= start and read_at(file, at, len(apev2.PREAMBLE)) == apev2.PREAMBLE

    def _found_apev2(self, data: bytes) -> bool:
        """Parse an APEv2 tag; a broken tag is kept unchanged unless it is the primary tag."""
        try:
            self.found["apev2"] = Apev2.parse(data)
        except MalformedError:
            if self.primary == "apev2":
                raise
            return False
        return True

    def empty(self) -> RawTag:
        """Return ID3v2.4 or APEv2; a new ID3v2 tag gets the fields of an ID3v1 tag."""
        if self.primary == "apev2":
            return Apev2((), 0)
        old = self.found.get("id3v1")
        return old.to_v2() if isinstance(old, Id3v1) else id3.new_id3v2()

    def compose(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Put the ID3v2 tag first; a new APEv2 tag follows the sound."""
        if "id3v2" in tags:
            yield tags["id3v2"].render()
        yield from self.middle(tags)
        if "apev2" in tags and Slot("apev2") not in self.slots:
            yield tags["apev2"].render()
        for slot in self.slots:
            if isinstance(slot, Span):
                yield slot
            elif slot.kind in tags:
                yield tags[slot.kind].render()

    def middle(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:  # noqa: ARG002 - FLAC's hook
        """Yield the stream itself."""
        yield self.sound
