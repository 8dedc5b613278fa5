"""A candidate upon a network that has learned elsewhere: its embedding, and a discriminant.

The trunk was trained once, on other music and other genres (`training.pretraining`), and stays as
it is, so that a fit takes no longer than one on statistics and needs no torch.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from tagger.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TRUNK = Path(__file__).with_name("trunk.onnx")
"""ONNX graph from `features` uint8 (batch, mels, columns) to `embedding` (batch, size)."""


class Trunk:
    """A network that turns levels into an embedding; it remembers what it has heard."""

    def __init__(self, network: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            network, options, providers=["CPUExecutionProvider"]
        )
        self.model = onnx.load_from_string(network)
        self._heard: dict[bytes, NDArray[np.float32]] = {}

    def embed(self, levels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed clips of levels (clips, mels, columns), shape (clips, size)."""
        return np.stack([self._clip(clip) for clip in levels])

    def _clip(self, levels: NDArray[np.uint8]) -> NDArray[np.float32]:
        # Cross-validation asks for the same clips again and again.
        key = hashlib.blake2b(levels.tobytes(), digest_size=16).digest()
        if key not in self._heard:
            (rows,) = self._session.run(["embedding"], {"features": levels[np.newaxis]})
            self._heard[key] = rows[0]
        return self._heard[key]


@cache
def read_trunk(path: Path = TRUNK) -> Trunk:
    """Read a trunk; raises ModelError when it is not there."""
    try:
        return Trunk(path.read_bytes())
    except OSError as error:
        raise ModelError(
            f"no pre-trained network ({error.strerror})", path, "run `python -m training pretrain`"
        ) from error


@dataclass(frozen=True)
class Embedded:
    """Linear discriminant analysis of a trunk's embedding."""

    shrinkage: float = 0.6
    trunk: Path = TRUNK
    spec: str = "levels-1"

    @property
    def name(self) -> str:
        """What it is and its hyperparameters."""
        return f"LDA (shrinkage={self.shrinkage:g}) of a network's embedding"

    def fit(self, inputs: NDArray[Any], labels: NDArray[np.intp], genres: int) -> FittedEmbedded:
        """Fit to levels `inputs` (clips, mels, columns) and labels (clips,)."""
        trunk = read_trunk(self.trunk)
        points = trunk.embed(inputs).astype(np.float64)
        mean, spread = points.mean(axis=0), points.std(axis=0) + 1e-6
        discriminant = LinearDiscriminantAnalysis(
            solver="lsqr", shrinkage=self.shrinkage, priors=np.full(genres, 1 / genres)
        ).fit((points - mean) / spread, labels)
        weights, bias = discriminant.coef_.T, discriminant.intercept_
        if genres == 2:  # scikit-learn gives the second genre against the first
            weights, bias = weights * [-0.5, 0.5], bias * [-0.5, 0.5]
        weights = weights / spread[:, np.newaxis]
        return FittedEmbedded(trunk, weights, bias - mean @ weights)


@dataclass(frozen=True, eq=False)
class FittedEmbedded:
    """Scores that are linear in the embedding."""

    trunk: Trunk
    weights: Array
    """Shape (size, genres)."""
    bias: Array

    def scores(self, inputs: NDArray[Any]) -> Array:
        """Give the log-posteriors up to a constant, shape (clips, genres)."""
        scores: Array = self.trunk.embed(inputs) @ self.weights + self.bias
        return scores

    def graph(self) -> onnx.ModelProto:
        """Write the scores down behind the trunk's own graph."""
        model = onnx.ModelProto()
        model.CopyFrom(self.trunk.model)
        for name, values in (("weights", self.weights), ("bias", self.bias)):
            model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
        model.graph.node.append(helper.make_node("MatMul", ["embedding", "weights"], ["product"]))
        model.graph.node.append(helper.make_node("Add", ["product", "bias"], ["scores"]))
        del model.graph.output[:]
        model.graph.output.append(
            helper.make_tensor_value_info(
                "scores", onnx.TensorProto.FLOAT, ["batch", len(self.bias)]
            )
        )
        return model
