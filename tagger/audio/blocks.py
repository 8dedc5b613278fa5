"""Decoded frames, joined to blocks before NumPy works on them.

A frame of MP3 has 26 ms of sound. A call of NumPy costs more than the arithmetic on one frame, so
frames are joined first. The length of every frame is kept: the end of a clip and the end of a
silent beginning are borders of frames.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import av
import numpy as np

from tagger.audio.mix import HIGHEST_KEPT, reduced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from tagger.audio.mix import Mixer

BLOCK: Final = 32_768
"""Samples of each channel after which a block is complete."""


class Piece(NamedTuple):
    """One frame that was decoded, or its mono samples at a reduced rate."""

    rate: int
    """Hz."""
    channels: int
    size: int
    """Samples of each channel."""
    sound: av.AudioFrame | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Block:
    """Mono samples of neighbouring pieces of one rate."""

    rate: int
    """Hz."""
    samples: NDArray[np.float32]
    sizes: tuple[int, ...]
    """Samples of each piece, in order."""

    @property
    def peak(self) -> float:
        """The greatest absolute value of a sample, 0 without samples."""
        return max(float(self.samples.max(initial=0)), -float(self.samples.min(initial=0)))

    def from_level(self, least: float) -> Block | None:
        """Return the block without the pieces before the first sample of the level `least`.

        Returns None when every sample is below the level.
        """
        loud = ~(np.abs(self.samples) < least)  # a sample that is not a number counts
        first = int(loud.argmax()) if loud.size else 0
        if not loud.size or not loud[first]:
            return None
        ends = list(itertools.accumulate(self.sizes))
        silent = sum(end <= first for end in ends)
        start = ends[silent - 1] if silent else 0
        return Block(self.rate, self.samples[start:], self.sizes[silent:])


def reduced_pieces(found: Iterable[Piece], mixer: Mixer) -> Iterator[Piece]:
    """Yield the pieces; a frame above `HIGHEST_KEPT`, Hz, is mixed and reduced."""
    for rate, run in itertools.groupby(found, _rate):
        if rate <= HIGHEST_KEPT:
            yield from run
        else:
            parts = ((rate, mixer.mono(by_channel(piece.sound))) for piece in run)  # type: ignore[arg-type]
            for lower, samples in reduced(parts):
                yield Piece(lower, 1, samples.size, samples)


def _rate(piece: Piece) -> int:
    return piece[0]


def blocks(found: Iterable[Piece], mixer: Mixer) -> Iterator[Block]:
    """Join frames of one rate and format, and mix them."""
    fifo, sizes, last = av.AudioFifo(), list[int](), (0, 0)
    for rate, channels, size, sound in found:
        frame = sound if isinstance(sound, av.AudioFrame) else None
        # av.AudioFifo compares the rate and the format, but not the number of channels
        if sizes and (fifo.samples >= BLOCK or (rate, channels) != last or frame is None):
            yield _block(fifo, last[0], sizes, mixer)
            fifo, sizes = av.AudioFifo(), []
        if frame is None:
            yield Block(rate, sound, (size,))  # type: ignore[arg-type] # no frame
            continue
        frame.pts = None
        try:
            fifo.write(frame)
        except ValueError:  # another format
            yield _block(fifo, last[0], sizes, mixer)
            fifo, sizes = av.AudioFifo(), []
            fifo.write(frame)
        sizes.append(size)
        last = rate, channels
    if sizes:
        yield _block(fifo, last[0], sizes, mixer)


def _block(fifo: av.AudioFifo, rate: int, sizes: list[int], mixer: Mixer) -> Block:
    frame = fifo.read(0)
    samples = np.zeros(0, np.float32) if frame is None else mixer.mono(by_channel(frame))
    return Block(rate, samples, tuple(sizes))


def by_channel(frame: av.AudioFrame) -> NDArray[Any]:
    """Return the samples of a frame in the decoder's format, shape (channels, n)."""
    samples: NDArray[Any] = frame.to_ndarray()
    if frame.format.is_planar:
        return samples
    return samples.reshape(-1, frame.layout.nb_channels).T
