"""The feature specs: named, versioned ways from a log-mel to a model's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tagger.core.domain import Features, LogMel
from tagger.errors import ModelError
from tagger.features.mel import N_MELS
from tagger.features.musicnn import SIZE, musicnn
from tagger.features.statistics import SIZE as STATISTICS_SIZE
from tagger.features.statistics import statistics

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

LEVEL_STEPS = 255


@dataclass(frozen=True, slots=True)
class Spec:
    """The computation behind a name such as `statistics-1`; a change of it gets a new name."""

    name: str
    compute: Callable[[LogMel], NDArray[np.float32] | NDArray[np.uint8]]
    shape: tuple[int | None, ...]
    """None is a length that follows the clip's."""
    dtype: type[np.float32 | np.uint8]


def quantised(log_mel: LogMel) -> NDArray[np.uint8]:
    """Levels rounded to 1/255, shape (N_MELS, columns): an error of at most 0.16 dB."""
    return np.rint(log_mel.levels * LEVEL_STEPS).astype(np.uint8)


def _statistics(log_mel: LogMel) -> NDArray[np.float32]:
    # From the rounded levels, so that a data set or cache of them gives the very same vector.
    return statistics(quantised(log_mel).astype(np.float32) / np.float32(LEVEL_STEPS))


def _musicnn(log_mel: LogMel) -> NDArray[np.float32]:
    return musicnn()(quantised(log_mel))


SPECS = {
    spec.name: spec
    for spec in (
        Spec("statistics-1", _statistics, (STATISTICS_SIZE,), np.float32),
        Spec("musicnn-2", _musicnn, (SIZE,), np.float32),
        Spec("levels-1", quantised, (N_MELS, None), np.uint8),
    )
}


def spec(name: str) -> Spec:
    """Find a spec by its name; raises ModelError for an unknown name."""
    if name not in SPECS:
        known = ", ".join(sorted(SPECS))
        raise ModelError(f"unknown feature spec {name!r} (this version knows {known})")
    return SPECS[name]


def extract(name: str, log_mel: LogMel) -> Features:
    """Compute the features that a spec names; raises ModelError for an unknown one."""
    return Features(name, spec(name).compute(log_mel))
