"""The trunk of `training.fit.embedding`: a network taught on the Free Music Archive.

It learns the archive's eight genres and to guess what VGGish, which had heard millions of clips,
says of each track (distillation, arXiv 1503.02531). Needs torch (extra `cnn`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from training.dataset import read_fma_small, read_vggish
from training.fit.cnn import GENRES, TEACHER, Lesson, Schedule, train
from training.fit.network import Network, embedding_graph

if TYPE_CHECKING:
    from pathlib import Path


SCHEDULE = Schedule(5000, batch=48, columns=96, rate=2e-3)
VGGISH = 128
"""Size of its embedding."""


def pretrain(folder: Path, schedule: Schedule = SCHEDULE) -> bytes:
    """Train a trunk on the training part of FMA-small; give its ONNX graph.

    Raises TrainingDataError when the data set is not in the folder.
    """
    lesson = read_lesson(folder)
    torch.manual_seed(schedule.seed)
    network = train(Network({GENRES: lesson.genres, TEACHER: VGGISH}), lesson, schedule)
    graph: bytes = embedding_graph(network).SerializeToString(deterministic=True)
    return graph


def read_lesson(folder: Path) -> Lesson:
    """Read the training part of FMA-small, and VGGish's words for it."""
    data, said = read_fma_small(folder), read_vggish(folder)
    chosen = data.members("fma_small", "train")
    chosen = chosen[np.isfinite(said[chosen]).all(axis=1)]
    teaching = said[chosen]
    teaching = (teaching - teaching.mean(axis=0)) / (teaching.std(axis=0) + 1e-3)
    return Lesson(data.levels[chosen], data.labels[chosen], len(data.genres), teaching)
