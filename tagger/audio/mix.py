"""One channel from many, at a rate that the memory of a worker can hold."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import soxr

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

Part = tuple[int, "NDArray[np.float32]"]
"""Rate, Hz, and mono samples."""

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
_ZERO: Final = np.float32(0)


class Mixer:
    """The mean of the channels, or one channel.

    In a recording with one channel inverted, the mean is silent: the channels cancel each other.
    """

    def __init__(self, channel: int | None = None) -> None:
        """Take the number of the only channel to use; None for the mean of all."""
        self._channel = channel
        self._energy: NDArray[np.float64] = np.zeros(1)
        self._mixed = 0.0

    @np.errstate(over="ignore", invalid="ignore")  # such samples are refused as damage
    def mono(self, by_channel: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """Return one channel, float32 within -1..1, from the samples (n,) of each channel."""
        if self._channel is None:
            mono = _mean(by_channel)
        else:
            mono = by_channel[min(self._channel, len(by_channel) - 1)].astype(np.float32)
        kind = by_channel[0].dtype
        middle = np.float32(128 if kind.kind == "u" else 0)
        if middle:
            mono -= middle
        if self._channel is None and len(by_channel) > 1:
            self._measure([_energy(samples, middle) for samples in by_channel], _energy(mono))
        if (scale := _SCALE.get(kind.str[1:])) is not None:
            mono *= scale
        return mono

    @property
    def loudest(self) -> int | None:
        """The number of the loudest channel, if the channels cancel each other; else None."""
        cancelled = self._mixed < CANCELLED * float(self._energy.mean())
        return int(self._energy.argmax()) if cancelled else None

    def _measure(self, by_channel: list[float], mixed: float) -> None:
        if len(by_channel) != self._energy.size:  # may change within a chained stream
            self._energy = np.zeros(len(by_channel))
            self._mixed = 0.0
        self._energy += by_channel
        self._mixed += mixed


def _energy(samples: NDArray[Any], middle: np.float32 = _ZERO) -> float:
    """Return the energy of some of the samples (n,) around `middle`."""
    some = samples[::_STRIDE].astype(np.float32, copy=False)
    if middle:
        some = some - middle
    return float(np.dot(some, some))


def _mean(by_channel: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return the mean of channels; NumPy's own is slow on interleaved samples."""
    total: NDArray[np.float32]
    if len(by_channel) == 1:
        total = by_channel[0].astype(np.float32)
        return total
    total = np.add(by_channel[0], by_channel[1], dtype=np.float32)
    for other in by_channel[2:]:
        np.add(total, other, out=total, dtype=np.float32)
    total /= np.float32(len(by_channel))
    return total


def reduced(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield parts at the rate `REDUCED` for parts with higher rates."""
    for rate, run in itertools.groupby(parts, lambda part: part[0]):
        stream = soxr.ResampleStream(rate, REDUCED, 1, dtype="float32", quality="HQ")
        for _, samples in run:
            if (some := stream.resample_chunk(samples)).size:
                yield REDUCED, some
        yield REDUCED, stream.resample_chunk(np.zeros(0, np.float32), last=True)
