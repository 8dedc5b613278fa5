"""Predictions by models that have neither the clip's source nor its artist in their training data.

Artists apart alone promise too much: clips of one collection are alike in how they were recorded,
cut and chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.classifiers.softmax import fit_vectors
from training.evaluation.cross_validation import source_splits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from training.classifiers.softmax import FittedSoftmax
    from training.data.vectors import Vectors

FOLDS = 8


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
    for fit, held in source_splits(vectors, folds):
        yield fit_vectors(vectors.of(fit)), held
