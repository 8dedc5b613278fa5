"""The feature specs: named, versioned computations from a recording to a model's input."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from tagger.core.domain import Features, LogMel
from tagger.errors import ModelError
from tagger.features import frames, wideband
from tagger.features.efficientat import SIZE as EFFICIENTAT_SIZE
from tagger.features.efficientat import efficientat
from tagger.features.mel import N_MELS, RATE, log_mel
from tagger.features.musicnn import SIZE, SOUND_SIZE, musicnn, sound_musicnn
from tagger.features.statistics import SIZE as STATISTICS_SIZE
from tagger.features.statistics import statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tagger.audio.decode import Recording

T = TypeVar("T")
LEVEL_STEPS = 255


Values = NDArray[np.float32] | NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FrontEnd(Generic[T]):
    """The spectrogram that several specs share."""

    rate: int
    """Rate of the samples, Hz."""
    compute: Callable[[NDArray[np.float32]], T]


@dataclass(frozen=True, slots=True)
class Spec(Generic[T]):
    """The computation behind a name such as `statistics-1`; a change of it gets a new name."""

    name: str
    front_end: FrontEnd[T]
    compute: Callable[[T], Values]
    shape: tuple[int | None, ...]
    """None is a length that depends on the clip."""
    dtype: type[np.float32 | np.uint8]


def quantised(spectrogram: LogMel) -> NDArray[np.uint8]:
    """Levels rounded to 1/255, shape (N_MELS, columns): an error of at most 0.16 dB."""
    return np.rint(spectrogram.levels * LEVEL_STEPS).astype(np.uint8)


def _statistics(spectrogram: LogMel) -> NDArray[np.float32]:
    # From the rounded levels, so that a data set or cache of them gives the same vector.
    return statistics(quantised(spectrogram).astype(np.float32) / np.float32(LEVEL_STEPS))


def _musicnn(spectrogram: LogMel) -> NDArray[np.float32]:
    return musicnn()(quantised(spectrogram))


def _sound_musicnn(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    return sound_musicnn()(patches)


def _efficientat(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    return efficientat()(mel)


_LEVELS = FrontEnd(RATE, partial(log_mel, rate=RATE))
_PATCHES = FrontEnd(frames.RATE, frames.spread_patches)
_WIDEBAND = FrontEnd(wideband.RATE, wideband.wideband_mel)
SPECS: dict[str, Spec[Any]] = {
    spec.name: spec
    for spec in (
        Spec("statistics-1", _LEVELS, _statistics, (STATISTICS_SIZE,), np.float32),
        Spec("musicnn-2", _LEVELS, _musicnn, (SIZE,), np.float32),
        Spec("levels-1", _LEVELS, quantised, (N_MELS, None), np.uint8),
        Spec("musicnn-3", _PATCHES, _sound_musicnn, (SOUND_SIZE,), np.float32),
        Spec("efficientat-1", _WIDEBAND, _efficientat, (EFFICIENTAT_SIZE,), np.float32),
    )
}


def spec(name: str) -> Spec[Any]:
    """Find a spec by its name; raises ModelError for an unknown name."""
    if name not in SPECS:
        known = ", ".join(sorted(SPECS))
        raise ModelError(f"unknown feature spec {name!r}; this version supports {known}")
    return SPECS[name]


def extract(name: str, spectrogram: LogMel | NDArray[np.float32]) -> Features:
    """Compute the features of a spec from the spectrogram of its front end.

    Raises ModelError for an unknown spec.
    """
    return Features(name, spec(name).compute(spectrogram))


def extract_all(names: Iterable[str], recording: Recording) -> tuple[Features, ...]:
    """Compute the features of several specs; specs with one front end share its work.

    Raises ModelError for an unknown spec, AudioError for an unusable recording.
    """
    wanted = [spec(name) for name in names]
    ends = dict.fromkeys(one.front_end for one in wanted)
    clips = {rate: recording.clip(rate).samples for rate in {end.rate for end in ends}}
    spectrograms = {end: end.compute(clips[end.rate]) for end in ends}
    return tuple(extract(one.name, spectrograms[one.front_end]) for one in wanted)
