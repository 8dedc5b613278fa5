"""The published figures: a recipe, a split, and what came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tagger.inference.manifest import Evaluation, Written
from training.data.dataset import FOLEISS
from training.ensemble import HeldOut, train
from training.evaluation.metrics import (
    Predictions,
    album_predictions,
    calibration_error,
    fit_pooling,
    interval,
    operating_points,
    threshold_for,
    track_predictions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.data.dataset import Dataset
    from training.ensemble import Ensemble, Recipe

    Indices = NDArray[np.intp]

PROMISE = 0.9
"""The precision whose keeping is measured."""
COMMAND = "python -m training.research benchmark {} --data DATA"


@dataclass(frozen=True, eq=False)
class Result:
    """What a model decided on a part that it has not heard, and from when on it would write."""

    tracks: Predictions
    track_threshold: float | None
    albums: Predictions | None = None
    album_threshold: float | None = None


def gtzan_foleiss(recipe: Recipe, data: Dataset) -> Evaluation:
    """Measure on the three artist-filtered folds."""
    folds = [
        measure(recipe, data, data.members(fold, "train"), data.members(fold, "test"))
        for fold in FOLEISS
    ]
    split = "GTZAN, mean of Foleiss's three artist-filtered folds"
    return figure(split, COMMAND.format("gtzan_foleiss"), folds)


def gtzan_kereliuk(recipe: Recipe, data: Dataset) -> Evaluation:
    """Measure on the fault-filtered split, its train and valid parts together for training."""
    fit, test = data.members("kereliuk", "train", "valid"), data.members("kereliuk", "test")
    split = "GTZAN, Kereliuk's fault-filtered split, train and valid to test"
    return figure(split, COMMAND.format("gtzan_kereliuk"), [measure(recipe, data, fit, test)])


BENCHMARKS = {"gtzan_foleiss": gtzan_foleiss, "gtzan_kereliuk": gtzan_kereliuk}


def measure(recipe: Recipe, data: Dataset, fit: Indices, test: Indices) -> Result:
    """Train on `fit`, thresholds and pooling included, and measure on `test`."""
    return judged(train(recipe, data, apart(data, fit, test)), data, test)


def judged(ensemble: Ensemble, data: Dataset, test: Indices) -> Result:
    """Measure a model on clips of artists that it has not heard."""
    unheard = HeldOut(test, ensemble.log_probabilities(data, test))
    pooling = fit_pooling(data, ensemble.held_out)
    return Result(
        track_predictions(data, unheard),
        promised(track_predictions(data, ensemble.held_out)),
        album_predictions(data, unheard, pooling),
        promised(album_predictions(data, ensemble.held_out, pooling)),
    )


def apart(data: Dataset, fit: Indices, test: Indices) -> Indices:
    """Leave out of `fit` the artists of `test`: Kereliuk's published parts share one."""
    return fit[~np.isin(data.artists[fit], data.artists[test])]


def figure(split: str, command: str, results: Sequence[Result]) -> Evaluation:
    """Put results on several test parts together; accuracies are the parts' means."""
    tracks = [(result.tracks, result.track_threshold) for result in results]
    albums = [(r.albums, r.album_threshold) for r in results if r.albums is not None]
    together = Predictions.joined([verdicts for verdicts, _ in tracks])
    low, high = interval(together)
    return Evaluation(
        accuracy=_accuracy(tracks),
        interval=(_rounded(low), _rounded(high)),
        tracks=len(together.labels),
        split=split,
        command=command,
        calibration_error=_rounded(calibration_error(together)),
        written=_written(tracks),
        album_accuracy=_accuracy(albums) if albums else None,
        album_written=_written(albums) if albums else None,
    )


def promised(held_out: Predictions) -> float | None:
    """Give the threshold that keeps PROMISE by verdicts on held-out clips; None if none does."""
    return threshold_for(operating_points(held_out), PROMISE)


def _accuracy(decided: Sequence[tuple[Predictions, float | None]]) -> float:
    return _rounded(np.mean([verdicts.accuracy for verdicts, _ in decided]))


def _written(decided: Sequence[tuple[Predictions, float | None]]) -> Written:
    """Tell what would be written above thresholds: how much of it is right, at what share."""
    kept = [verdicts.surer_than(threshold) for verdicts, threshold in decided]
    right = np.concatenate([v.right[k] for (v, _), k in zip(decided, kept, strict=True)])
    coverage = np.concatenate(kept).mean()
    return Written(PROMISE, _rounded(right.mean() if len(right) else 1.0), _rounded(coverage))


def _rounded(share: float | np.floating) -> float:
    return round(float(share), 4)
