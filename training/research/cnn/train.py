"""Training the convolutional network, and the candidate that is one.

Only this module and those it imports, `network` and `augment`, need torch (extra `cnn`).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from training.research.cnn.augment import Augmentation, augmented, mixed
from training.research.cnn.network import Network, head_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import onnx
    from numpy.typing import NDArray

GENRES, TEACHER = "genres", "teacher"
"""The network's heads: what a clip is called, and what another network makes of it."""
_MEMORY = 0.995
"""Of the running mean of the weights, which is what training gives back."""


@dataclass(frozen=True)
class Schedule:
    """How long and how hard a network is trained."""

    steps: int
    batch: int = 32
    columns: int = 128
    """Length of the crops, 10 s at `levels-1`'s rate."""
    rate: float = 1e-3
    """Greatest learning rate, of AdamW under a one-cycle schedule."""
    decay: float = 0.05
    smoothing: float = 0.1
    """Share of a label that is spread over all genres."""
    genres: float = 1.0
    teacher: float = 1.0
    """What a wrong genre counts, and what missing the teacher by a standard deviation does."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a network is to learn."""

    levels: NDArray[np.uint8]
    """Shape (clips, N_MELS, columns)."""
    labels: NDArray[np.intp]
    genres: int
    teacher: NDArray[np.float32] | None = None
    """Another network's embedding, shape (clips, size) (distillation).

    NaN where there is none: that counts for nothing, and for an average one in what mixup blends.
    """


def train(network: Network, lesson: Lesson, schedule: Schedule) -> Network:
    """Train the network in place; give the running mean of its weights, ready to be used."""
    torch.manual_seed(schedule.seed)
    network.to(memory_format=torch.channels_last).train()
    averaged: Network = copy.deepcopy(network).eval()
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=schedule.decay)
    rates = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, schedule.rate, total_steps=schedule.steps, pct_start=0.15
    )
    for step, batch in enumerate(_batches(lesson, schedule)):
        loss = _loss(network, schedule, *batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        rates.step()
        _average(averaged, network, min(_MEMORY, step / (step + 10)))
    return averaged


def scores(network: Network, levels: NDArray[np.uint8], head: str = GENRES) -> NDArray[np.float64]:
    """Give what a head says of whole clips, shape (clips, its size)."""
    return _heard(lambda part: network(part)[head], levels)


def embeddings(network: Network, levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Give what all heads hear of whole clips, shape (clips, network.size)."""
    return _heard(network.embed, levels)


def _heard(
    function: Callable[[torch.Tensor], torch.Tensor], levels: NDArray[np.uint8]
) -> NDArray[np.float64]:
    with torch.no_grad():
        parts = [
            function(torch.from_numpy(part / np.float32(255))).numpy()
            for part in np.array_split(levels, -(-len(levels) // 32))
        ]
    return np.concatenate(parts).astype(np.float64)


@dataclass(frozen=True)
class Cnn:
    """A convolutional network that hears levels; several seeds' scores are averaged."""

    schedule: Schedule = field(default_factory=lambda: Schedule(1500))
    spec: str = "levels-1"

    @property
    def name(self) -> str:
        """What it is and its hyperparameters."""
        return f"CNN ({self.schedule.steps} steps of {self.schedule.batch} crops)"

    def fit(self, inputs: NDArray[Any], labels: NDArray[np.intp], genres: int) -> FittedCnn:
        """Fit to levels `inputs` (clips, N_MELS, columns) and labels (clips,)."""
        torch.manual_seed(self.schedule.seed)
        network = Network({GENRES: genres}, dropout=0.3)
        return FittedCnn(train(network, Lesson(inputs, labels, genres), self.schedule))


@dataclass(frozen=True, eq=False)
class FittedCnn:
    """A trained network."""

    network: Network

    def scores(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        """Score whole clips of levels, shape (clips, genres)."""
        return scores(self.network, inputs)

    def graph(self) -> onnx.ModelProto:
        """Export with the normalisation folded in."""
        return head_graph(self.network, GENRES)


def _batches(lesson: Lesson, schedule: Schedule) -> Iterator[tuple[torch.Tensor, ...]]:
    """Give augmented levels and what is wanted of them, `schedule.steps` times.

    With a teacher: its embeddings, and 1 where there is one.
    """
    order = np.random.default_rng(schedule.seed)
    change = torch.Generator().manual_seed(schedule.seed)
    waiting = np.empty(0, np.intp)
    taught = _standard(lesson.teacher)
    for _ in range(schedule.steps):
        while len(waiting) < schedule.batch:
            waiting = np.concatenate([waiting, order.permutation(len(lesson.labels))])
        chosen, waiting = waiting[: schedule.batch], waiting[schedule.batch :]
        crops = torch.from_numpy(_crops(lesson.levels[chosen], schedule.columns, order))
        levels = augmented(crops, schedule.augmentation, change)
        wanted = _smoothed(lesson.labels[chosen], lesson.genres, schedule.smoothing)
        guesses = [torch.from_numpy(values[chosen]) for values in taught]
        yield mixed((levels, wanted, *guesses), schedule.augmentation, order)


def _standard(teacher: NDArray[np.float32] | None) -> tuple[NDArray[np.float32], ...]:
    """Standardise a teacher's numbers; give them and, shape (clips, 1), whether they are there."""
    if teacher is None:
        return ()
    there = np.isfinite(teacher.sum(axis=1))
    known = teacher[there]
    standard = (teacher - known.mean(axis=0)) / (known.std(axis=0) + 1e-6)
    return np.nan_to_num(standard).astype(np.float32), there[:, np.newaxis].astype(np.float32)


def _crops(
    levels: NDArray[np.uint8], columns: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Cut a stretch out of every clip, each from a place of its own."""
    width = min(columns, levels.shape[2])
    first = generator.integers(levels.shape[2] - width + 1, size=len(levels))
    cut = [clip[:, start : start + width] for clip, start in zip(levels, first, strict=True)]
    crops: NDArray[np.float32] = np.divide(np.stack(cut), 255, dtype=np.float32)
    return crops


def _smoothed(labels: NDArray[np.intp], genres: int, smoothing: float) -> torch.Tensor:
    right = functional.one_hot(torch.from_numpy(labels).long(), genres).float()
    return right * (1 - smoothing) + smoothing / genres


def _loss(
    network: Network,
    schedule: Schedule,
    levels: torch.Tensor,
    genres: torch.Tensor,
    *taught: torch.Tensor,
) -> torch.Tensor:
    # Half the bytes, twice the speed on processors with bfloat16, and no loss of accuracy seen.
    with torch.autocast("cpu", dtype=torch.bfloat16):
        embedded = network.embed(levels)
    embedded = network.dropout(embedded.float())
    loss = schedule.genres * functional.cross_entropy(network.heads[GENRES](embedded), genres)
    if taught:
        wanted, there = taught
        missed = (network.heads[TEACHER](embedded) - wanted) ** 2
        loss = loss + schedule.teacher * (missed * there).mean()
    return loss


def _average(averaged: Network, network: Network, memory: float) -> None:
    with torch.no_grad():
        pairs = zip(averaged.state_dict().values(), network.state_dict().values(), strict=True)
        for mean, current in pairs:
            if mean.is_floating_point():
                mean.lerp_(current, 1 - memory)
            else:
                mean.copy_(current)
