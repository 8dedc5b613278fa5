"""Classifiers of a feature vector: support vector machines and a linear discriminant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.svm import SVC

from tagger.features.statistics import statistics_names
from training.export.onnx_graph import GraphBuilder

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SPEC = "statistics-1"
EMBEDDING = "musicnn-2"


@cache
def block_weights(spec: str) -> Array:
    """Weigh every feature by its block's size to the power -1/4, shape (features,) or ().

    A block of 160 modulations then outvotes one of 16 contrasts by less. An embedding has no
    blocks.
    """
    if spec != SPEC:
        return np.ones(())
    blocks = [name.partition("[")[0] for name in statistics_names()]
    _, block, sizes = np.unique(blocks, return_inverse=True, return_counts=True)
    weights: Array = np.power(sizes[block].astype(np.float64), -0.25)
    return weights


@dataclass(frozen=True, eq=False)
class Projection:
    """Standardised, clipped, weighted by block and turned onto the principal axes."""

    mean: Array
    spread: Array
    axes: Array
    """Shape (features, components); the block weights are in it."""
    clip: float = 3.0
    """Standard deviations; a recording unlike all training data must not pull a score at will."""

    @classmethod
    def fit(
        cls, inputs: NDArray[Any], spec: str, components: int, clip: float = clip
    ) -> Projection:
        """Fit to inputs (clips, features).

        `inputs` are features of `spec`; `components` is the greatest number of axes. `clip` bounds
        the standardised features, in standard deviations.
        """
        mean = inputs.mean(axis=0, dtype=np.float64)
        spread = inputs.std(axis=0, dtype=np.float64) + 1e-6
        standard = np.clip((inputs - mean) / spread, -clip, clip) * block_weights(spec)
        pca = PCA(min(components, *np.subtract(inputs.shape, (1, 0))), svd_solver="full")
        axes = pca.fit(standard).components_.T
        return cls(mean, spread, np.atleast_1d(block_weights(spec))[:, np.newaxis] * axes, clip)

    def __call__(self, inputs: NDArray[Any]) -> Array:
        """Project inputs (clips, features) to (clips, components)."""
        standard = (inputs - self.mean) / self.spread
        projected: Array = np.clip(standard, -self.clip, self.clip) @ self.axes
        return projected

    def write(self, builder: GraphBuilder, onward: Array | None = None) -> str:
        """Add the projection of `features` to a graph and return the name of its value.

        With `onward` (components, outputs), the projection is multiplied by it, in one product.
        """
        centred = builder.op("Sub", "features", builder.constant(self.mean))
        standard = builder.op("Div", centred, builder.constant(self.spread))
        limits = builder.constant(-self.clip), builder.constant(self.clip)
        clipped = builder.op("Clip", standard, *limits)
        axes = self.axes if onward is None else self.axes @ onward
        return builder.op("MatMul", clipped, builder.constant(axes))


@dataclass(frozen=True)
class Svm:
    """One support vector machine with an RBF kernel for each genre against the rest."""

    C: float = 5.0
    width: float = 0.35
    """Gamma times the inputs' total variance."""
    components: int = 300
    spec: str = SPEC

    @property
    def name(self) -> str:
        """Name with hyperparameters."""
        return (
            f"SVM of {self.spec} (RBF, C={self.C:g}, gamma={self.width:g}/variance,"
            f" {self.components} axes)"
        )

    def fit(self, inputs: NDArray[Any], labels: NDArray[np.intp], genres: int) -> FittedSvm:
        """Fit to `inputs` (clips, features) and `labels` (clips,), numbers below `genres`."""
        projection = Projection.fit(inputs, self.spec, self.components)
        points = projection(inputs)
        gamma = self.width / points.var(axis=0).sum()
        weights = np.zeros((len(points), genres))
        bias = np.zeros(genres)
        for genre in range(genres):
            machine = SVC(C=self.C, gamma=gamma).fit(points, labels == genre)
            weights[machine.support_, genre] = machine.dual_coef_[0]
            bias[genre] = machine.intercept_[0]
        used = weights.any(axis=1)
        return FittedSvm(projection, gamma, points[used], weights[used], bias)


@dataclass(frozen=True, eq=False)
class FittedSvm:
    """All genres' machines over their common support vectors."""

    projection: Projection
    gamma: float
    vectors: Array
    """Shape (vectors, components)."""
    weights: Array
    """Shape (vectors, genres)."""
    bias: Array

    def scores(self, inputs: NDArray[Any]) -> Array:
        """Return the decision values of the machines, shape (clips, genres)."""
        points = self.projection(inputs)
        squares = (points**2).sum(axis=1)[:, np.newaxis] + (self.vectors**2).sum(axis=1)
        kernel = np.exp(-self.gamma * (squares - 2 * points @ self.vectors.T))
        scores: Array = kernel @ self.weights + self.bias
        return scores

    def graph(self) -> onnx.ModelProto:
        """Export the decision values as matrix products."""
        builder = GraphBuilder()
        points = self.projection.write(builder)
        ones = builder.constant(np.ones((self.vectors.shape[1], 1)))
        square = builder.op("MatMul", builder.op("Mul", points, points), ones)
        own = builder.constant((self.vectors**2).sum(axis=1))
        products = builder.op("MatMul", points, builder.constant(-2 * self.vectors.T))
        distances = builder.op("Add", builder.op("Add", square, own), products)
        kernel = builder.op("Exp", builder.op("Mul", distances, builder.constant(-self.gamma)))
        weighted = builder.op("MatMul", kernel, builder.constant(self.weights))
        builder.op("Add", weighted, builder.constant(self.bias), output="scores")
        return builder.model(len(self.projection.mean), len(self.bias))


@dataclass(frozen=True)
class Lda:
    """Linear discriminant analysis with a shrunken covariance."""

    shrinkage: float = 0.5
    components: int = 200
    spec: str = SPEC

    @property
    def name(self) -> str:
        """Name with hyperparameters."""
        return f"LDA of {self.spec} (shrinkage={self.shrinkage:g}, {self.components} axes)"

    def fit(self, inputs: NDArray[Any], labels: NDArray[np.intp], genres: int) -> FittedLinear:
        """Fit to `inputs` (clips, features) and `labels` (clips,), numbers below `genres`."""
        projection = Projection.fit(inputs, self.spec, self.components)
        discriminant = LinearDiscriminantAnalysis(
            solver="lsqr", shrinkage=self.shrinkage, priors=np.full(genres, 1 / genres)
        ).fit(projection(inputs), labels)
        weights, bias = discriminant.coef_.T, discriminant.intercept_
        if genres == 2:  # scikit-learn gives the second genre against the first
            weights, bias = weights * [-0.5, 0.5], bias * [-0.5, 0.5]
        return FittedLinear(projection, weights, bias)


@dataclass(frozen=True, eq=False)
class FittedLinear:
    """Scores that are linear in the projected features."""

    projection: Projection
    weights: Array
    """Shape (components, genres)."""
    bias: Array

    def scores(self, inputs: NDArray[Any]) -> Array:
        """Return the log-posteriors up to a constant, shape (clips, genres)."""
        scores: Array = self.projection(inputs) @ self.weights + self.bias
        return scores

    def graph(self) -> onnx.ModelProto:
        """Export the scores as matrix products."""
        builder = GraphBuilder()
        weighted = self.projection.write(builder, self.weights)
        builder.op("Add", weighted, builder.constant(self.bias), output="scores")
        return builder.model(len(self.projection.mean), len(self.bias))
