"""A guard against speech, by musicnn's embedding.

Speech lies close to hip-hop, so its distance from the training data is small. Speech that ends at 8
kHz, such as most recorded books and broadcasts, got hip-hop at 97%. So a linear discriminant
separates clips of speech (`training.classifiers.speech_data`) from the training data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import expit

from training.classifiers.speech_data import read_speech
from training.classifiers.svm_lda import EMBEDDING, Lda
from training.export.onnx_graph import GraphBuilder

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    from training.classifiers.svm_lda import Projection

    Array = NDArray[np.float64]

_STEEPNESS = 20.0
"""Steepness of the trust at the limit: for nearly all clips of speech it is 0."""


@dataclass(frozen=True)
class SpeechGuard:
    """A guard by the likeness of a track to speech."""

    spec: str = EMBEDDING
    without: str = ""
    """A collection of `training.classifiers.speech_data` to leave out, for a measurement."""

    def fit(self, inputs: NDArray[Any]) -> FittedSpeech:
        """Fit to inputs (clips, features)."""
        speech = read_speech()
        talking = speech.inputs[self.spec][speech.collections != self.without]
        training_data = np.concatenate([inputs, talking])
        labels = np.repeat([0, 1], [len(inputs), len(talking)])
        fitted = Lda(spec=self.spec).fit(training_data, labels, 2)
        odds = np.diff(fitted.scores(training_data), axis=1)
        direction, offset = np.diff(fitted.weights, axis=1), np.diff(fitted.bias)
        unit = odds.std()
        return FittedSpeech(self.spec, fitted.projection, direction / unit, float(offset[0] / unit))


@dataclass(frozen=True, eq=False)
class FittedSpeech:
    """The direction from the training data to speech."""

    spec: str
    projection: Projection
    direction: Array
    """Shape (components, 1)."""
    offset: float
    limit: float = np.inf
    """The measure at which scores are halved."""

    def with_limit(self, limit: float) -> Self:
        """Return the same guard with the limit of `models.ensemble`, or even odds if higher.

        A few clips that all lie far from speech determine no limit.
        """
        return replace(self, limit=max(limit, 0.0))

    def measure(self, inputs: NDArray[Any]) -> Array:
        """Return the log-odds of speech, in units of their spread, shape (clips,)."""
        odds: Array = (self.projection(inputs) @ self.direction)[:, 0] + self.offset
        return odds

    def trust(self, measures: Array) -> Array:
        """Return nearly 1 within the limit, a half at the limit, 0 beyond, shape (clips, 1)."""
        trust: Array = expit(_STEEPNESS * (self.limit - measures))
        return trust[:, np.newaxis]

    def graph(self) -> onnx.ModelProto:
        """Write `trust`, shape (batch, 1), down for `features` (batch, features)."""
        builder = GraphBuilder()
        odds = self.projection.write(builder, -_STEEPNESS * self.direction)
        beyond = builder.constant(_STEEPNESS * (self.limit - self.offset))
        builder.op("Sigmoid", builder.op("Add", odds, beyond), output="trust")
        return builder.model(len(self.projection.mean), 1, "trust")
