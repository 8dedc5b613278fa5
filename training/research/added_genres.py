"""A genre of the user's, taught beside the default model's: what it learns, what others lose.

Each of five genres is left out of the default model and taught again by 40 tracks, whose artists
are in no other part. It is asked of clips whose source and artist no part of the model contains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from training.classifiers.softmax import AddedGenres, FittedSoftmax, fit_vectors
from training.research.left_out import source_folds
from training.research.wide_data import GENRES, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from training.data.vectors import Vectors
    from training.research.wide import LeftOut

    Mask = NDArray[np.bool_]

LEFT_OUT = ("Blues", "Country", "Hip-Hop", "Jazz", "Metal")
TRACKS = 40
_FOLDS = 4


class AddedGenre(Struct, frozen=True):
    """One genre, taught by the default model and by a user."""

    genre: str
    clips: int
    recall: float
    """Of the full model: share of the genre's clips whose likeliest genre is right for them."""
    taught: float
    """The same of the model without the genre, after 40 tracks."""
    others: float
    """Of the full model: the same share of the clips of other genres."""
    others_after: float


def figures(left: LeftOut) -> Iterator[AddedGenre]:
    """Measure every genre of LEFT_OUT."""
    songs = left.songs.vectors
    fold = source_folds(songs.sources, _FOLDS)
    for genre in LEFT_OUT:
        place = GENRES.index(genre)
        right = {False: np.zeros(len(songs), bool), True: np.zeros(len(songs), bool)}
        for one in range(_FOLDS):
            held = fold == one
            fit = ~held & ~np.isin(songs.artists, songs.artists[held])
            training = joined(songs.of(fit), left.nonmusic)
            full = fit_vectors(training)
            right[False][held] = _right(full, songs, held)
            own = _tracks(songs, fit & (left.songs.best == place))
            right[True][held] = _right(_taught(training, songs, own, place), songs, held)
        of = left.songs.best == place
        yield AddedGenre(
            genre,
            int(of.sum()),
            *(round(float(right[after][of].mean()), 4) for after in (False, True)),
            *(round(float(right[after][~of].mean()), 4) for after in (False, True)),
        )


def _taught(training: Vectors, songs: Vectors, own: NDArray[np.intp], place: int) -> FittedSoftmax:
    """Fit without a genre, and with its 40 tracks as a user's."""
    kept = training.of(~np.isin(training.artists, songs.artists[own]))
    base = kept.without_genre(GENRES[place])
    places = tuple(i for i in range(len(GENRES)) if i != place)
    labels = np.full(len(own), place)
    return AddedGenres(base, places).fit(songs.inputs[own], labels, len(GENRES))


def _tracks(songs: Vectors, members: Mask) -> NDArray[np.intp]:
    """Draw 40 clips, an artist's second after the first of all others."""
    random = np.random.default_rng(0)
    drawn = random.permutation(np.flatnonzero(members))
    seen: dict[int, int] = {}
    turns = []
    for clip in drawn:
        artist = int(songs.artists[clip])
        turns.append(seen.get(artist, 0))
        seen[artist] = turns[-1] + 1
    chosen: NDArray[np.intp] = drawn[np.argsort(turns, kind="stable")][:TRACKS]
    return chosen


def _right(fitted: FittedSoftmax, songs: Vectors, held: Mask) -> Mask:
    likeliest = fitted.scores(songs.inputs[held]).argmax(axis=1)
    right: Mask = songs.allowed[held][np.arange(len(likeliest)), likeliest]
    return right
