"""Measurement of a model on artists that are not in its training data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.inference.manifest import Evaluation, Written
from training.data.dataset import exclude_artists
from training.evaluation.bootstrap import ArtistBootstrap
from training.evaluation.metrics import (
    Predictions,
    album_predictions,
    calibration_error,
    fit_pooling,
    interval,
    operating_points,
    track_predictions,
)
from training.models.ensemble import HeldOut, train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tagger.inference.manifest import Manifest
    from training.data.dataset import Dataset
    from training.models.ensemble import Ensemble
    from training.models.recipe import Recipe

    Indices = NDArray[np.intp]

PROMISE = 0.9
"""The promised precision of the published figures."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """Predictions for a test part, and the thresholds that the model would use."""

    tracks: Predictions
    track_threshold: float | None
    albums: Predictions | None = None
    album_threshold: float | None = None


def measure(recipe: Recipe, data: Dataset, fit: Indices, test: Indices) -> Measurement:
    """Train `recipe` on a part of a data set and measure it on another part.

    `fit` and `test` are indices into `data`. Thresholds and pooling come from `fit` alone, whose
    clips by artists of `test` are left out.
    """
    return evaluate(train(recipe, data, exclude_artists(data, fit, test)), data, test)


def evaluate(ensemble: Ensemble, data: Dataset, test: Indices) -> Measurement:
    """Measure a fitted ensemble on a test part.

    `test` are indices into `data`, of artists that are not in the training data of `ensemble`.
    """
    predicted = HeldOut(test, ensemble.log_probabilities(data, test))
    pooling = fit_pooling(data, ensemble.held_out)
    return Measurement(
        track_predictions(data, predicted),
        promised_threshold(track_predictions(data, ensemble.held_out)),
        album_predictions(data, predicted, pooling),
        promised_threshold(album_predictions(data, ensemble.held_out, pooling)),
    )


def summarize(split: str, command: str, results: Sequence[Measurement]) -> Evaluation:
    """Combine the `results` of several test parts; accuracies are the means of the parts.

    `split` and `command` describe the figure in the manifest: the split in words, and the command
    that measures it again.
    """
    tracks = [(result.tracks, result.track_threshold) for result in results]
    albums = [(r.albums, r.album_threshold) for r in results if r.albums is not None]
    together = Predictions.joined([predictions for predictions, _ in tracks])
    low, high = interval(together)
    return Evaluation(
        accuracy=_accuracy(tracks),
        interval=(rounded(low), rounded(high)),
        tracks=len(together.labels),
        split=split,
        command=command,
        calibration_error=rounded(calibration_error(together)),
        written=_written(tracks),
        album_accuracy=_accuracy(albums) if albums else None,
        album_written=_written(albums) if albums else None,
    )


def accuracy(
    right: NDArray[np.bool_], groups: NDArray[Any], split: str, command: str
) -> Evaluation:
    """Return the accuracy of clips, with its interval.

    Args:
        right: Whether each clip is right.
        groups: The artist or the collection of each clip, of which the resamples are.
        split: See `summarize`, as is `command`.
        command: Measures the figure again.

    """
    low, high = ArtistBootstrap.of(groups).ratio_interval(right)
    share, tracks = rounded(right.mean()), len(right)
    return Evaluation(share, (rounded(low), rounded(high)), tracks, split, command)


def promised_threshold(held_out: Predictions) -> float | None:
    """Return the threshold that keeps PROMISE on held-out clips, None when no threshold does."""
    return operating_points(held_out).threshold(PROMISE, "")


def _accuracy(decided: Sequence[tuple[Predictions, float | None]]) -> float:
    return rounded(np.mean([predictions.accuracy for predictions, _ in decided]))


def _written(decided: Sequence[tuple[Predictions, float | None]]) -> Written:
    """Return precision and share of the clips above the thresholds."""
    kept = [predictions.surer_than(threshold) for predictions, threshold in decided]
    right = np.concatenate([p.right[k] for (p, _), k in zip(decided, kept, strict=True)])
    coverage = np.concatenate(kept).mean()
    return Written(PROMISE, rounded(right.mean() if len(right) else 1.0), rounded(coverage))


def never_written(manifest: Manifest) -> list[str]:
    """Return the genres that are never sure enough for PROMISE, unlike others of the model."""
    points = manifest.tracks
    silent = [genre for genre in manifest.genres if points.threshold(PROMISE, genre) is None]
    return silent if len(silent) < len(manifest.genres) else []


def rounded(share: float | np.floating) -> float:
    """Return a share with the digits of a manifest."""
    return round(float(share), 4)
