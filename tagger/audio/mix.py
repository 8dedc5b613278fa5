"""One channel from many, at a rate that the memory of a worker can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import soxr

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

Part = tuple[int, "NDArray[np.float32]"]
"""Rate and samples of one frame."""

HIGHEST_KEPT: Final = 400_000
"""Hz; a higher rate is reduced while decoding. DSD64 has 352.8 kHz behind FFmpeg's decoder."""
REDUCED: Final = 176_400
"""Hz."""
CANCELLED: Final = 0.01
"""The least energy of the mean of the channels, relative to the channels' mean energy.

Channels without a relation have 1 / n of it, so 32 channels have 0.03.
"""
_STRIDE: Final = 16
"""Every sample of so many is enough to measure the energy."""
_SCALE: Final = {
    "u1": np.float32(2**-7),
    "i2": np.float32(2**-15),
    "i4": np.float32(2**-31),
    "i8": np.float32(2**-63),
}
"""Full scale of FFmpeg's integer sample formats."""


class Mixer:
    """The mean of the channels, or one channel.

    In a recording with one channel inverted, the mean is silent: the channels cancel each other.
    """

    def __init__(self, channel: int | None = None) -> None:
        """Take the number of the only channel to use; None for the mean of all."""
        self._channel = channel
        self._energy: NDArray[np.float64] = np.zeros(1)
        self._mixed = 0.0

    def mono(self, by_channel: NDArray[Any]) -> NDArray[np.float32]:
        """Return one channel, float32 within -1..1, from samples of the shape (channels, n)."""
        if self._channel is None:
            mono: NDArray[np.float32] = by_channel.mean(axis=0, dtype=np.float32)
        else:
            mono = by_channel[min(self._channel, len(by_channel) - 1)].astype(np.float32)
        middle = np.float32(128 if by_channel.dtype.kind == "u" else 0)
        if middle:
            mono -= middle
        if len(by_channel) > 1:
            self._measure(by_channel[:, ::_STRIDE].astype(np.float32) - middle)
        return mono * _SCALE.get(by_channel.dtype.str[1:], np.float32(1))

    @property
    def loudest(self) -> int | None:
        """The number of the loudest channel, if the channels cancel each other; else None."""
        cancelled = self._mixed < CANCELLED * float(self._energy.mean())
        return int(self._energy.argmax()) if cancelled else None

    def _measure(self, some: NDArray[np.float32]) -> None:
        energy = np.square(some).sum(axis=1, dtype=np.float64)
        if energy.shape != self._energy.shape:  # the layout may change within a chained stream
            self._energy = np.zeros(energy.shape)
            self._mixed = 0.0
        self._energy += energy
        self._mixed += float(np.square(some.mean(axis=0)).sum(dtype=np.float64))


def reduced(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield parts with rates of at most `HIGHEST_KEPT`, Hz."""
    rate, stream = 0, None
    for part_rate, samples in parts:
        if part_rate != rate:
            yield from _rest(stream)
            rate, stream = part_rate, None
            if rate > HIGHEST_KEPT:
                stream = soxr.ResampleStream(rate, REDUCED, 1, dtype="float32", quality="HQ")
        if stream is None:
            yield rate, samples
        elif (some := stream.resample_chunk(samples)).size:
            yield REDUCED, some
    yield from _rest(stream)


def _rest(stream: Any) -> Iterator[Part]:
    if stream is not None:
        yield REDUCED, stream.resample_chunk(np.zeros(0, np.float32), last=True)
