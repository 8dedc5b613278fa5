"""Baselines: the usual small study, and the same recipes on random splits.

The study is 12 MFCC and the RMS level, a support vector machine, and random splits. It is measured
here on the clips and splits of our model. Its levels come from mel bands and are relative to the
clip's own maximum, as in the data set. The loudness of a clip has no influence on either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from tagger.features.mel import N_MELS, RATE, hz_to_mel, mel_to_hz
from tagger.inference.manifest import Evaluation
from training.data.dataset import exclude_artists
from training.evaluation.measure import rounded
from training.evaluation.metrics import Predictions, interval, track_predictions
from training.models.ensemble import HeldOut, train
from training.research.benchmark import COMMAND
from training.research.datasets import FOLEISS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from training.models.recipe import Recipe
    from training.research.datasets import LevelDataset

    Array = NDArray[np.float64]
    Indices = NDArray[np.intp]

CEPSTRA = 12
RANDOM_FOLDS = 10
_GRID = {"svc__C": (1.0, 3.0, 10.0, 30.0), "svc__gamma": ("scale",)}
_RANGE_DB = 80.0


def study_statistics(levels: NDArray[np.uint8]) -> Array:
    """Compute mean and spread of 12 MFCC and of the RMS level, shape (26,).

    `levels` (mels, columns) as in `levels-1`. The first cepstral coefficient, which is a level
    too, is one of the 12, as in librosa's `mfcc(n_mfcc=12)`.
    """
    decibels = levels / 255 * _RANGE_DB - _RANGE_DB
    power = 10 ** (decibels / 10)
    rms = np.sqrt(_widths() @ power)
    rows = np.vstack([_cosines() @ decibels, rms / rms.max()])
    return np.concatenate([rows.mean(axis=1), rows.std(axis=1)])


def study_foleiss(_: Recipe, data: LevelDataset) -> Evaluation:
    """Measure the study's way on the three artist-filtered folds."""
    folds = [(data.members(fold, "train"), data.members(fold, "test")) for fold in FOLEISS]
    split = "GTZAN, mean of Foleiss's three artist-filtered folds"
    return _evaluation("study_foleiss", split, _study(data, folds))


def study_kereliuk(_: Recipe, data: LevelDataset) -> Evaluation:
    """Measure the study's way on the fault-filtered split."""
    fit, test = data.members("kereliuk", "train", "valid"), data.members("kereliuk", "test")
    split = "GTZAN, Kereliuk's fault-filtered split, train and valid to test"
    return _evaluation(
        "study_kereliuk", split, _study(data, [(exclude_artists(data, fit, test), test)])
    )


def study_random(_: Recipe, data: LevelDataset) -> Evaluation:
    """Measure the study's way as it did itself: artists and duplicates on both sides."""
    split = "GTZAN, random ten-fold cross-validation, artists on both sides"
    return _evaluation("study_random", split, _study(data, list(_random_folds(data))))


def ours_random(recipe: Recipe, data: LevelDataset) -> Evaluation:
    """Measure our recipe, with the first candidate of each family, on the same random folds."""
    predictions = []
    for fit, test in _random_folds(data):
        ensemble = train(recipe.plain, data, fit)
        heard = HeldOut(test, ensemble.log_probabilities(data, test))
        predictions.append(track_predictions(data, heard))
    split = "GTZAN, random ten-fold cross-validation, artists on both sides"
    return _evaluation("ours_random", split, predictions)


REFERENCES = {
    "study_foleiss": study_foleiss,
    "study_kereliuk": study_kereliuk,
    "study_random": study_random,
    "ours_random": ours_random,
}


def _study(data: LevelDataset, folds: Sequence[tuple[Indices, Indices]]) -> list[Predictions]:
    points = np.stack([study_statistics(levels) for levels in data.levels])
    return [_judged(data, points, fit, test) for fit, test in folds]


def _judged(data: LevelDataset, points: Array, fit: Indices, test: Indices) -> Predictions:
    """Choose C by artist-grouped cross-validation inside `fit`, as ours does."""
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    machine = make_pipeline(StandardScaler(), SVC())
    search: Any = GridSearchCV(machine, _GRID, cv=folds)
    search.fit(points[fit], data.labels[fit], groups=data.artists[fit])
    named = search.predict(points[test])
    # It promises nothing of how sure it is.
    return Predictions(data.artists[test], data.labels[test], named, np.ones(len(test)))


def _random_folds(data: LevelDataset) -> Iterator[tuple[Indices, Indices]]:
    folds = StratifiedKFold(RANDOM_FOLDS, shuffle=True, random_state=0)
    yield from folds.split(data.labels, data.labels)


def _evaluation(name: str, split: str, predictions: Sequence[Predictions]) -> Evaluation:
    together = Predictions.joined(predictions)
    low, high = interval(together)
    return Evaluation(
        accuracy=rounded(np.mean([part.accuracy for part in predictions])),
        interval=(rounded(low), rounded(high)),
        tracks=len(together.labels),
        split=split,
        command=COMMAND.format(name),
    )


def _widths() -> Array:
    """Weigh mel bands by their width in Hz, since Slaney's filters are of equal area."""
    top = hz_to_mel(np.array([RATE / 2]))[0]
    edges = mel_to_hz(np.linspace(0, top, N_MELS + 2))
    widths: Array = (edges[2:] - edges[:-2]) / 2
    return widths


def _cosines() -> Array:
    """Orthonormal DCT-II, shape (CEPSTRA, N_MELS)."""
    phase = np.pi / N_MELS * (np.arange(N_MELS) + 0.5) * np.arange(CEPSTRA)[:, np.newaxis]
    cosines: Array = np.cos(phase) * np.sqrt(2 / N_MELS)
    cosines[0] /= np.sqrt(2)
    return cosines
