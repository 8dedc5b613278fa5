"""The training of the convolutional network, and its classifier.

Only this module and its imports, `network` and `augment`, need torch (extra `cnn`).
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
"""The heads of the network: the genres, and the embedding of another network."""
_MEMORY = 0.995
"""Memory of the running mean of the weights, which is the result of the training."""


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
    """Weights of the genre loss, and of the squared error from the teacher in standard deviations.
    """
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The training data of a network."""

    levels: NDArray[np.uint8]
    """Shape (clips, N_MELS, columns)."""
    labels: NDArray[np.intp]
    genres: int
    teacher: NDArray[np.float32] | None = None
    """The embedding of another network, shape (clips, size) (distillation).

    NaN where it is missing: such a clip has no weight, and counts as average in mixup.
    """


def train(network: Network, training_data: TrainingData, schedule: Schedule) -> Network:
    """Train `network` in place; return the running mean of its weights, ready for use.

    `training_data` has levels and labels; `schedule` has the steps and rates.
    """
    torch.manual_seed(schedule.seed)
    network.to(memory_format=torch.channels_last).train()
    averaged: Network = copy.deepcopy(network).eval()
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=schedule.decay)
    rates = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, schedule.rate, total_steps=schedule.steps, pct_start=0.15
    )
    for step, batch in enumerate(_batches(training_data, schedule)):
        loss = _loss(network, schedule, *batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        rates.step()
        _average(averaged, network, min(_MEMORY, step / (step + 10)))
    return averaged


def scores(network: Network, levels: NDArray[np.uint8], head: str = GENRES) -> NDArray[np.float64]:
    """Return the output of a head of `network` for whole clips.

    `levels` has shape (clips, N_MELS, columns); `head` is the name of a head. Returns shape
    (clips, size of the head).
    """
    return _heard(lambda part: network(part)[head], levels)


def embeddings(network: Network, levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the embeddings of whole clips, shape (clips, network.size)."""
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
    """A convolutional network of levels as a classifier."""

    schedule: Schedule = field(default_factory=lambda: Schedule(1500))
    spec: str = "levels-1"

    @property
    def name(self) -> str:
        """Name with hyperparameters."""
        return f"CNN ({self.schedule.steps} steps of {self.schedule.batch} crops)"

    def fit(self, inputs: NDArray[Any], labels: NDArray[np.intp], genres: int) -> FittedCnn:
        """Fit to clips.

        `inputs` are levels, shape (clips, N_MELS, columns); `labels` are numbers below `genres`,
        shape (clips,).
        """
        torch.manual_seed(self.schedule.seed)
        network = Network({GENRES: genres}, dropout=0.3)
        return FittedCnn(train(network, TrainingData(inputs, labels, genres), self.schedule))


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


def _batches(training_data: TrainingData, schedule: Schedule) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield augmented levels and their targets, `schedule.steps` times.

    With a teacher: its embeddings, and 1 where there is an embedding.
    """
    order = np.random.default_rng(schedule.seed)
    change = torch.Generator().manual_seed(schedule.seed)
    waiting = np.empty(0, np.intp)
    taught = _standard(training_data.teacher)
    for _ in range(schedule.steps):
        while len(waiting) < schedule.batch:
            waiting = np.concatenate([waiting, order.permutation(len(training_data.labels))])
        chosen, waiting = waiting[: schedule.batch], waiting[schedule.batch :]
        crops = torch.from_numpy(_crops(training_data.levels[chosen], schedule.columns, order))
        levels = augmented(crops, schedule.augmentation, change)
        wanted = _smoothed(training_data.labels[chosen], training_data.genres, schedule.smoothing)
        guesses = [torch.from_numpy(values[chosen]) for values in taught]
        yield mixed((levels, wanted, *guesses), schedule.augmentation, order)


def _standard(teacher: NDArray[np.float32] | None) -> tuple[NDArray[np.float32], ...]:
    """Standardise a teacher's embeddings; return them with their presence, shape (clips, 1)."""
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
