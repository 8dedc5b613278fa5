"""The power of overlapping frames in bands: windows, one real FFT in float32, filters.

The three log-mel front ends share it. Frames are transformed in blocks that stay in the
processor's cache. The spectrum is squared in place, as pairs of real and imaginary parts. Every row
of the filters is there twice, so that one matrix product adds both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAMPLES_AT_ONCE: Final = 65_536
_BANDS_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Bands:
    """Neighbouring filters with only the FFT bins that they cover."""

    parts: slice
    """Real and imaginary parts in turn, two for each bin."""
    bands: slice
    weights: NDArray[np.float32]
    """Shape (parts, bands)."""


def banded(filters: NDArray[np.float32]) -> tuple[Bands, ...]:
    """Split filters (bands, bins) into groups of neighbours."""
    groups = []
    for first in range(0, len(filters), _BANDS_AT_ONCE):
        bands = slice(first, first + _BANDS_AT_ONCE)
        seen = np.flatnonzero(filters[bands].any(axis=0))
        bins = slice(int(seen[0]), int(seen[-1]) + 1)
        weights = np.repeat(filters[bands, bins].T, 2, axis=0)
        groups.append(Bands(slice(2 * bins.start, 2 * bins.stop), bands, weights))
    return tuple(groups)


def band_power(
    frames: NDArray[np.float32],
    window: NDArray[np.float32],
    n_fft: int,
    filters: tuple[Bands, ...],
) -> NDArray[np.float32]:
    """Compute the power of frames in bands.

    Args:
        frames: Samples of each frame, shape (frames, w) with w <= n_fft; may be a strided view.
        window: Shape (w,).
        n_fft: Samples of one transform; a frame is padded with zeros.
        filters: The bands.

    Returns:
        Shape (frames, bands).

    """
    at_once = _SAMPLES_AT_ONCE // n_fft
    power = np.empty((len(frames), filters[-1].bands.start + filters[-1].weights.shape[1]), "f4")
    windowed = np.zeros((at_once, n_fft), np.float32)
    for first in range(0, len(frames), at_once):
        block = frames[first : first + at_once]
        size = len(block)
        np.multiply(block, window, out=windowed[:size, : len(window)])
        energy = np.fft.rfft(windowed[:size], axis=1).view(np.float32)
        np.square(energy, out=energy)
        for group in filters:
            power[first : first + size, group.bands] = energy[:, group.parts] @ group.weights
    return power


def hann(size: int) -> NDArray[np.float32]:
    """Return the periodic window of Hann, shape (size,)."""
    periodic = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    return periodic.astype(np.float32)


def root_mean_square(samples: NDArray[np.float32]) -> float:
    """Return the root mean square of samples (n,)."""
    return float(np.sqrt(np.dot(samples, samples) / np.float32(samples.size)))
