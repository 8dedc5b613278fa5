"""Softmax regression on labels that are sets of genres.

The loss of a clip is -1/k log(sum of p^k) over the genres that are right for it. With k = 1 their
probabilities may go to any of them, with a smaller k each needs its part. Clips of no music, and
mixtures of songs, are a class of their own. Its probability is shared out evenly at the end: then
speech and noise leave no genre likely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp, softmax

from training.classifiers.mixtures import with_mixtures
from training.data.dataset import parts
from training.export.onnx_graph import GraphBuilder

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    from training.data.vectors import Vectors

    Array = NDArray[np.float64]

PENALTY = 0.012
"""Weight of the squared coefficients beside the mean loss, of standardised inputs."""
WIDE_PENALTY = 0.03
"""The same for the inputs of two networks together."""
SET_POWER = 0.25
"""The k of the loss."""
GENRE_POWER = 0.35
"""A clip of a genre with n clips counts as n to the power of minus this."""
SOURCE_POWER = 0.25
"""The same for the clips of a collection, so that no single collection decides."""
NO_MUSIC = 0.4
"""Weight of all clips of no music together, relative to all music."""
NO_MUSIC_POWER = 0.5
"""The power of SOURCE_POWER for kinds of noise and collections of speech."""
MOST_OWN = 4.0
"""A clip of the user's counts at most so many times as one of the base."""
_OWN = "own"
_CLIP = 8.0
"""Standard deviations; beyond it a value of noise would outweigh all others."""
_OPTIONS = {"maxiter": 300, "ftol": 1e-7}


@dataclass(frozen=True, eq=False)
class FittedSoftmax:
    """A softmax regression that was fitted."""

    mean: Array
    """Shape (features,), as is `scale`."""
    scale: Array
    coefficients: Array
    """Shape (features, genres + 1); the last column is no music."""
    bias: Array

    def scores(self, inputs: NDArray[Any]) -> Array:
        """Return log-probabilities of clips, inputs (clips, features) to (clips, genres)."""
        standardised = np.clip((inputs - self.mean) / self.scale, -_CLIP, _CLIP)
        probabilities = softmax(standardised @ self.coefficients + self.bias, axis=1)
        genres = probabilities.shape[1] - 1
        scores: Array = np.log(probabilities[:, :-1] + probabilities[:, -1:] / genres)
        return scores

    def graph(self) -> onnx.ModelProto:
        """Export as ONNX: input `features` (batch, features), output `scores` (batch, genres)."""
        builder = GraphBuilder()
        genres = len(self.bias) - 1
        value = builder.op("Sub", "features", builder.constant(self.mean))
        value = builder.op("Div", value, builder.constant(self.scale))
        value = builder.op("Max", value, builder.constant(-_CLIP))
        value = builder.op("Min", value, builder.constant(_CLIP))
        value = builder.op("MatMul", value, builder.constant(self.coefficients))
        value = builder.op("Add", value, builder.constant(self.bias))
        value = builder.op("Softmax", value, axis=-1)
        shared = np.concatenate([np.eye(genres), np.full((1, genres), 1 / genres)])
        value = builder.op("MatMul", value, builder.constant(shared))
        builder.op("Log", value, output="scores")
        return builder.model(len(self.mean), genres)


def fit_softmax(
    inputs: NDArray[Any], allowed: NDArray[np.bool_], weights: Array, penalty: float = PENALTY
) -> FittedSoftmax:
    """Fit a softmax regression to sets of genres.

    Args:
        inputs: Features, shape (clips, features).
        allowed: The genres that are right for each clip, shape (clips, genres); a clip without
            any is no music.
        weights: How much each clip counts, shape (clips,).
        penalty: Weight of the squared coefficients beside the mean loss.

    """
    music = allowed.sum(axis=1) > 0
    mean = inputs[music].mean(axis=0, dtype=np.float64)
    scale = inputs[music].std(axis=0, dtype=np.float64) + 1e-6
    standardised = np.clip((inputs - mean) / scale, -_CLIP, _CLIP).astype(np.float32)
    transposed = np.ascontiguousarray(standardised.T)
    classes = np.concatenate([allowed, ~music[:, np.newaxis]], axis=1)
    shares = weights / weights.sum()
    shape = standardised.shape[1], classes.shape[1]
    barred = np.where(classes, 0.0, -np.inf)

    def loss(parameters: Array) -> tuple[float, Array]:
        coefficients = parameters[shape[1] :].reshape(shape)
        products = (standardised @ coefficients.astype(np.float32)).astype(np.float64)
        logs = log_softmax(products + parameters[: shape[1]], axis=1)
        within = SET_POWER * logs + barred
        right = logsumexp(within, axis=1, keepdims=True)
        slope = (np.exp(logs) - np.exp(within - right)) * shares[:, np.newaxis]
        value = -float(shares @ right[:, 0]) / SET_POWER + penalty * float((coefficients**2).sum())
        gradient = transposed @ slope.astype(np.float32) + 2 * penalty * coefficients
        return value, np.concatenate([slope.sum(axis=0), gradient.ravel()])

    start = np.zeros(shape[1] * (1 + shape[0]))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=_OPTIONS)
    bias, coefficients = found.x[: shape[1]], found.x[shape[1] :].reshape(shape)
    return FittedSoftmax(mean, scale, coefficients, bias)


def balance(allowed: NDArray[np.bool_], sources: NDArray[Any]) -> Array:
    """Return how much each clip counts, shape (clips,); small genres and sources count more.

    Args:
        allowed: The genres that are right for each clip, shape (clips, genres).
        sources: The collection of each clip, shape (clips,).

    """
    music = allowed.any(axis=1)
    shares = allowed / np.maximum(allowed.sum(axis=1, keepdims=True), 1)
    clips = np.maximum(shares.sum(axis=0), 1)
    weights: Array = (shares * clips**-GENRE_POWER).sum(axis=1)
    _, source, sizes = np.unique(sources, return_inverse=True, return_counts=True)
    weights = weights * sizes[source] ** -SOURCE_POWER
    if not music.all():
        others = sizes[source][~music] ** -NO_MUSIC_POWER
        weights[~music] = NO_MUSIC * weights.sum() * others / others.sum()
    return weights


@dataclass(frozen=True, eq=False)
class AddedGenres:
    """The regression on the vectors of the default model and on the user's clips together."""

    base: Vectors
    places: tuple[int, ...]
    """The place of each genre of `base` among the genres that `fit` gets."""

    @property
    def penalty(self) -> float:
        """Weight of the squared coefficients beside the mean loss."""
        return penalty_for(self.base)

    @property
    def spec(self) -> str:
        """The feature spec of the base, and of the user's clips."""
        return self.base.spec

    @property
    def name(self) -> str:
        """The regression and its training data, in a few words."""
        return f"softmax regression on sets of genres (penalty {self.penalty:g})"

    def fit(self, inputs: NDArray[Any], labels: NDArray[np.intp], genres: int) -> FittedSoftmax:
        """Fit to the base and to the user's clips.

        The user's clips of a genre count as much together as those of the base. Of a new genre they
        count as much as a genre of the base on average.

        Args:
            inputs: Features of the user's clips, shape (clips, features).
            labels: The genre of each clip, from 0 to genres - 1, shape (clips,).
            genres: The number of genres.

        """
        allowed = np.zeros((len(self.base), genres), bool)
        allowed[:, self.places] = self.base.allowed
        own = np.eye(genres, dtype=bool)[labels]
        every = np.concatenate([allowed, own])
        sources = np.concatenate([self.base.sources.astype(str), np.full(len(own), _OWN)])
        weights = balance(every, sources)
        ours, theirs = weights[len(allowed) :], weights[: len(allowed)] @ allowed
        totals = np.bincount(labels, ours, genres)
        least = np.maximum(theirs, theirs[theirs > 0].mean() if theirs.any() else 0)
        louder = np.maximum(1, least / np.maximum(totals, 1e-12))
        weights[len(allowed) :] *= np.minimum(louder, MOST_OWN)[labels]
        rows = np.concatenate([self.base.inputs, inputs])
        return fit_softmax(*with_mixtures(rows, every, weights, self.base), self.penalty)


def fit_vectors(vectors: Vectors) -> FittedSoftmax:
    """Fit the default model's regression to vectors."""
    weights = balance(vectors.allowed, vectors.sources)
    rows = with_mixtures(vectors.inputs, vectors.allowed, weights, vectors)
    return fit_softmax(*rows, penalty_for(vectors))


def penalty_for(vectors: Vectors) -> float:
    """Return the penalty for the inputs of one network, or of several."""
    return PENALTY if len(parts(vectors.spec)) == 1 else WIDE_PENALTY
