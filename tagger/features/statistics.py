"""`statistics-1`: timbre, time and texture of a clip's levels, as one vector.

Measured on the levels (128 mel bands, 0..1 of the clip's own range, one column every 77 ms), in
units of a nominal 80 dB range. Logarithms keep spreads and powers comparable between clips.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tagger.features.mel import FRAMES_PER_COLUMN, HOP, MIN_COLUMNS, N_MELS, RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    Block = dict[str, Array]

COLUMN_RATE = RATE / HOP / FRAMES_PER_COLUMN
"""Columns a second, 12.9 Hz."""
MODULATION_EDGES = (0.1, 0.3, 0.6, 1, 1.5, 2, 2.5, 3, 4, 5, 6.45)
"""Hz; the tempo of phrases, beats and strummed notes."""
LAGS = (1, 2, 4, 8, 16, 32)
"""Columns, 0.08 to 2.5 s."""
BLOCK = 12
"""Columns, about a second: the block length of the texture."""
SIZE = 1032
"""Length of the vector."""
_TINY = np.float32(0.001)
_TINY_POWER = np.float32(0.01)
_CEPSTRA = 30
_CORRELATED = 14


def statistics(levels: Array) -> Array:
    """Compute the vector for levels of shape (N_MELS, columns), columns >= MIN_COLUMNS."""
    return np.concatenate([values.ravel() for values in blocks(levels).values()], dtype=np.float32)


@cache
def statistics_names() -> tuple[str, ...]:
    """Name of every element, e.g. `mfcc_mean[3]`, in the vector's order."""
    ramp = np.linspace(0, 1, N_MELS * MIN_COLUMNS, dtype=np.float32)
    named = blocks(ramp.reshape(N_MELS, MIN_COLUMNS))
    return tuple(f"{name}[{i}]" for name, values in named.items() for i in range(values.size))


def blocks(levels: Array) -> Block:
    """Compute the vector's parts by name."""
    decibels = levels * np.float32(80)
    return {
        **_cepstral(_dct(N_MELS, _CEPSTRA) @ decibels),
        **_modulation(_banded(decibels, 16)),
        **_onsets(decibels),
        **_texture(decibels),
        **_fine_structure(decibels),
        **_dynamics(_banded(decibels, 32)),
    }


def _cepstral(mfcc: Array) -> Block:
    """Timbre and its change: statistics of the mel cepstrum and of its differences."""
    slope = np.diff(mfcc, axis=1)
    mean = mfcc.mean(axis=1)
    percentiles = np.percentile(mfcc[:20], [10, 25, 50, 75, 90], axis=1) - mean[:20]
    return {
        "mfcc_mean": mean,
        "mfcc_std": _log(mfcc.std(axis=1)),
        "mfcc_delta_std": _log(slope.std(axis=1)),
        "mfcc_delta2_std": _log(np.diff(slope, axis=1).std(axis=1)),
        "mfcc_percentiles": percentiles.astype(np.float32),
        "mfcc_skew": (_standardised(mfcc[:20]) ** 3).mean(axis=1),
        "mfcc_correlation": _correlation(mfcc[:_CORRELATED]),
        "mfcc_delta_correlation": _correlation(slope[:_CORRELATED]),
    }


def _modulation(bands: Array) -> Block:
    """Rhythm: the spectrum of every band's level over time."""
    columns = bands.shape[1]
    window = np.hanning(columns).astype(np.float32)
    spectrum = (
        np.abs(np.fft.rfft((bands - bands.mean(axis=1, keepdims=True)) * window, axis=1)) / columns
    )
    # Interpolated, since a short clip has no spectral line within the slowest range.
    lines = np.fft.rfftfreq(columns, 1 / COLUMN_RATE)
    area = np.concatenate([np.zeros((len(bands), 1)), np.cumsum(spectrum, axis=1)], axis=1)
    ends = np.append(lines - lines[1] / 2, lines[-1] + lines[1] / 2)
    at_edges = np.stack([np.interp(MODULATION_EDGES, ends, row) for row in area])
    widths = np.diff(MODULATION_EDGES) / lines[1]
    return {"modulation": _log(np.diff(at_edges, axis=1) / widths)}


def _onsets(decibels: Array) -> Block:
    """Attacks and decays: rises and falls from column to column (spectral flux)."""
    change = np.diff(decibels, axis=1)
    rise, fall = np.maximum(change, 0), np.maximum(-change, 0)
    rises, falls = _banded(rise, 16), _banded(fall, 16)
    return {
        "rise_mean": _log(rises.mean(axis=1)),
        "rise_std": _log(rises.std(axis=1)),
        "fall_mean": _log(falls.mean(axis=1)),
        "fall_std": _log(falls.std(axis=1)),
        "flux_percentiles": _log(np.percentile(rise.mean(axis=0), [5, 25, 50, 75, 95, 99])),
    }


def _texture(decibels: Array) -> Block:
    """Tones against noise: contrast within a band, edges across frequency and across time."""
    groups = decibels.reshape(16, N_MELS // 16, -1)
    contrast = groups.max(axis=1) - groups.min(axis=1)
    across_frequency = np.abs(np.diff(decibels, axis=0, append=decibels[-2:-1]))
    across_time = np.abs(np.diff(decibels, axis=1))
    overtones = np.abs(_dct(N_MELS, N_MELS)[_CEPSTRA:] @ decibels)
    return {
        "contrast_mean": contrast.mean(axis=1),
        "contrast_std": _log(contrast.std(axis=1)),
        "edges_across_frequency": _log(_banded(across_frequency, 16).mean(axis=1)),
        "edges_across_time": _log(_banded(across_time, 16).mean(axis=1)),
        "high_cepstrum": _log(overtones.reshape(14, 7, -1).mean(axis=(1, 2))),
    }


def _fine_structure(decibels: Array) -> Block:
    """Measure the duration of tones: peaks above the smoothed spectrum, and their persistence."""
    fine = decibels - _smoothed(decibels, 9)
    columns = fine.shape[1]
    energy = fine**2
    power = _banded(energy, 8).mean(axis=1) + _TINY_POWER
    persistence = [
        _banded(fine[:, lag:] * fine[:, : columns - lag], 8).mean(axis=1) / power for lag in LAGS
    ]
    standing = _banded(fine.mean(axis=1, keepdims=True) ** 2, 16)[:, 0]
    return {
        "fine_power": np.log(power),
        "fine_persistence": np.stack(persistence),
        "fine_standing": _log(standing / (_banded(energy, 16).mean(axis=1) + _TINY_POWER)),
    }


def _dynamics(bands: Array) -> Block:
    """Shape of the spectrum, and its spread within and between blocks of a second."""
    starts = range(0, bands.shape[1] - BLOCK + 1, BLOCK // 2)
    seconds = np.stack([bands[:, start : start + BLOCK] for start in starts], axis=1)
    level = bands.mean(axis=0)
    return {
        "band_percentiles": np.percentile(bands, [10, 50, 90], axis=1).astype(np.float32),
        "band_mean": bands.mean(axis=1),
        "band_std": _log(bands.std(axis=1)),
        "band_std_within": _log(seconds.std(axis=2).mean(axis=1)),
        "band_std_between": _log(seconds.mean(axis=2).std(axis=1)),
        "level_percentiles": np.percentile(level, [5, 25, 50, 75, 95]).astype(np.float32)
        - level.mean(),
        "level_mean": level.mean(keepdims=True),
    }


def _banded(values: Array, bands: int) -> Array:
    """Average neighbouring mel bands: (N_MELS, columns) to (bands, columns)."""
    averaged: Array = values.reshape(bands, N_MELS // bands, -1).mean(axis=1)
    return averaged


def _smoothed(values: Array, width: int) -> Array:
    """Average over `width` mel neighbours, the edges repeated."""
    padded = np.pad(values, ((width // 2 + 1, width // 2), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=0, dtype=np.float64)
    return ((sums[width:] - sums[:-width]) / width).astype(np.float32)


def _standardised(rows: Array) -> Array:
    spread = rows.std(axis=1, keepdims=True) + _TINY
    standardised: Array = (rows - rows.mean(axis=1, keepdims=True)) / spread
    return standardised


def _correlation(rows: Array) -> Array:
    """Correlations between rows (n, columns), the n (n - 1) / 2 above the diagonal."""
    standardised = _standardised(rows)
    matrix = standardised @ standardised.T / rows.shape[1]
    upper: Array = matrix[np.triu_indices(len(rows), 1)]
    return upper


def _log(values: NDArray[np.floating]) -> Array:
    logarithm: Array = np.log(values + _TINY).astype(np.float32)
    return logarithm


@cache
def _dct(bands: int, coefficients: int) -> Array:
    """Orthonormal DCT-II, shape (coefficients, bands)."""
    phase = np.pi / bands * (np.arange(bands) + 0.5) * np.arange(coefficients)[:, np.newaxis]
    matrix = np.cos(phase) * np.sqrt(2 / bands)
    matrix[0] /= np.sqrt(2)
    rounded: Array = matrix.astype(np.float32)
    return rounded
