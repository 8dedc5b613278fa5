"""Telling speech from music, by what a network that has heard much of both makes of it.

Speech lies where hip-hop lies, so its distance from what was taught says little: sound that ends
at 8 kHz, as most recorded books and broadcasts do, came out as hip-hop at 97%. So a linear
discriminant sets clips of people talking (`training.classifiers.speech_data`) against the clips
that are taught.
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
"""How fast trust is lost beyond the limit: where all clips of speech lie, nothing is left."""


@dataclass(frozen=True)
class SpeechGuard:
    """How like people talking a track is, and how unlike the clips that are taught."""

    spec: str = EMBEDDING
    without: str = ""
    """A collection of `training.classifiers.speech_data` that is left out, to be asked about."""

    def fit(self, inputs: NDArray[Any]) -> FittedSpeech:
        """Learn from inputs (clips, features)."""
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
    """Knows the way from the clips that a model was taught to people talking."""

    spec: str
    projection: Projection
    direction: Array
    """Shape (components, 1)."""
    offset: float
    limit: float = np.inf
    """The measure at which scores count half."""

    def with_limit(self, limit: float) -> Self:
        """Give the same guard with the limit that `training.ensemble` found, or even odds.

        Of few clips that all lie far from speech, the farthest says nothing of others.
        """
        return replace(self, limit=max(limit, 0.0))

    def measure(self, inputs: NDArray[Any]) -> Array:
        """Give the log-odds of speech, in units of their spread, shape (clips,)."""
        odds: Array = (self.projection(inputs) @ self.direction)[:, 0] + self.offset
        return odds

    def trust(self, measures: Array) -> Array:
        """Give nearly 1 within the limit, a half there, nothing beyond, shape (clips, 1)."""
        trust: Array = expit(_STEEPNESS * (self.limit - measures))
        return trust[:, np.newaxis]

    def graph(self) -> onnx.ModelProto:
        """Write `trust`, shape (batch, 1), down for `features` (batch, features)."""
        builder = GraphBuilder()
        odds = self.projection.write(builder, -_STEEPNESS * self.direction)
        beyond = builder.constant(_STEEPNESS * (self.limit - self.offset))
        builder.op("Sigmoid", builder.op("Add", odds, beyond), output="trust")
        return builder.model(len(self.projection.mean), 1, "trust")
