"""Predictions by models that have neither the clip's source nor its artist in their training data.

Artists apart alone promise too much: clips of one collection are alike in how they were recorded,
cut and chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.classifiers.softmax import fit_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from training.classifiers.softmax import FittedSoftmax
    from training.data.vectors import Vectors

FOLDS = 8


def source_folds(sources: NDArray[Any], folds: int = FOLDS) -> NDArray[np.intp]:
    """Assign each source to a fold, the largest first and each to the smallest fold yet.

    Returns the fold of each clip, shape (clips,).
    """
    names, source, sizes = np.unique(sources, return_inverse=True, return_counts=True)
    fold_of, filled = np.zeros(len(names), np.intp), np.zeros(folds, np.intp)
    for one in np.argsort(-sizes, kind="stable"):
        fold_of[one] = filled.argmin()
        filled[fold_of[one]] += sizes[one]
    return fold_of[source]


def left_out_probabilities(vectors: Vectors, folds: int = FOLDS) -> NDArray[np.float64]:
    """Predict every clip without its source and artist, shape (clips, genres)."""
    probabilities = np.zeros(vectors.allowed.shape)
    for fitted, held in left_out_models(vectors, folds):
        probabilities[held] = np.exp(fitted.scores(vectors.inputs[held]))
    return probabilities


def left_out_models(
    vectors: Vectors, folds: int = FOLDS
) -> Iterator[tuple[FittedSoftmax, NDArray[np.bool_]]]:
    """Yield a model for each fold, and which clips have neither its sources nor its artists."""
    for fit, held in _splits(vectors, folds):
        yield fit_vectors(vectors.of(fit)), held


def _splits(vectors: Vectors, folds: int) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Give (fitted, held out) for each fold; music and no music are spread by themselves."""
    music = vectors.music
    fold = np.zeros(len(vectors), np.intp)
    for part in (music, ~music):
        if part.any():
            fold[part] = source_folds(vectors.sources[part], folds)
    for one in range(folds):
        held = fold == one
        yield ~held & ~np.isin(vectors.artists, vectors.artists[held]), held
