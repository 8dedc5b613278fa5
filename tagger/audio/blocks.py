"""Decoded frames, joined to blocks before NumPy works on them.

A frame of MP3 has 26 ms of sound. A call of NumPy costs more than the arithmetic on one frame, so
frames are joined first. The length of every frame is kept: the end of a clip and the end of a
silent beginning are borders of frames.
"""

from __future__ import annotations

import bisect
import itertools
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from av import AudioFifo, AudioFrame

from tagger.audio.mix import HIGHEST_KEPT, reduced
from tagger.audio.planes import by_channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from tagger.audio.mix import Mixer

BLOCK: Final = 32_768
"""Samples of each channel after which a block is complete."""


Piece: TypeAlias = "tuple[int, int, int, AudioFrame | NDArray[np.float32]]"
"""Rate, Hz, channels, samples of each channel, and one decoded frame.

At a reduced rate, its mono samples are in the place of the frame.
"""


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
        first = self._first(least)
        if first is None:
            return None
        ends = list(itertools.accumulate(self.sizes))
        silent = bisect.bisect_right(ends, first)
        start = ends[silent - 1] if silent else 0
        return Block(self.rate, self.samples[start:], self.sizes[silent:])

    def _first(self, least: float) -> int | None:
        """Return the index of the first sample of the level `least`."""
        for start in range(0, self.samples.size, BLOCK):
            some = self.samples[start : start + BLOCK]
            loud = ~(np.abs(some) < least)  # a sample that is not a number counts
            if (first := int(loud.argmax())) or loud[0]:
                return start + first
        return None


def joined(found: Iterable[Block]) -> list[Block]:
    """Join neighbouring blocks of one rate."""
    runs = [(rate, list(run)) for rate, run in itertools.groupby(found, lambda one: one.rate)]
    return [
        Block(
            rate,
            run[0].samples if len(run) == 1 else np.concatenate([one.samples for one in run]),
            tuple(itertools.chain.from_iterable(one.sizes for one in run)),
        )
        for rate, run in runs
    ]


def reduced_pieces(found: Iterator[Piece], mixer: Mixer) -> Iterator[Piece]:
    """Yield the pieces; a frame above `HIGHEST_KEPT`, Hz, is mixed and reduced."""
    for piece in found:
        if piece[0] <= HIGHEST_KEPT:
            yield piece
        else:
            yield from _reduced_runs(itertools.chain([piece], found), mixer)


def _reduced_runs(found: Iterable[Piece], mixer: Mixer) -> Iterator[Piece]:
    for rate, run in itertools.groupby(found, operator.itemgetter(0)):
        if rate <= HIGHEST_KEPT:
            yield from run
        else:
            parts = ((rate, mixer.mono(by_channel(sound))) for *_, sound in run)  # type: ignore[arg-type]
            for lower, samples in reduced(parts):
                yield lower, 1, samples.size, samples


def blocks(found: Iterable[Piece], seconds: float, mixer: Mixer) -> Iterator[Block]:
    """Take `seconds` of the pieces; join frames of one rate and format, and mix them."""
    if seconds <= 0:
        return
    fifo, sizes, waiting, last = AudioFifo(), list[int](), 0, (0, 0)
    for rate, channels, size, sound in found:
        frame = sound if isinstance(sound, AudioFrame) else None
        other = (rate, channels) != last
        if sizes and (other or waiting >= BLOCK or frame is None):
            yield _block(fifo, last[0], sizes, mixer)
            sizes, waiting = [], 0
        if frame is None:
            yield Block(rate, sound, (size,))  # type: ignore[arg-type] # no frame
        else:
            if other:  # AudioFifo compares the rate and the format, but not the number of channels
                fifo, last = AudioFifo(), (rate, channels)
            frame.pts = None
            try:
                fifo.write(frame)
            except ValueError:  # another format
                if sizes:
                    yield _block(fifo, rate, sizes, mixer)
                fifo, sizes, waiting = AudioFifo(), [], 0
                fifo.write(frame)
            sizes.append(size)
            waiting += size
        seconds -= size / rate
        if seconds <= 0:
            break
    if sizes:
        yield _block(fifo, last[0], sizes, mixer)


def _block(fifo: AudioFifo, rate: int, sizes: list[int], mixer: Mixer) -> Block:
    frame = fifo.read(0)
    samples = np.zeros(0, np.float32) if frame is None else mixer.mono(by_channel(frame))
    return Block(rate, samples, tuple(sizes))
