"""A clip in the words of a listener: tempo, brightness, dynamics, and the tags of musicnn.

For explanations only; no decision uses these figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tagger.features.mel import HOP, RATE, mel_centres, mel_to_hz

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

TAGS = (
    *"rock|pop|alternative|indie|electronic|female vocalists".split("|"),
    *"dance|00s|alternative rock|jazz|beautiful|metal".split("|"),
    *"chillout|male vocalists|classic rock|soul|indie rock|mellow".split("|"),
    *"electronica|80s|folk|90s|chill|instrumental".split("|"),
    *"punk|oldies|blues|hard rock|ambient|acoustic".split("|"),
    *"experimental|female vocalist|guitar|hip-hop|70s|party".split("|"),
    *"country|easy listening|sexy|catchy|funk|electro".split("|"),
    *"heavy metal|progressive rock|60s|rnb|indie pop|sad".split("|"),
    *"house|happy".split("|"),
)
"""The last elements of `musicnn-3`, in their order: the tags of the Million Song Dataset."""
VOICES = ("female vocalists", "male vocalists", "female vocalist")
SLOWEST, FASTEST = 50.0, 210.0
"""Beats a minute."""
USUAL = 120.0
"""Beats a minute at the centre of the prior, with a width of an octave (Ellis 2007)."""
_LEAST_PULSE = 0.1
"""Autocorrelation below which the clip has no clear beat."""


@dataclass(frozen=True, slots=True)
class Description:
    """A clip in figures that a listener can follow."""

    tempo: float | None
    """Beats a minute; None without a clear beat."""
    brightness: float
    """Spectral centroid, Hz."""
    dynamics: float
    """Loud against soft passages: 95th minus 10th percentile of the level, dB."""
    tags: Mapping[str, float]
    """Probability by tag."""

    @property
    def voice(self) -> float:
        """Probability of a voice, by the tags."""
        return max(self.tags[name] for name in VOICES)


def describe(
    samples: NDArray[np.float32], levels: NDArray[np.float32], musicnn: NDArray[np.float32]
) -> Description:
    """Describe a clip.

    Args:
        samples: Mono float32 samples (n,) at RATE.
        levels: `LogMel.levels` of the same clip, shape (N_MELS, columns).
        musicnn: The values of `musicnn-3`, shape (250,).

    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, 2 * HOP)[::HOP]
    rms = np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1)) + 1e-6
    loudness = 20 * np.log10(rms)
    power = 10.0 ** (8 * (levels - 1))
    centres = mel_to_hz(mel_centres(RATE, len(levels)))
    logits = musicnn[-len(TAGS) :].astype(np.float64)
    probabilities = 1 / (1 + np.exp(-logits))
    return Description(
        _tempo(np.maximum(np.diff(loudness), 0), RATE / HOP),
        float((power.sum(axis=1) * centres).sum() / power.sum()),
        float(np.percentile(loudness, 95) - np.percentile(loudness, 10)),
        dict(zip(TAGS, probabilities.tolist(), strict=True)),
    )


def _tempo(onsets: NDArray[np.float64], rate: float) -> float | None:
    """Return the tempo by the autocorrelation of onsets (n,) at `rate`, Hz."""
    centred = onsets - onsets.mean()
    energy = float(centred @ centred)
    lags = np.arange(round(60 * rate / FASTEST), round(60 * rate / SLOWEST) + 1)
    lags = lags[lags < len(centred) // 2]
    if not energy or not lags.size:
        return None
    correlation = np.array([centred[lag:] @ centred[:-lag] for lag in lags]) / energy
    beats = 60 * rate / lags
    weighted = correlation * np.exp(-0.5 * np.log2(beats / USUAL) ** 2)
    best = int(weighted.argmax())
    return float(beats[best]) if correlation[best] >= _LEAST_PULSE else None
