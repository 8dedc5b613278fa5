"""A clip's log-mel frames, the input of EfficientAT: 32 kHz, 128 bands, equal volume.

The input of EfficientAT (Schmid, Koutini and Widmer 2023) without its augmentation. After a
pre-emphasis, a symmetric Hann window of 800 moves by 320 samples, in a transform of 1024. The power
is summed in triangles on Kaldi's mel scale from 0 to 15,000 Hz. Then follows
(log(x + 1e-5) + 4.5) / 5. The clip is scaled to a root mean square of 0.1 before.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tagger.features.bands import Bands, band_power, banded, root_mean_square
from tagger.features.frames import LOUDNESS
from tagger.features.mel import check_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 32_000
N_FFT = 1024
WINDOW = 800
HOP = 320
N_BANDS = 128
TOP_HZ = 15_000
PRE_EMPHASIS = 0.97
LEAST_POWER = 1e-5


def wideband_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the log-mel frames of mono float32 samples (n,) at RATE, shape (N_BANDS, frames).

    Multiplying the samples by a constant changes nothing.

    Raises SilentError when no sample passes -80 dB full scale, CorruptAudioError when a sample is
    not a number or out of range.
    """
    check_samples(samples)
    sharpened = samples[:-1] * np.float32(-PRE_EMPHASIS)
    sharpened += samples[1:]
    padded = np.pad(sharpened, N_FFT // 2, "reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP, _INSIDE]
    window = _window() * np.float32(LOUDNESS / root_mean_square(samples))
    levels = band_power(frames, window, N_FFT, _filters())
    levels += np.float32(LEAST_POWER)
    np.log(levels, out=levels)
    levels += np.float32(4.5)
    levels /= np.float32(5)
    return np.ascontiguousarray(levels.T)


_INSIDE = slice((N_FFT - WINDOW) // 2, (N_FFT + WINDOW) // 2)
"""The part of a frame within the window; a shift of the window leaves the power as it is."""


@cache
def _window() -> NDArray[np.float32]:
    return np.hanning(WINDOW).astype(np.float32)


@cache
def _filters() -> tuple[Bands, ...]:
    """Return triangular filters on Kaldi's mel scale, up to the bin before half of the rate."""
    edges = np.linspace(0, _mel(np.float64(TOP_HZ)), N_BANDS + 2)
    hz = np.arange(N_FFT // 2, dtype=np.float64) * RATE / N_FFT
    bins = _mel(hz)[:, np.newaxis]
    step = edges[1]
    rising, falling = (bins - edges[:-2]) / step, (edges[2:] - bins) / step
    filters = np.maximum(0, np.minimum(rising, falling))
    return banded(filters.T.astype(np.float32))


def _mel(hz: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    mel: NDArray[np.float64] = 1127 * np.log(1 + hz / 700)
    return mel
