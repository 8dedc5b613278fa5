"""Interfaces of classifiers and novelty guards.

A classifier names its feature spec and is fitted to labelled clips. The fitted classifier scores
clips and exports itself as an ONNX graph. Scores are unnormalised log-probabilities of any scale.
`training.models.ensemble` weights, adds and calibrates them. Guards reduce the scores of
unfamiliar clips.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray


class Fitted(Protocol):
    """A classifier after its fit."""

    def scores(self, inputs: NDArray[Any]) -> NDArray[np.floating]:
        """Score clips: `inputs` (clips, ...) of the candidate's spec to (clips, genres)."""
        ...

    def graph(self) -> onnx.ModelProto:
        """Export as ONNX: input `features` (batch, ...), output `scores` (batch, genres)."""
        ...


class Classifier(Protocol):
    """A recipe with its hyperparameters; an immutable value."""

    @property
    def name(self) -> str:
        """Name with hyperparameters, unique among classifiers."""
        ...

    @property
    def spec(self) -> str:
        """The feature spec of its inputs, e.g. `statistics-1`."""
        ...

    def fit(self, inputs: NDArray[Any], labels: NDArray[np.intp], genres: int) -> Fitted:
        """Fit to clips.

        `inputs` are the features of the clips, shape (clips, ...); `labels` are numbers below
        `genres`, shape (clips,). The same data gives the same result. Every genre has at least one
        clip.
        """
        ...


class FittedGuard(Protocol):
    """A guard after its fit; an immutable value."""

    @property
    def spec(self) -> str:
        """The feature spec of its inputs."""
        ...

    def with_limit(self, limit: float) -> Self:
        """Return the same guard with a limit on its measure."""
        ...

    def measure(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        """Return the distance of clips from the training data, shape (clips,); more is stranger."""
        ...

    def trust(self, measures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the factor of each clip's scores, 0 to 1, shape (clips, 1)."""
        ...

    def graph(self) -> onnx.ModelProto:
        """Export as ONNX: input `features` (batch, ...), output `trust` (batch, 1)."""
        ...


class NoveltyGuard(Protocol):
    """A detector of non-music and of unfamiliar music; an immutable value."""

    @property
    def spec(self) -> str:
        """The feature spec of its inputs."""
        ...

    def fit(self, inputs: NDArray[Any]) -> FittedGuard:
        """Fit to the clips of the training data, shape (clips, features), without a limit."""
        ...
