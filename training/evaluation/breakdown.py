"""The numbers of a report on held-out predictions. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.evaluation.bootstrap import ArtistBootstrap
from training.evaluation.cross_validation import artist_folds
from training.evaluation.metrics import bins
from training.models.ensemble import combined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from training.data.dataset import Dataset
    from training.evaluation.metrics import Predictions
    from training.models.ensemble import Ensemble

    Array = NDArray[np.float64]
    Indices = NDArray[np.intp]

SIZES = (5, 10, 20, 40, 80, 160)
"""Tracks of each genre that a learning curve is measured with."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95% interval, bootstrapped over artists; None when there are no clips."""

    value: float | None
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class GenreFigures:
    """Precision and recall of one genre."""

    genre: str
    tracks: int
    artists: int
    precision: Share
    """Share of right predictions among the predictions of this genre."""
    recall: Share
    """Share of right predictions among the clips with this label."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Tracks of similar confidence."""

    confidence: float
    """Their mean."""
    right: float
    tracks: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong prediction."""

    clip: str
    artist: str
    genre: str
    called: str
    confidence: float


def confusion(predictions: Predictions, genres: int) -> NDArray[np.intp]:
    """Count clips, shape (label, prediction)."""
    counts = np.zeros((genres, genres), np.intp)
    np.add.at(counts, (predictions.labels, predictions.genres), 1)
    return counts


def by_genre(predictions: Predictions, genres: Sequence[str]) -> list[GenreFigures]:
    """Measure every genre, with intervals over resamples of the artists."""
    bootstrap = ArtistBootstrap.of(predictions.artists)
    figures = []
    for place, genre in enumerate(genres):
        there, called = predictions.labels == place, predictions.genres == place
        figures.append(
            GenreFigures(
                genre,
                int(there.sum()),
                len(np.unique(predictions.artists[there])),
                _share(predictions.right & called, called, bootstrap),
                _share(predictions.right & there, there, bootstrap),
            )
        )
    return figures


def risk_coverage(predictions: Predictions) -> tuple[Array, Array]:
    """Return the share written and the precision, by descending confidence, shape (clips,) each."""
    order = np.argsort(-predictions.confidence, kind="stable")
    written = np.arange(1, len(order) + 1)
    return written / len(order), np.cumsum(predictions.right[order]) / written


def calibration(predictions: Predictions) -> list[Bin]:
    """Compare confidence with accuracy in bins of confidence."""
    place = bins(predictions)
    return [
        Bin(
            float(predictions.confidence[place == one].mean()),
            float(predictions.right[place == one].mean()),
            int((place == one).sum()),
        )
        for one in np.unique(place)
    ]


def mistakes(data: Dataset, members: Indices, predictions: Predictions, most: int) -> list[Mistake]:
    """List the mistakes with the highest confidence.

    `members` are indices into `data`, `predictions` their predictions in the same order; at most
    `most` mistakes are returned.
    """
    wrong = np.flatnonzero(~predictions.right)
    surest = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")][:most]
    return [
        Mistake(
            str(data.ids[members[one]]),
            str(data.artists[members[one]]),
            data.genres[predictions.labels[one]],
            data.genres[predictions.genres[one]],
            float(predictions.confidence[one]),
        )
        for one in surest
    ]


def learning_curve(ensemble: Ensemble, data: Dataset) -> list[tuple[int, float]]:
    """Measure accuracy by tracks of each genre, from the training data of an ensemble.

    The classifiers and weights are those of the ensemble, on artist-grouped folds. Only sizes that
    the smallest genre can fill are measured. The tracks are drawn at random, the same in every
    call.
    """
    members = np.unique(ensemble.held_out.members)
    folds = list(artist_folds(data, members, seed=0))
    smallest = min(
        np.bincount(data.labels[fit], minlength=len(data.genres)).min() for fit, _ in folds
    )
    return [
        (size, float(np.mean(np.concatenate(list(_learned(ensemble, data, folds, size))))))
        for size in SIZES
        if size <= smallest
    ]


def _learned(
    ensemble: Ensemble, data: Dataset, folds: Sequence[tuple[Indices, Indices]], size: int
) -> Iterator[NDArray[np.bool_]]:
    """Yield for each fold the right predictions after `size` tracks of each genre."""
    random = np.random.default_rng(0)
    for fit, held in folds:
        mixed = random.permutation(fit)
        some = np.concatenate(
            [mixed[data.labels[mixed] == genre][:size] for genre in range(len(data.genres))]
        )
        scores = []
        for candidate in ensemble.candidates:
            fitted = candidate.fit(*data.training_data(candidate.spec, some), len(data.genres))
            scores.append(fitted.scores(data.features(candidate.spec)[held]))
        yield combined(scores, ensemble.weights).argmax(axis=1) == data.labels[held]


def _share(part: NDArray[np.bool_], whole: NDArray[np.bool_], bootstrap: ArtistBootstrap) -> Share:
    if not whole.any():
        return Share(None)
    return Share(float(part.sum() / whole.sum()), *bootstrap.ratio_interval(part, whole))
