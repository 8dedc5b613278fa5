"""Thresholds of genres that the default model lacks, by other music that gets them.

The user's tracks show how often a new genre is found. All of them have a genre of the user's, so
they hardly show how often other music gets it. The songs of the default model do: each is scored by
a fit without its collection and its artist.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from training.data.dataset import Dataset
from training.data.vectors import split_inputs
from training.evaluation.claims import Claims, operating_points
from training.evaluation.cross_validation import Fit, held_out_scores, source_splits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tagger.core.thresholds import OperatingPoints
    from training.classifiers.softmax import AddedGenres
    from training.evaluation.cross_validation import Execution

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

FOLDS = 4
LEAST_FOUND = 10
"""Least number of tracks above the threshold of a new genre."""


@dataclass(frozen=True, eq=False)
class OtherMusic:
    """The songs of the default model, by models without their collections and artists."""

    probabilities: Array
    """Shape (songs, genres of the new model)."""
    allowed: Mask
    """The genres of the default model that are right for each song, of the same shape."""
    sources: NDArray[Any]
    """The collection of each song."""


def other_music(data: Dataset, classifier: AddedGenres, execution: Execution) -> OtherMusic:
    """Score the songs of the default model, a part of their collections at a time.

    Args:
        data: The user's clips, with the genres of the new model.
        classifier: The classifier of the new model.
        execution: Where the fits run.

    """
    songs, mine = classifier.base, len(data)
    added = split_inputs(songs)
    every = Dataset(
        ids=np.arange(mine + len(songs)).astype(str),
        labels=np.concatenate([data.labels, np.zeros(len(songs), np.intp)]),
        genres=data.genres,
        artists=np.concatenate([data.artists, songs.artists.astype(str)]),
        inputs={spec: np.concatenate([data.inputs[spec], added[spec]]) for spec in added},
    )
    splits = list(source_splits(songs, FOLDS))
    fits = [
        Fit(
            replace(classifier, base=songs.of(fit)),
            every,
            np.arange(mine),
            mine + np.flatnonzero(held),
        )
        for fit, held in splits
    ]
    scores = np.empty((len(songs), len(data.genres)))
    for (_, held), part in zip(splits, held_out_scores(fits, execution), strict=True):
        scores[held] = part
    music = songs.music
    allowed = np.zeros(scores.shape, bool)
    allowed[:, classifier.places] = songs.allowed
    return OtherMusic(np.exp(scores[music]), allowed[music], songs.sources[music])


def points_of_genre(
    genre: int, judged: tuple[Array, Mask, NDArray[Any]], others: OtherMusic, related: Mask
) -> OperatingPoints:
    """Find the thresholds of a new genre, by the user's tracks and the other music that get it.

    A song of a related genre, such as Electronic for House, may be of the new genre: it does not
    count.

    Args:
        genre: Its place among the genres of the new model.
        judged: Probabilities of the user's tracks, genres that are right, and artists.
        others: The other music.
        related: Whether each genre is a parent or a part of the new genre, shape (genres,).

    """
    probabilities, allowed, artists = judged
    mine = _claims(genre, probabilities, allowed[:, genre], artists)
    unrelated = np.flatnonzero(~others.allowed[:, related].any(axis=1))
    nowhere: Mask = np.zeros(len(others.sources), np.bool_)
    wrong = _claims(genre, others.probabilities, nowhere, others.sources).of(unrelated)
    return operating_points(Claims.joined([mine, wrong]), least=LEAST_FOUND)


def _claims(genre: int, probabilities: Array, right: Mask, sources: NDArray[Any]) -> Claims:
    """Return the clips that get a genre; the confidence of every other clip is 0."""
    found = probabilities.argmax(axis=1) == genre
    confidence = np.where(found, probabilities[:, genre], 0.0)
    return Claims.of_genres(sources.astype(str), confidence, right)
