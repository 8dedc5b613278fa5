"""A guard by the distance of a track from the training data.

Classifiers are most confident far away from their training data: speech, hiss and beeps got a genre
at 99%. So the guard divides the scores of tracks outside the region of nearly all music, until no
genre is likely. The distance is Mahalanobis', on the principal axes (Lee et al. 2018, arXiv
1807.03888).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from training.classifiers.svm_lda import SPEC, Projection
from training.export.onnx_graph import GraphBuilder

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_COMPONENTS = 150
_CLIPS_A_COMPONENT = 10
"""With as many axes as clips, all clips of the training data would be equally far away."""
_CLIP = 6.0
_STEEPNESS = 16
"""A tenth beyond the limit leaves a fifth of the scores, a quarter leaves 3%."""


@dataclass(frozen=True)
class DistanceGuard:
    """A guard by the distance of a track from all clips of the training data."""

    spec: str = SPEC

    def fit(self, inputs: NDArray[Any]) -> FittedDistance:
        """Fit to inputs (clips, features)."""
        components = min(_COMPONENTS, max(1, len(inputs) // _CLIPS_A_COMPONENT))
        projection = Projection.fit(inputs, self.spec, components, _CLIP)
        points = projection(inputs)
        return FittedDistance(self.spec, projection, points.mean(axis=0), points.std(axis=0) + 1e-6)


@dataclass(frozen=True, eq=False)
class FittedDistance:
    """The location and spread of the training data."""

    spec: str
    projection: Projection
    centre: Array
    spread: Array
    """Shape (components,), as is `centre`."""
    limit: float = np.inf
    """The distance from which on scores count less."""

    def with_limit(self, limit: float) -> Self:
        """Return the same guard with the limit from `training.models.ensemble`."""
        return replace(self, limit=limit)

    def measure(self, inputs: NDArray[Any]) -> Array:
        """Return the root mean square of the standardised coordinates, shape (clips,)."""
        points = (self.projection(inputs) - self.centre) / self.spread
        distances: Array = np.sqrt((points**2).mean(axis=1))
        return distances

    def trust(self, measures: Array) -> Array:
        """Return 1 within the limit, and less beyond it, shape (clips, 1)."""
        trust: Array = np.minimum(1, self.limit / measures) ** _STEEPNESS
        return trust[:, np.newaxis]

    def graph(self) -> onnx.ModelProto:
        """Write `trust`, shape (batch, 1), down for `features` (batch, features)."""
        builder = GraphBuilder()
        points = builder.op("Sub", self.projection.write(builder), builder.constant(self.centre))
        points = builder.op("Div", points, builder.constant(self.spread))
        mean = builder.constant(np.full((len(self.centre), 1), 1 / len(self.centre)))
        distance = builder.op("Sqrt", builder.op("MatMul", builder.op("Mul", points, points), mean))
        ratio = builder.op("Div", builder.constant(self.limit), distance)
        within = builder.op("Min", ratio, builder.constant(1.0))
        builder.op("Pow", within, builder.constant(_STEEPNESS), output="trust")
        return builder.model(len(self.projection.mean), 1, "trust")
