"""Robustness of predictions against degradations that leave the genre unchanged.

Every clip is predicted by a model without its artist in the training data (five artist-grouped
folds). Degradations of levels apply to all clips, degradations of sound to the few clips with
audio.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from tagger.audio.decode import read_clip
from tagger.features.mel import RATE, log_mel
from tagger.features.specs import quantised
from training.errors import TrainingDataError
from training.evaluation.cross_validation import artist_folds
from training.evaluation.measure import promised_threshold, rounded
from training.evaluation.metrics import Predictions, track_predictions
from training.models.ensemble import HeldOut, train
from training.research.degradations import TO_LEVELS, TO_SOUND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.models.ensemble import Ensemble
    from training.models.recipe import Recipe
    from training.research.datasets import LevelDataset

    Samples = NDArray[np.float32]


class RobustnessResult(Struct, frozen=True):
    """The predictions under one degradation."""

    change: str
    on: str
    """`levels` of all clips, or `sound` of the few clips with audio."""
    clips: int
    accuracy: float
    same: float
    """Share of the clips with the prediction of the unchanged clip."""
    precision: float | None
    """Precision of the written clips for a promise of 0.90, None when no clip is written."""
    coverage: float
    """Share of the clips that would be written."""


@dataclass(frozen=True, eq=False)
class Fold:
    """A model, its held-out clips, and its threshold."""

    ensemble: Ensemble
    unheard: NDArray[np.str_]
    """Ids of clips."""
    threshold: float | None


@dataclass(frozen=True, eq=False)
class Answers:
    """The predictions of each fold's held-out clips."""

    predictions: Predictions
    written: NDArray[np.bool_]


def robustness(recipe: Recipe, data: LevelDataset, audio: Path) -> Iterator[RobustnessResult]:
    """Measure every degradation.

    The first classifier of each family of `recipe` is used, on clips of `data`. `audio` is a
    folder of FLAC files named by clip id. Raises TrainingDataError when it has none.
    """
    sounds = _sounds(data, audio)
    folds = _folds(recipe.plain, data)
    yield from _held("levels", folds, _changed_levels(data))
    yield from _held("sound", folds, _changed_sounds(data, sounds))


def _sounds(data: LevelDataset, audio: Path) -> Mapping[str, Samples]:
    known = data.ids[data.known]
    paths = [path for path in sorted(audio.glob("*.flac")) if path.stem in known]
    if not paths:
        raise TrainingDataError("no audio of the data set's clips", audio)
    return {path.stem: read_clip(path).samples for path in paths}


def _folds(recipe: Recipe, data: LevelDataset) -> list[Fold]:
    folds = []
    for fit, unheard in artist_folds(data, np.flatnonzero(data.known), seed=0):
        ensemble = train(recipe, data, fit)
        threshold = promised_threshold(track_predictions(data, ensemble.held_out))
        folds.append(Fold(ensemble, data.ids[unheard], threshold))
    return folds


def _changed_levels(data: LevelDataset) -> Iterator[tuple[str, LevelDataset]]:
    for name, change in TO_LEVELS.items():
        yield name, replace(data, levels=np.stack([change(levels) for levels in data.levels]))


def _changed_sounds(
    data: LevelDataset, sounds: Mapping[str, Samples]
) -> Iterator[tuple[str, LevelDataset]]:
    clips = np.flatnonzero(np.isin(data.ids, list(sounds)))
    there = replace(
        data,
        ids=data.ids[clips],
        labels=data.labels[clips],
        artists=data.artists[clips],
        known=data.known[clips],
        splits={},
        augmented_levels=None,
    )
    for name, change in TO_SOUND.items():
        heard = [_levels(change(sounds[clip])) for clip in there.ids]
        columns = min(levels.shape[1] for levels in heard)
        yield name, replace(there, levels=np.stack([levels[:, :columns] for levels in heard]))


def _levels(samples: Samples) -> NDArray[np.uint8]:
    return quantised(log_mel(samples, RATE))


def _held(
    on: str, folds: Sequence[Fold], changes: Iterator[tuple[str, LevelDataset]]
) -> Iterator[RobustnessResult]:
    """Measure changes, of which the first is none."""
    before: Answers | None = None
    for name, data in changes:
        after = _answers(folds, data)
        before = before or after
        right = after.predictions.right[after.written]
        yield RobustnessResult(
            name,
            on,
            len(after.written),
            rounded(after.predictions.accuracy),
            rounded((after.predictions.genres == before.predictions.genres).mean()),
            rounded(right.mean()) if len(right) else None,
            rounded(after.written.mean()),
        )


def _answers(folds: Sequence[Fold], data: LevelDataset) -> Answers:
    predictions, written = [], []
    for fold in folds:
        members = np.flatnonzero(np.isin(data.ids, fold.unheard))
        if len(members):
            heard = HeldOut(members, fold.ensemble.log_probabilities(data, members))
            predictions.append(track_predictions(data, heard))
            written.append(predictions[-1].surer_than(fold.threshold))
    return Answers(Predictions.joined(predictions), np.concatenate(written))
