"""A genre of the user's, taught beside the default model's: what it learns, what others lose.

Each of five genres is left out of the default model and taught again by 40 tracks, whose artists
are in no other part. It is asked of clips whose source and artist no part of the model contains.
The 40 tracks are drawn five times; a figure is the mean.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from training.classifiers.softmax import AddedGenres, FittedSoftmax, fit_vectors
from training.data.vectors import Vectors
from training.evaluation.cross_validation import source_folds
from training.evaluation.measure import rounded
from training.evaluation.metrics import appearances
from training.research.wide_data import GENRES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from training.research.wide import LeftOut

    Mask = NDArray[np.bool_]

LEFT_OUT = ("Blues", "Country", "Hip-Hop", "Jazz", "Metal")
TRACKS = 40
DRAWS = 5
_FOLDS = 4


class AddedGenre(Struct, frozen=True):
    """One genre, taught by the default model and by a user."""

    genre: str
    clips: int
    recall: float
    """Of the full model: share of the genre's clips whose likeliest genre is right for them."""
    taught: float
    """The same of the model without the genre, after 40 tracks; the mean of DRAWS."""
    others: float
    """Of the full model: the same share of the clips of other genres."""
    others_after: float


def figures(left: LeftOut) -> Iterator[AddedGenre]:
    """Measure every genre of LEFT_OUT."""
    songs = left.songs.vectors
    fold = source_folds(songs.sources, _FOLDS)
    full = np.zeros(len(songs), bool)
    taught = {genre: np.zeros((DRAWS, len(songs)), bool) for genre in LEFT_OUT}
    for one in range(_FOLDS):
        held = fold == one
        fit = ~held & ~np.isin(songs.artists, songs.artists[held])
        training = Vectors.joined([songs.of(fit), left.nonmusic])
        full[held] = _right(fit_vectors(training), songs, held)
        for genre, draw in itertools.product(LEFT_OUT, range(DRAWS)):
            place = GENRES.index(genre)
            own = _tracks(songs, fit & (left.songs.best == place), draw)
            taught[genre][draw, held] = _right(_taught(training, songs, own, place), songs, held)
    for genre, right in taught.items():
        of = left.songs.best == GENRES.index(genre)
        shares = (full[of], right[:, of], full[~of], right[:, ~of])
        yield AddedGenre(genre, int(of.sum()), *(rounded(x.mean()) for x in shares))


def _taught(training: Vectors, songs: Vectors, own: NDArray[np.intp], place: int) -> FittedSoftmax:
    """Fit without a genre, and with its 40 tracks as a user's."""
    kept = training.of(~np.isin(training.artists, songs.artists[own]))
    base = kept.without_genre(GENRES[place])
    places = tuple(i for i in range(len(GENRES)) if i != place)
    labels = np.full(len(own), place)
    return AddedGenres(base, places).fit(songs.inputs[own], labels, len(GENRES))


def _tracks(songs: Vectors, members: Mask, draw: int) -> NDArray[np.intp]:
    """Draw 40 clips, an artist's second after the first of all others; `draw` is the seed."""
    random = np.random.default_rng(draw)
    drawn = random.permutation(np.flatnonzero(members))
    turns = appearances(songs.artists[drawn])
    chosen: NDArray[np.intp] = drawn[np.argsort(turns, kind="stable")][:TRACKS]
    return chosen


def _right(fitted: FittedSoftmax, songs: Vectors, held: Mask) -> Mask:
    asked = songs.of(held)
    return asked.right(fitted.scores(asked.inputs))
