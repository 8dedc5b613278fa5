"""Containers with foreign tags around them: ID3v2 before Ogg, ID3v1 behind Ogg, MP4 or WAV."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from tagger.tags.containers.base import Piece, RawTag, Span
from tagger.tags.containers.stream import Part, StreamFile, rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tagger.tags.containers.base import Container


class EnclosedFile(StreamFile):
    """A container, and the tags before and behind it."""

    def __init__(self, file: BinaryIO, parse: Callable[[BinaryIO], Container]) -> None:
        super().__init__(file, "")
        self._inner = parse(cast("BinaryIO", Part(file, self.sound)))
        self.primary = self._inner.primary
        self.tags: Mapping[str, RawTag] = {**self._inner.tags, **self.tags}

    @property
    def companions(self) -> Mapping[str, RawTag]:
        """See `Container`."""
        return self._inner.companions

    def empty(self) -> RawTag:
        """Return a new primary tag of the container."""
        return self._inner.empty()

    def compose(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Put the container with its own tags between the others."""
        yield from rendered(self.front, tags)
        own = {kind: tag for kind, tag in tags.items() if kind not in self.found}
        yield from self._placed(self._inner.compose(own))
        yield from rendered(self.slots, tags)

    def payload(self) -> Iterator[Piece]:
        """Yield the bytes around the container, and its own payload."""
        yield from (piece for piece in (*self.front, *self.slots) if isinstance(piece, Span))
        yield from self._placed(self._inner.payload())

    def _placed(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            if isinstance(piece, Span):
                yield Span(piece.start + self.sound.start, piece.size)
            else:
                yield piece
