"""FMA-small by networks that learn the genres and VGGish's embeddings at once (distillation).

VGGish (Hershey et al. 2017, arXiv 1609.09430) was trained on millions of clips of sound. A network
that has to predict its embedding from levels learns more of music than eight genres contain. A
network takes half an hour on one core, and needs torch. So there is one division of the training
part, not a cross-validation: nine tenths of the artists for training, the others for the weights.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from joblib import Parallel, delayed

from training.classifiers.svm_lda import EMBEDDING, SPEC, Lda, Svm
from training.evaluation.cross_validation import artist_folds
from training.models.ensemble import HeldOut, combined, fitted_weights
from training.research.cnn.augment import Augmentation
from training.research.cnn.network import Network
from training.research.cnn.train import (
    GENRES,
    TEACHER,
    Schedule,
    TrainingData,
    embeddings,
    scores,
    train,
)
from training.research.datasets import read_fma_small, read_vggish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from training.research.datasets import LevelDataset

    Array = NDArray[np.float64]
    Indices = NDArray[np.intp]

NETWORKS = 2
SCHEDULE = Schedule(
    15_000,
    columns=96,
    rate=1.5e-3,
    genres=0.2,
    teacher=2.0,
    augmentation=Augmentation(mask_columns=10, mixup=0.4),
)
_DROPOUT = 0.2
_GUESSED, _EMBEDDED = "guessed", "embedded"
"""Feature specs: the networks' predictions of VGGish's embedding, and their own embeddings."""
_CANDIDATES = (
    Lda(),
    Lda(0.2, 300, EMBEDDING),
    Lda(spec=_EMBEDDED),
    Svm(3.0, spec=_GUESSED),
)


def student(
    folder: Path,
    schedule: Schedule = SCHEDULE,
    train: Callable[[Network, TrainingData, Schedule], Network] = train,
) -> tuple[LevelDataset, HeldOut, HeldOut]:
    """Train on FMA-small's training part; return its clips and the predictions of two parts.

    The first part has the artists for the weights, the second is the test part.

    Args:
        folder: The folder with FMA-small's levels and VGGish's embeddings.
        schedule: How long and how each network is trained.
        train: Trains one network.

    """
    data = read_fma_small(folder)
    fit, held = next(artist_folds(data, data.members("fma_small", "train"), seed=0, folds=10))
    test = data.members("fma_small", "test")
    training_data = TrainingData(
        data.levels[fit], data.labels[fit], len(data.genres), read_vggish(folder, data)[fit]
    )
    networks = Parallel(n_jobs=NETWORKS)(
        delayed(_taught)(train, training_data, replace(schedule, seed=seed))
        for seed in range(NETWORKS)
    )
    answers = _answers(data, networks, fit, np.concatenate([held, test]))
    weights = fitted_weights([part[: len(held)] for part in answers], data.labels[held])
    logs = combined(answers, weights)
    return data, HeldOut(held, logs[: len(held)]), HeldOut(test, logs[len(held) :])


def _answers(
    data: LevelDataset, networks: list[Network], fit: Indices, asked: Indices
) -> list[Array]:
    """Return the scores of every classifier for the clips `asked`, each (clips, genres)."""
    count = len(data.genres)
    inputs = {
        **{spec: data.inputs[spec] for spec in (SPEC, EMBEDDING)},
        _GUESSED: np.mean([scores(n, data.levels, TEACHER) for n in networks], axis=0),
        _EMBEDDED: np.concatenate([embeddings(n, data.levels) for n in networks], axis=1),
    }
    fitted = [(c.spec, c.fit(inputs[c.spec][fit], data.labels[fit], count)) for c in _CANDIDATES]
    named = np.mean([scores(n, data.levels[asked]) for n in networks], axis=0)
    return [named, *(candidate.scores(inputs[spec][asked]) for spec, candidate in fitted)]


def _taught(
    train: Callable[[Network, TrainingData, Schedule], Network],
    training_data: TrainingData,
    schedule: Schedule,
) -> Network:
    torch.set_num_threads(1)
    torch.manual_seed(schedule.seed)
    size = 0 if training_data.teacher is None else training_data.teacher.shape[1]
    network = Network({GENRES: training_data.genres, TEACHER: size}, dropout=_DROPOUT)
    return train(network, training_data, schedule)
