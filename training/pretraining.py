"""The trunk of `training.fit.embedding`: a network taught on the Free Music Archive.

It learns the archive's eight genres and to guess what VGGish, which had heard millions of clips,
says of each track (distillation, arXiv 1503.02531). Needs torch (extra `cnn`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tagger.features.mel import N_MELS, RATE, hz_to_mel
from training.dataset import read_fma_small, read_vggish
from training.fit.cnn import GENRES, TEACHER, Lesson, Schedule, train
from training.fit.network import Network, embedding_graph

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SCHEDULE = Schedule(5000, batch=48, columns=96, rate=2e-3)
VGGISH = 128
"""Size of its embedding."""
_FMA_RATE = 44_100


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
    """Read the training part of FMA-small, on `levels-1`'s axis, and VGGish's words for it."""
    data, said = read_fma_small(folder), read_vggish(folder)
    chosen = data.members("fma_small", "train")
    chosen = chosen[np.isfinite(said[chosen]).all(axis=1)]
    teaching = said[chosen]
    teaching = (teaching - teaching.mean(axis=0)) / (teaching.std(axis=0) + 1e-3)
    return Lesson(on_our_axis(data.levels[chosen]), data.labels[chosen], len(data.genres), teaching)


def on_our_axis(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring FMA's 6-bit levels at 44.1 kHz to `levels-1`'s bands and scale.

    Shape (clips, N_MELS, columns) before and after: bands between 0 and 11,025 Hz instead of
    22,050, by linear interpolation between the neighbours on the mel scale.
    """
    place = _centres(RATE) / _centres(_FMA_RATE)[0] - 1
    below = np.minimum(place.astype(int), N_MELS - 2)
    share = (place - below).astype(np.float32)[:, np.newaxis]
    changed = np.empty_like(levels)
    for clip, given in enumerate(levels):
        mixed = given[below] * (1 - share) + given[below + 1] * share
        changed[clip] = np.rint(4 * mixed)
    return changed


def _centres(rate: int) -> NDArray[np.float64]:
    """Give the centres of the mel bands; they are evenly spaced."""
    top = hz_to_mel(np.array([rate / 2]))[0]
    centres: NDArray[np.float64] = np.linspace(0, top, N_MELS + 2)[1:-1]
    return centres
