"""FLAC: metadata blocks, then frames.

https://www.rfc-editor.org/rfc/rfc9639#section-8
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tagger.tags.containers.base import MalformedError, Piece, RawTag, Span, size_of
from tagger.tags.containers.stream import StreamFile, read_at
from tagger.tags.containers.vorbis import VorbisComment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

PADDING: Final = 1
VORBIS_COMMENT: Final = 4
LAST: Final = 0x80
BLOCK_HEADER: Final = 4
MAX_BLOCK: Final = (1 << 24) - 1


@dataclass(frozen=True, slots=True)
class Block:
    """One metadata block: its type and the span of its contents."""

    kind: int
    body: Span


class FlacFile(StreamFile):
    """A FLAC file; its tag's `reserved_bytes` is the comment block plus all padding blocks."""

    merges = True

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, "vorbis")
        self.blocks, self.frames = self._walk(file)
        own: dict[str, RawTag] = {}
        for block in self.blocks:
            if block.kind == VORBIS_COMMENT:
                tag = VorbisComment.parse(read_at(file, block.body.start, block.body.size))
                if not own:
                    size = BLOCK_HEADER + block.body.size + self._padding
                    tag = replace(tag, reserved_bytes=size)
                own[_comments(len(own))] = tag
        self.tags = {**own, **self.tags}

    def _walk(self, file: BinaryIO) -> tuple[list[Block], Span]:
        at, end = self.sound.start, self.sound.start + self.sound.size
        if read_at(file, at, 4) != b"fLaC":
            raise MalformedError("no FLAC stream follows the tag")
        at += 4
        blocks = []
        last = False
        while not last:
            header = read_at(file, at, BLOCK_HEADER)
            size = int.from_bytes(header[1:], "big")
            last = bool(header[0] & LAST)
            blocks.append(Block(header[0] & ~LAST, Span(at + BLOCK_HEADER, size)))
            at += BLOCK_HEADER + size
        # after a picture block with an overflowed size, the walk would not end at a frame
        if at > end or (at < end and int.from_bytes(read_at(file, at, 2), "big") >> 1 != 0x7FFC):
            raise MalformedError("the FLAC metadata blocks do not end where the frames begin")
        return blocks, Span(at, end - at)

    def empty(self) -> RawTag:
        """Return empty comments that may use the existing padding."""
        return VorbisComment((), self._padding)

    @property
    def _padding(self) -> int:
        """The size of all padding blocks, bytes."""
        return sum(BLOCK_HEADER + b.body.size for b in self.blocks if b.kind == PADDING)

    def middle(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Yield the blocks, the comments in their place and one padding block at the end.

        Without comments, padding takes their place if the file has padding.
        """
        tag = tags.get("vorbis")
        if tag is None:
            standing = self.tags.get("vorbis", self.empty())
            yield from self._stream(tags, standing.reserved_bytes if self._padding else 0)
        else:
            size = BLOCK_HEADER + size_of(tag.pieces())
            yield from self._stream(tags, tag.reserved_bytes - size)

    def payload(self) -> Iterator[Piece]:
        """Yield the file without comments, padding and the tags around the stream."""
        yield from self._stream({}, 0)

    def _stream(self, tags: Mapping[str, RawTag], padding: int) -> Iterator[Piece]:
        blocks: list[tuple[int, Piece]] = []
        number = 0
        paddings = self._paddings(padding)
        left = iter(paddings)
        for block in self.blocks:
            if block.kind == VORBIS_COMMENT:
                if tag := tags.get(_comments(number)):
                    blocks.append((VORBIS_COMMENT, tag.render()))
                number += 1
            elif block.kind != PADDING:
                blocks.append((block.kind, block.body))
            else:
                blocks += ((PADDING, piece) for piece in itertools.islice(left, 1))
        if not number and "vorbis" in tags:
            blocks.insert(1, (VORBIS_COMMENT, tags["vorbis"].render()))
        if not paddings and padding >= BLOCK_HEADER:
            blocks.append((PADDING, bytes(min(padding - BLOCK_HEADER, MAX_BLOCK))))
        yield b"fLaC"
        for number, (kind, piece) in enumerate(blocks, 1):
            size = piece.size if isinstance(piece, Span) else len(piece)
            if size > MAX_BLOCK:
                raise MalformedError("the comments exceed a FLAC block")
            last = LAST if number == len(blocks) else 0
            yield bytes([kind | last]) + size.to_bytes(3, "big")
            yield piece
        yield self.frames

    def _paddings(self, total: int) -> list[Piece]:
        """Return the padding blocks in their places, the last with another size.

        Padding that fits into one block is one block at the end, wherever it was.
        """
        others = [block.body for block in self.blocks if block.kind == PADDING][:-1]
        room = total - sum(BLOCK_HEADER + body.size for body in others)
        if (
            total <= BLOCK_HEADER + MAX_BLOCK
            or not BLOCK_HEADER <= room <= BLOCK_HEADER + MAX_BLOCK
        ):
            return []
        return [*others, bytes(room - BLOCK_HEADER)]


def _comments(number: int) -> str:
    """Return the kind of a comment block; FLAC allows one, and readers use the first or all."""
    return f"vorbis#{number + 1}" if number else "vorbis"
