"""Speech rejection: the share of speech that would get a genre."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from training.classifiers.novelty import DistanceGuard
from training.classifiers.speech import SpeechGuard
from training.classifiers.speech_data import read_speech
from training.evaluation.measure import promised_threshold, rounded
from training.evaluation.metrics import track_predictions
from training.models.ensemble import train

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from training.classifiers.base import NoveltyGuard
    from training.models.recipe import Recipe
    from training.research.datasets import LevelDataset


class Spoken(Struct, frozen=True):
    """The predictions for a collection of speech that is not in the training data."""

    speech: str
    clips: int
    written: float
    """Share that would get a genre, for a promise of 0.90."""
    unguarded: float
    """The same share, without the speech guard."""


def speech_written(recipe: Recipe, data: LevelDataset) -> Iterator[Spoken]:
    """Measure every collection, with the first classifier of each of the recipe's families."""
    speech = read_speech()
    whole = np.arange(len(speech.collections)) < speech.clips
    unguarded = _asked(recipe.plain, data, [DistanceGuard()])
    for name in np.unique(speech.collections).tolist():
        clips = np.flatnonzero(whole & (speech.collections == name))
        guarded = _asked(recipe.plain, data, [DistanceGuard(), SpeechGuard(without=name)])
        yield Spoken(
            name,
            len(clips),
            rounded(guarded[clips].mean()),
            rounded(unguarded[clips].mean()),
        )


def _asked(recipe: Recipe, data: LevelDataset, guards: Sequence[NoveltyGuard]) -> NDArray[np.bool_]:
    """Return which clips of speech would be written."""
    members = np.flatnonzero(data.known)
    ensemble = train(replace(recipe, guards=tuple(guards)), data, members)
    threshold = promised_threshold(track_predictions(data, ensemble.held_out))
    confidence = np.exp(ensemble.predict(read_speech().inputs)).max(axis=1)
    written: NDArray[np.bool_] = confidence >= (np.inf if threshold is None else threshold)
    return written
