"""Metrics of predictions; thresholds come from outside the test part."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize_scalar

from tagger.core.pooling import Pooling
from tagger.core.thresholds import OperatingPoint, OperatingPoints
from tagger.system.text import number_of
from training.evaluation.bootstrap import ArtistBootstrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from training.data.dataset import Dataset
    from training.models.ensemble import HeldOut

    Array = NDArray[np.float64]
    Indices = NDArray[np.intp]

ALBUM_TRACKS = 8
"""A stand-in for an album has at most so many tracks, all by one artist."""
PRECISIONS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99)
LEAST_WRITTEN = 30
"""Least number of held-out tracks above a threshold of a promise."""
CAUTION = 0.9
"""Share of the resamples in which a promise must hold."""
FEW_ARTISTS = 20
"""With fewer held-out artists, a figure comes with a caution."""
BINS = 10
"""Bins of confidence of equal width."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """The decision on each clip, with its artist and its label."""

    artists: NDArray[np.str_]
    labels: Indices
    genres: Indices
    """The likeliest genre."""
    confidence: Array
    accepted: NDArray[np.bool_] | None = None
    """Whether a genre is right for a label, shape (labels, genres); None for the label alone."""

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the likeliest genre is right for the label."""
        if self.accepted is not None:
            return self.accepted[self.labels, self.genres]
        right: NDArray[np.bool_] = self.genres == self.labels
        return right

    @property
    def accuracy(self) -> float:
        """Share of clips that were right."""
        return float(self.right.mean())

    def surer_than(self, threshold: float | None) -> NDArray[np.bool_]:
        """Return which clips would be written; no clip without a threshold."""
        return self.confidence >= (np.inf if threshold is None else threshold)

    @classmethod
    def joined(cls, parts: Sequence[Predictions]) -> Predictions:
        """Join the predictions of several parts."""
        return cls(
            np.concatenate([part.artists for part in parts]),
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.genres for part in parts]),
            np.concatenate([part.confidence for part in parts]),
        )


def track_predictions(data: Dataset, held_out: HeldOut) -> Predictions:
    """Predict every clip alone."""
    return _predictions(data, held_out.members, np.exp(held_out.log_probabilities))


def album_predictions(data: Dataset, held_out: HeldOut, pooling: Pooling) -> Predictions:
    """Predict every clip together with its stand-in album.

    `held_out` are predictions of clips of `data`; `pooling` combines the predictions of an album.
    """
    probabilities = np.exp(held_out.log_probabilities)
    for album in stand_in_albums(data, held_out.members):
        probabilities[album] = pooling.probabilities(held_out.log_probabilities[album].tolist())
    return _predictions(data, held_out.members, probabilities)


def stand_in_albums(data: Dataset, members: Indices) -> Iterator[Indices]:
    """Group positions in `members` into albums: one artist and genre, at most ALBUM_TRACKS.

    A clip without a known artist is an album by itself, as is each repeat of a clip.
    """
    keys = np.stack(
        [
            np.unique(data.artists[members], return_inverse=True)[1],
            data.labels[members],
            appearances(members),
        ],
        axis=1,
    )
    _, group = np.unique(keys, axis=0, return_inverse=True)
    for one in range(group.max() + 1):
        tracks = np.flatnonzero(group == one)
        yield from np.array_split(tracks, -(-len(tracks) // ALBUM_TRACKS))


def fit_pooling(data: Dataset, held_out: HeldOut) -> Pooling:
    """Find the exponent under which pooled predictions are likeliest (tagger's `Pooling`)."""
    albums = list(stand_in_albums(data, held_out.members))
    labels = data.labels[held_out.members]

    def loss(exponent: float) -> float:
        pooling = Pooling(exponent, ALBUM_TRACKS)
        total = 0.0
        for album in albums:
            pooled = pooling.probabilities(held_out.log_probabilities[album].tolist())
            total -= len(album) * float(np.log(pooled[labels[album[0]]]))
        return total

    found = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-3})
    return Pooling(round(float(found.x), 3), ALBUM_TRACKS)


def operating_points(predictions: Predictions) -> OperatingPoints:
    """Find the lowest threshold that keeps each of PRECISIONS, if there is any.

    A threshold keeps a precision when the clips above it have this precision in CAUTION of the
    resamples of the artists. The precision on these artists alone would fail for half of all
    others. The margin also allows for a library that is less like the training data than its
    held-out parts.

    Every confidence can be the threshold here: the rule of the recipe of `--only-mine`. Models with
    families have the rule of `claims.operating_points`, on a grid.
    """
    order = np.argsort(-predictions.confidence, kind="stable")
    confidence = predictions.confidence[order]
    kept = _cautious_precision(predictions, order)
    points = []
    for precision in PRECISIONS:
        enough = np.flatnonzero(kept[LEAST_WRITTEN - 1 :] >= precision)
        if len(enough):
            last = int(enough[-1]) + LEAST_WRITTEN - 1
            threshold = _up(float(confidence[last]))
            coverage = round(float((confidence >= threshold).mean()), 4)
            points.append(OperatingPoint(precision, threshold, coverage))
    return OperatingPoints(tuple(points))


def interval(predictions: Predictions) -> tuple[float, float]:
    """Return the 95% interval of the accuracy, bootstrapped over artists."""
    return ArtistBootstrap.of(predictions.artists).ratio_interval(predictions.right)


def few_artists(artists: int, accuracy: float) -> str:
    """Return a caution on a figure of few artists; empty for a figure of many.

    The share right of all artists has its lower 95% limit at 0.05 ** (1 / artists) if all artists
    that were tried are right (Clopper and Pearson 1934).

    Args:
        artists: The artists behind the figure.
        accuracy: The share right.

    """
    if artists >= FEW_ARTISTS:
        return ""
    few = f"{number_of(artists, 'artist')} alone: this figure is weak evidence"
    if accuracy < 1 or not artists:
        return few
    return f"{few}, as few as {0.05 ** (1 / artists):.0%} of other artists could be right"


def calibration_error(predictions: Predictions) -> float:
    """Return the expected calibration error over the bins of confidence."""
    place = bins(predictions)
    gaps = np.bincount(place, predictions.confidence - predictions.right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(place))


def bins(predictions: Predictions) -> Indices:
    """Return the bin of confidence of each clip, 0 to BINS - 1."""
    place: Indices = np.minimum((predictions.confidence * BINS).astype(int), BINS - 1)
    return place


def _predictions(data: Dataset, members: Indices, probabilities: Array) -> Predictions:
    return Predictions(
        data.artists[members],
        data.labels[members],
        probabilities.argmax(axis=1),
        probabilities.max(axis=1),
    )


def _cautious_precision(predictions: Predictions, order: Indices) -> Array:
    """Return the precision that CAUTION of the resamples reach, by the number of written clips."""
    bootstrap = ArtistBootstrap.of(predictions.artists[order])
    drawn = bootstrap.counts[:, bootstrap.group].astype(np.float32)
    written = np.cumsum(drawn, axis=1)
    precision = np.cumsum(drawn * predictions.right[order], axis=1) / np.maximum(written, 1)
    cautious: Array = np.percentile(precision, 100 * (1 - CAUTION), axis=0)
    return cautious


def _up(threshold: float) -> float:
    return float(np.ceil(threshold * 10_000) / 10_000)


def appearances(members: NDArray[Any]) -> Indices:
    """Count the earlier appearances of each member."""
    seen: Counter[Any] = Counter()
    counts = []
    for member in members.tolist():
        counts.append(seen[member])
        seen[member] += 1
    return np.array(counts)
