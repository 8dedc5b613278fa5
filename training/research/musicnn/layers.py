"""musicnn's weights, and the layers that both of its graphs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper

from training.export.onnx_graph import GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WEIGHTS = Path(__file__).with_name("musicnn.npz")
"""The variables of the package's `MSD_musicnn`, by their TensorFlow names."""
BANDS = 96
FRAME_SECONDS = 256 / 16_000
FRONT = range(5)
"""The first convolutions, on the input; three more follow."""
_EPSILON = 1e-3
_DEAD = 1e-5
"""Size of a filter, relative to the greatest, below which it is zero but for rounding.

None lies between 4e-7 and 1e-3.
"""


def weights(path: Path = WEIGHTS) -> dict[str, Array]:
    """Read musicnn's variables."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name].astype(np.float64) for name in archive.files}


class Layers(GraphBuilder):
    """Writes layers whose numbers are those of musicnn's variables."""

    def __init__(self, variables: Mapping[str, Array]) -> None:
        super().__init__()
        self.variables = variables

    def middle(self, place: int, given: str) -> str:
        """Convolve in time, rectify, normalise; shape (batch, channels, columns)."""
        kernel, bias = self.convolution(place)
        convolved = self.op(
            "Conv",
            given,
            self.constant(kernel[:, :, 0, :].transpose(2, 1, 0)),
            self.constant(bias),
            pads=[len(kernel) // 2] * 2,
        )
        return self.affine(self.op("Relu", convolved), *self.normalised(place + 1))

    def with_residuals(self, front: str, first: str) -> str:
        """Give the channels of all layers, after two residual layers; joined along the channels."""
        layers = [front, first]
        for place in (6, 7):
            layers.append(self.op("Add", self.middle(place, layers[-1]), layers[-1]))
        return self.op("Concat", *layers, axis=1)

    def alive(self, place: int) -> NDArray[np.intp]:
        """List a convolution's filters that learning has not driven to zero."""
        kernel = self.variables[f"{_named('conv2d', place)}/kernel"]
        size = np.abs(kernel).max(axis=(0, 1, 2))
        return np.flatnonzero(size > _DEAD * size.max())

    def convolution(self, place: int) -> tuple[Array, Array]:
        """Return kernel (frames, bands, given, channels) and bias."""
        name = _named("conv2d", place)
        return self.variables[f"{name}/kernel"], self.variables[f"{name}/bias"]

    def normalised(self, place: int) -> tuple[Array, Array]:
        """Give a batch normalisation as scale and shift."""
        name = _named("batch_normalization", place)
        gamma, beta, mean, variance = (
            self.variables[f"{name}/{part}"]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale: Array = gamma / np.sqrt(variance + _EPSILON)
        return scale, beta - mean * scale

    def affine(self, value: str, scale: Array, shift: Array) -> str:
        """Scale and shift each channel."""
        return self.op("Add", self.op("Mul", value, self.column(scale)), self.column(shift))

    def column(self, values: Array) -> str:
        """Add a constant for each channel."""
        return self.constant(values[:, np.newaxis])

    def graph(self, given: onnx.ValueInfoProto, embedding: list[int | str]) -> onnx.ModelProto:
        """Return the model from the input `given` to `embedding`, float32 of this shape."""
        made = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, embedding)
        return self.named("musicnn", given, made)


def _named(kind: str, place: int) -> str:
    return f"{kind}_{place}" if place else kind
