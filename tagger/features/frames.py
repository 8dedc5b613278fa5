"""A clip's log-mel frames, the input of musicnn: 16 kHz, 96 bands, equal volume.

`librosa.feature.melspectrogram(y, sr=16000, n_fft=512, hop_length=256, n_mels=96)` followed by
log10(10,000 x + 1), as the package musicnn 0.1.0 computes it (Pons and Serra 2019), of a clip that
is scaled to a root mean square of 0.1. Frames are cut into patches of 187, 3 s each.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tagger.errors import TooShortError
from tagger.features.bands import Bands, band_power, banded, hann, root_mean_square
from tagger.features.mel import check_samples, mel_filters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

RATE = 16_000
N_FFT = 512
HOP = 256
N_BANDS = 96
PATCH = 187
"""Frames in a patch, 3 s."""
FEW = 5
"""Patches that represent 30 s."""
LOUDNESS = 0.1
"""Root mean square of the scaled clip, so that the volume of a recording has no effect."""


def patches(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the log-mel patches of mono float32 samples (n,) at RATE.

    Returns shape (patches, N_BANDS, PATCH). Multiplying the samples by a constant changes nothing.

    Raises TooShortError below one patch, SilentError when no sample passes -80 dB full scale,
    CorruptAudioError when a sample is not a number or out of range.
    """
    count = _count_frames(samples) // PATCH
    return _patches(samples, range(0, count * PATCH, PATCH))


def spread_patches(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the patches that represent a clip, as `patches` does.

    Every second patch of 30 s and more has the precision and the share of written genres of all
    patches. A shorter clip has FEW patches at most, spread evenly from its first to its last frame.
    """
    frames = _count_frames(samples)
    if (whole := frames // PATCH) >= 2 * FEW:
        return _patches(samples, range(0, whole * PATCH, 2 * PATCH))
    number = min(FEW, -(-frames // PATCH))
    return _patches(samples, np.linspace(0, frames - PATCH, number).round().astype(int))


def _count_frames(samples: NDArray[np.float32]) -> int:
    frames = 1 + len(samples) // HOP
    if frames < PATCH:
        raise TooShortError(f"only {len(samples) / RATE:.1f} s of sound")
    return frames


def _patches(samples: NDArray[np.float32], starts: Iterable[int]) -> NDArray[np.float32]:
    """Compute the patches from some frames on."""
    check_samples(samples)
    window = _window() * np.float32(LOUDNESS / root_mean_square(samples))
    padded = np.pad(samples, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    return np.stack([_levels(frames[start : start + PATCH], window) for start in starts])


def _levels(frames: NDArray[np.float32], window: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute log-mel levels of frames (PATCH, N_FFT), shape (N_BANDS, PATCH)."""
    levels = band_power(frames, window, N_FFT, _filters())
    levels *= np.float32(10_000)
    levels += np.float32(1)
    return np.log10(levels, out=levels).T


@cache
def _filters() -> tuple[Bands, ...]:
    return banded(mel_filters(RATE, N_FFT, N_BANDS))


@cache
def _window() -> NDArray[np.float32]:
    return hann(N_FFT)
