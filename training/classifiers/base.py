"""Candidates: ways from a clip's features to genre scores, behind one interface.

A candidate names the feature spec that it hears and fits itself to labelled clips; what comes
out scores clips and exports itself as an ONNX graph. Scores are unnormalised log-probabilities
of any scale: `training.ensemble` weights the candidates' scores, adds them and makes them
calibrated probabilities, so a candidate has no calibration of its own. Guards say how far the
scores are to be trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray


class Fitted(Protocol):
    """A candidate that has learned."""

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
        """What it is and its hyperparameters, in a few words; unique among candidates."""
        ...

    @property
    def spec(self) -> str:
        """The feature spec of its inputs, e.g. `statistics-1`."""
        ...

    def fit(self, inputs: NDArray[Any], labels: NDArray[np.intp], genres: int) -> Fitted:
        """Fit to clips `inputs` (clips, ...) with labels 0..genres-1.

        The same data gives the same result, and every genre has at least one clip.
        """
        ...


class FittedGuard(Protocol):
    """A guard that has learned; an immutable value."""

    @property
    def spec(self) -> str:
        """The feature spec of its inputs."""
        ...

    def with_limit(self, limit: float) -> Self:
        """Give the same guard, which trusts clips up to this measure."""
        ...

    def measure(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        """Say how unlike what was taught clips are, shape (clips,); more is stranger."""
        ...

    def trust(self, measures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give what a clip's scores are multiplied by, 0 to 1, shape (clips, 1)."""
        ...

    def graph(self) -> onnx.ModelProto:
        """Export as ONNX: input `features` (batch, ...), output `trust` (batch, 1)."""
        ...


class NoveltyGuard(Protocol):
    """A way to tell what is no music, or none that a model knows; an immutable value."""

    @property
    def spec(self) -> str:
        """The feature spec of its inputs."""
        ...

    def fit(self, inputs: NDArray[Any]) -> FittedGuard:
        """Learn from clips that are taught, `inputs` (clips, features); trusts all yet."""
        ...
