"""The default models and music of a genre that they lack: each genre is left out in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.classifiers.softmax import fit_vectors
from training.data.vectors import Vectors
from training.evaluation.claims import album_claims, album_indices, track_claims
from training.evaluation.measure import PROMISE
from training.research.libraries import weighed
from training.research.wide import Promise, expected, music_probabilities
from training.research.wide_data import GENRES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from training.research.wide import LeftOut, WideFigure

    Array = NDArray[np.float64]


def unknown_figures(left: LeftOut) -> Iterator[WideFigure]:
    """Leave each genre out of the training data and decide its clips."""
    songs = left.songs
    every = Vectors.joined([songs.vectors, left.nonmusic])
    track = Promise(PROMISE, left.promises.tracks.threshold(PROMISE, ""))
    album = Promise(PROMISE, left.promises.albums.threshold(PROMISE, ""))
    for place, genre in enumerate(GENRES):
        fitted = fit_vectors(every.without_genre(genre))
        members = songs.best == place
        own = songs.vectors.of(members)
        scores, there = _without(place, np.exp(fitted.scores(songs.vectors.inputs)), left)
        clips = scores[members], own.allowed, own.sources, left.scale
        yield track.figure("unknown", genre, track_claims(*clips))
        yield track.figure("unknown library", genre, track_claims(there[members], *clips[1:]))
        known = songs.known[songs.best == place]
        if albums := album_indices(own.artists, own.sources, known):
            grouping = albums, left.promises.pooling
            yield album.figure("unknown albums", genre, album_claims(*clips, grouping))


def _without(place: int, scores: Array, left: LeftOut) -> tuple[Array, Array]:
    """Return probabilities of all songs by themselves and in their libraries, without a genre.

    Args:
        place: The genre that is left out.
        scores: Of a model without the genre, shape (songs, genres - 1).
        left: The data.

    """
    songs = left.songs.vectors
    known = tuple(genre for genre in GENRES if genre != GENRES[place])
    if left.music is not None:
        scores[music_probabilities(songs) < left.music] = 1 / len(known)
    there = weighed(scores, songs.sources, known, expected(scores[left.songs.best != place]))
    return np.insert(scores, place, 0, axis=1), np.insert(there, place, 0, axis=1)
