"""DSF: a header, `fmt `, `data`, and an ID3 tag that the header points to.

https://dsd-guide.com/sites/default/files/white-papers/DSFFileFormatSpec_E.pdf
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from tagger.tags.containers import id3
from tagger.tags.containers.base import Container, MalformedError, Piece, RawTag, Span, size_of
from tagger.tags.containers.id3 import Id3v2
from tagger.tags.containers.stream import file_size, read_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO


class DsfFile(Container):
    """A DSF file."""

    primary = "id3v2"
    HEADER: Final = 28

    def __init__(self, file: BinaryIO) -> None:
        size = file_size(file)
        _, _, total, pointer = struct.unpack("<4sQQQ", read_at(file, 0, self.HEADER))
        end = total if pointer or total == size else _end_of_sound(file)
        if end != size or (pointer and not self.HEADER <= pointer < size):
            raise MalformedError("the DSF header disagrees with the file's size")
        self._sound = Span(self.HEADER, (pointer or size) - self.HEADER)
        self.tags: Mapping[str, RawTag] = {}
        self._rest = Span(size, 0)
        if pointer:
            length = id3.tag_size(read_at(file, pointer, min(id3.HEADER, size - pointer)))
            if not 0 < length <= size - pointer:
                raise MalformedError("the DSF header points to no ID3 tag")
            self.tags = {"id3v2": Id3v2.parse(read_at(file, pointer, length))}
            self._rest = Span(pointer + length, size - pointer - length)

    def empty(self) -> RawTag:
        """Return an ID3v2.4 tag."""
        return id3.new_id3v2()

    def compose(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Write a new header; the tag stays last."""
        tag = tags["id3v2"].pieces() if "id3v2" in tags else []
        pointer = self.HEADER + self._sound.size
        total = pointer + size_of(tag) + self._rest.size
        yield struct.pack("<4sQQQ", b"DSD ", self.HEADER, total, pointer if tag else 0)
        yield self._sound
        yield from tag
        yield self._rest


def _end_of_sound(file: BinaryIO) -> int:
    """Return the end of `data`: a program that removed the tag may leave the old total."""
    (format_size,) = struct.unpack_from("<Q", read_at(file, DsfFile.HEADER + 4, 8))
    start = DsfFile.HEADER + format_size
    name, size = struct.unpack("<4sQ", read_at(file, start, 12))
    return int(start + size) if name == b"data" else 0
