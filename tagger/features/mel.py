"""A clip's log-mel spectrogram, equal to the result of librosa 0.11.

`librosa.feature.melspectrogram(y, sr=22050, n_fft=2048, hop_length=512)` followed by
`power_to_db(ref=np.max, top_db=80)`: Hann window, centred frames with zero padding, 128 mel
bands on Slaney's scale with Slaney's area normalisation, 0 to 11,025 Hz. Only librosa's absolute
least power of 1e-10 is left out: it would let the loudness of a very quiet clip matter.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tagger.core.domain import LogMel
from tagger.errors import CorruptAudioError, SilentError, TooShortError
from tagger.features.bands import Bands, band_power, banded, hann

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 22_050
N_FFT = 2048
HOP = 512
N_MELS = 128
TOP_DB = 80.0
FRAMES_PER_COLUMN = 1293 / 387.5
"""Every column is one frame of 3.3368, 77 ms apart, whatever the clip's length."""
MIN_COLUMNS = 36
"""2.8 s: below it the slow modulations that separate genres cannot be measured."""

_LEAST_RANGE_DB = 1.0
_SILENCE_PEAK = 1e-4
"""-80 dB full scale: the level of dither and rounding, below any music."""
_ABSURD_PEAK = 1e6


def hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's scale (Auditory Toolbox): linear below 1 kHz, logarithmic above."""
    linear = hz * 3 / 200
    logarithmic = 15 + 27 * np.log(np.maximum(hz, 1000) / 1000) / np.log(6.4)
    return np.where(hz < 1000, linear, logarithmic)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse of `hz_to_mel`."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) / 27 * np.log(6.4)))


def mel_centres(rate: int, bands: int = N_MELS) -> NDArray[np.float64]:
    """Centres of mel filters up to half of `rate`, on the mel scale, shape (bands,)."""
    top = hz_to_mel(np.array([rate / 2]))[0]
    centres: NDArray[np.float64] = np.linspace(0, top, bands + 2)[1:-1]
    return centres


def mel_filters(rate: int = RATE, n_fft: int = N_FFT, bands: int = N_MELS) -> NDArray[np.float32]:
    """Triangular mel filters up to half of a rate, each of equal area.

    Args:
        rate: samples a second, Hz.
        n_fft: samples of one transform.
        bands: number of filters.

    Returns:
        Weights of shape (bands, n_fft / 2 + 1).

    """
    top = hz_to_mel(np.array([rate / 2]))[0]
    edges = mel_to_hz(np.linspace(0, top, bands + 2))
    ramps = edges[:, None] - np.fft.rfftfreq(n_fft, 1 / rate)
    widths = np.diff(edges)[:, None]
    filters = np.maximum(0, np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]))
    filters *= (2 / (edges[2:] - edges[:-2]))[:, None]
    return filters.astype(np.float32)


@cache
def _banded_filters() -> tuple[Bands, ...]:
    return banded(mel_filters())


@cache
def _window() -> NDArray[np.float32]:
    return hann(N_FFT)


def mel_power(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mel power of every frame, shape (frames, N_MELS), for float32 samples (n,) at RATE."""
    padded = np.pad(samples, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    return band_power(frames, _window(), N_FFT, _banded_filters())


def sampled_frames(frames: int) -> NDArray[np.intp]:
    """Return the indices of the frames that become columns, out of a clip's `frames`."""
    columns = int(frames / FRAMES_PER_COLUMN)
    centres = (np.arange(columns) + 0.5) * FRAMES_PER_COLUMN
    return centres.astype(np.intp)


def log_mel(samples: NDArray[np.float32], rate: int) -> LogMel:
    """Compute the log-mel spectrogram of mono float32 samples (n,) at RATE.

    Maximum and floor are taken over all frames; then one frame in 3.3368 is kept. The levels
    are (dB - floor) / (0 - floor) of the kept frames, shape (N_MELS, columns). Multiplying the
    samples by a constant changes nothing.

    Raises TooShortError below MIN_COLUMNS columns, and SilentError when no sample exceeds -80 dB
    full scale. Raises CorruptAudioError when a sample is not a number or out of range, and
    ValueError for another rate.
    """
    if rate != RATE:
        raise ValueError(f"log_mel needs {RATE} Hz, not {rate}")
    columns = sampled_frames(1 + len(samples) // HOP)
    if len(columns) < MIN_COLUMNS:
        raise TooShortError(f"only {len(samples) / RATE:.1f} s of sound")
    check_samples(samples)
    power = mel_power(samples)
    power /= power.max()
    lowest = max(float(power.min()), 10 ** (-TOP_DB / 10))
    floor = min(10 * math.log10(lowest), -_LEAST_RANGE_DB)
    levels = 1 - 10 * np.log10(np.maximum(power[columns], np.float32(lowest))) / np.float32(floor)
    return LogMel(np.ascontiguousarray(levels.T.clip(0, 1)), floor)


def check_samples(samples: NDArray[np.float32]) -> None:
    """Raise CorruptAudioError for invalid samples (n,), SilentError for silence."""
    highest, lowest = float(samples.max()), float(samples.min())
    if not (highest < _ABSURD_PEAK and lowest > -_ABSURD_PEAK):
        raise CorruptAudioError("the decoded samples are out of range or not numbers")
    middle = float(samples.mean())  # a constant offset is silent
    if max(highest - middle, middle - lowest) < _SILENCE_PEAK:
        raise SilentError("nothing but silence in the analyzed part")
