"""Unknown genres: the share of their music that would get a genre of the model.

No library has only the genres of a model. Each genre in turn is left out of a model, which then
predicts the genre's clips. All genres that it would write into them are wrong.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from training.data.dataset import Dataset
from training.evaluation.measure import rounded
from training.evaluation.metrics import (
    Predictions,
    album_predictions,
    fit_pooling,
    operating_points,
    track_predictions,
)
from training.models.ensemble import HeldOut, train

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from training.models.ensemble import Ensemble
    from training.models.recipe import Recipe

    Indices = NDArray[np.intp]

PROMISES = (0.9, 0.95, 0.99)


class Unknown(Struct, frozen=True):
    """The predictions for a genre that is not in the training data, for one promise."""

    genre: str
    promise: float
    clips: int
    written: float
    """Share that would get a genre."""
    known: float
    """The same share of held-out clips of the other genres."""
    albums: float
    """As `written`, decided by albums."""
    known_albums: float
    called: str
    """The most frequent prediction among the written clips."""


def unknown_written(recipe: Recipe, data: Dataset, members: Indices) -> Iterator[Unknown]:
    """Leave out one genre after another.

    The first classifier of each family of `recipe` is used. `members` are the clips of `data`
    that are used, as indices.
    """
    for label in range(len(data.genres)):
        taught = _without(data, label)
        rest = members[data.labels[members] != label]
        strangers = members[data.labels[members] == label]
        ensemble = train(recipe.plain, taught, rest)
        yield from _measured(ensemble, taught, data, strangers)


def _without(data: Dataset, label: int) -> Dataset:
    """Return the clips as a data set without a genre; the labels of its own clips mean nothing."""
    genres = tuple(genre for genre in data.genres if genre != data.genres[label])
    labels = data.labels - (data.labels > label)
    return Dataset(
        data.ids, labels, genres, data.artists, data.inputs, augmentation=data.augmentation
    )


def _measured(
    ensemble: Ensemble, taught: Dataset, data: Dataset, strangers: Indices
) -> Iterator[Unknown]:
    heard = HeldOut(strangers, ensemble.log_probabilities(data, strangers))
    pooling = fit_pooling(taught, ensemble.held_out)
    tracks = track_predictions(taught, ensemble.held_out), track_predictions(data, heard)
    albums = (
        album_predictions(taught, ensemble.held_out, pooling),
        album_predictions(data, heard, pooling),
    )
    track_points, album_points = operating_points(tracks[0]), operating_points(albums[0])
    for promise in PROMISES:
        known, written = _written(tracks, track_points.threshold(promise, ""))
        known_albums, written_albums = _written(albums, album_points.threshold(promise, ""))
        called = Counter(taught.genres[genre] for genre in tracks[1].genres[written])
        yield Unknown(
            data.genres[data.labels[strangers[0]]],
            promise,
            len(strangers),
            rounded(written.mean()),
            rounded(known.mean()),
            rounded(written_albums.mean()),
            rounded(known_albums.mean()),
            max(called, key=lambda genre: called[genre], default=""),
        )


def _written(
    predictions: tuple[Predictions, Predictions], threshold: float | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    known, unknown = predictions
    return known.surer_than(threshold), unknown.surer_than(threshold)
