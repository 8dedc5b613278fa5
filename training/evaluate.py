"""Measuring without fooling oneself: artists kept apart, thresholds found outside the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

from tagger.inference.manifest import OperatingPoint, OperatingPoints, Pooling
from tagger.inference.pooling import pooled_probabilities

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from training.dataset import Dataset
    from training.ensemble import HeldOut

    Array = NDArray[np.float64]
    Indices = NDArray[np.intp]

ALBUM_TRACKS = 8
"""Tracks of one artist, at most so many together, stand in for an album."""
PRECISIONS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99)
LEAST_WRITTEN = 30
"""Held-out tracks that must lie above a threshold before anything is promised of it."""
_RESAMPLES = 2000


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What was decided of each clip, whose the clip is, and whether it was right."""

    artists: NDArray[np.str_]
    labels: Indices
    genres: Indices
    """The likeliest genre."""
    confidence: Array

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the likeliest genre is the label."""
        right: NDArray[np.bool_] = self.genres == self.labels
        return right

    @property
    def accuracy(self) -> float:
        """Share of clips that were right."""
        return float(self.right.mean())

    def surer_than(self, threshold: float | None) -> NDArray[np.bool_]:
        """Tell which clips would be written; none without a threshold."""
        return self.confidence >= (np.inf if threshold is None else threshold)

    @classmethod
    def joined(cls, parts: Sequence[Verdicts]) -> Verdicts:
        """Put several parts' verdicts together."""
        return cls(
            np.concatenate([part.artists for part in parts]),
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.genres for part in parts]),
            np.concatenate([part.confidence for part in parts]),
        )


def track_verdicts(data: Dataset, held_out: HeldOut) -> Verdicts:
    """Decide every clip alone."""
    return _verdicts(data, held_out.members, np.exp(held_out.log_probabilities))


def album_verdicts(data: Dataset, held_out: HeldOut, pooling: Pooling) -> Verdicts:
    """Decide every clip with the others of its stand-in album."""
    probabilities = np.exp(held_out.log_probabilities)
    for album in stand_in_albums(data, held_out.members):
        probabilities[album] = pooled_probabilities(held_out.log_probabilities[album], pooling)
    return _verdicts(data, held_out.members, probabilities)


def stand_in_albums(data: Dataset, members: Indices) -> Iterator[Indices]:
    """Group positions in `members` into albums: one artist and genre, at most ALBUM_TRACKS.

    A clip without a known artist, and each appearance of a clip in another repeat, is kept apart.
    """
    keys = np.stack(
        [
            np.unique(data.artists[members], return_inverse=True)[1],
            data.labels[members],
            _appearance(members),
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
            pooled = pooled_probabilities(held_out.log_probabilities[album], pooling)
            total -= len(album) * float(np.log(pooled[labels[album[0]]]))
        return total

    found = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-3})
    return Pooling(round(float(found.x), 3), ALBUM_TRACKS)


def operating_points(verdicts: Verdicts) -> OperatingPoints:
    """Find the threshold for each of PRECISIONS that the verdicts support."""
    points = [_operating_point(verdicts, precision) for precision in PRECISIONS]
    return OperatingPoints(tuple(point for point in points if point))


def threshold_for(points: OperatingPoints, precision: float) -> float | None:
    """Give the overall threshold for one of PRECISIONS; None where it is not supported."""
    return next((p.threshold for p in points.overall if p.precision >= precision), None)


def interval(verdicts: Verdicts) -> tuple[float, float]:
    """Bootstrap the 95% interval of the accuracy over artists, who are what was sampled."""
    _, artist = np.unique(verdicts.artists, return_inverse=True)
    right, total = np.bincount(artist, verdicts.right), np.bincount(artist)
    draws = np.random.default_rng(0).integers(len(total), size=(_RESAMPLES, len(total)))
    accuracies = right[draws].sum(axis=1) / total[draws].sum(axis=1)
    low, high = np.percentile(accuracies, [2.5, 97.5])
    return float(low), float(high)


def calibration_error(verdicts: Verdicts, bins: int = 10) -> float:
    """Give the expected calibration error over equal-width bins of confidence."""
    place = np.minimum((verdicts.confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(place, verdicts.confidence - verdicts.right, minlength=bins)
    return float(np.abs(gaps).sum() / len(place))


def _verdicts(data: Dataset, members: Indices, probabilities: Array) -> Verdicts:
    return Verdicts(
        data.artists[members],
        data.labels[members],
        probabilities.argmax(axis=1),
        probabilities.max(axis=1),
    )


def _operating_point(verdicts: Verdicts, precision: float) -> OperatingPoint | None:
    """Find the lowest threshold above which the promise holds, at it and on average beyond."""
    order = np.argsort(-verdicts.confidence, kind="stable")
    precisions = np.cumsum(verdicts.right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precisions[LEAST_WRITTEN - 1 :] >= precision)
    if not len(enough):
        return None
    last = int(enough[-1]) + LEAST_WRITTEN - 1
    threshold = float(verdicts.confidence[order[last]])
    return OperatingPoint(precision, round(threshold + 5e-5, 4), round((last + 1) / len(order), 4))


def _appearance(members: Indices) -> Indices:
    """Count how often each member stood further ahead."""
    seen: dict[int, int] = {}
    counts = []
    for member in members.tolist():
        counts.append(seen.get(member, 0))
        seen[member] = counts[-1] + 1
    return np.array(counts)
