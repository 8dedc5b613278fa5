"""musicnn on the levels of `levels-1`: `tagger/features/musicnn.onnx`, with joined columns.

musicnn (Pons and Serra 2019, arXiv 1909.06654; ISC licence, beside the network) learned the tags of
some 200,000 songs. Its input has 96 mel bands below 8 kHz in frames of 16 ms; `levels-1` has 128
bands below 11,025 Hz, in columns 77 ms apart. Both are evenly spaced on the Slaney mel scale, so
bands are interpolated. In time the kernels change instead of the levels. Columns are joined by
straight lines, and a kernel over frames becomes a kernel over the columns around its frames. The
network then runs at columns alone, for a fifth of the work.

The output is musicnn's own embedding of the channels between front end and pooling. It contains the
average of their maximum within three seconds, and their mean. Only 212 of the 753 channels carry
information. Training drove all other filters to zero, so their output is the same for every clip.
Those channels are neither computed nor returned.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper

from tagger.features.embedder import Embedder
from tagger.features.mel import FRAMES_PER_COLUMN, HOP, N_MELS, RATE, TOP_DB, mel_centres
from tagger.features.musicnn import SIZE
from training.research.musicnn.layers import BANDS, FRAME_SECONDS, FRONT, Layers, weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx

    from training.research.musicnn.layers import Array

COLUMN_SECONDS = FRAMES_PER_COLUMN * HOP / RATE
"""From one column of `levels-1` to the next."""
_RATE = 16_000
_GAIN = 16.0
"""dB from a clip's own maximum to musicnn's input power: the median of the 20 clips."""
_POOL_SECONDS = 2.8
"""The package pools 3 s; the shortest clip has 36 columns."""
_VECTOR = 16
"""Channels that onnxruntime convolves at once; others are three times as slow."""


def network(variables: Mapping[str, Array], column_s: float = COLUMN_SECONDS) -> onnx.ModelProto:
    """Write the network down for levels whose columns are `column_s` seconds apart.

    Input `levels` uint8 (batch, N_MELS, columns), output `embedding` float32 (batch, SIZE).
    """
    writer = _Writer(variables, column_s)
    sound = writer.sound()
    front = [writer.front(place, sound) for place in FRONT]
    writer.pooled(writer.layers(front))
    given = helper.make_tensor_value_info("levels", TensorProto.UINT8, ["batch", N_MELS, "columns"])
    return writer.graph(given, ["batch", SIZE])


@cache
def embedder(column_s: float) -> Embedder:
    """Return the network that embeds levels of this step."""
    return Embedder(network(weights(), column_s).SerializeToString())


class _Writer(Layers):
    """Writes the layers with kernels over columns."""

    def __init__(self, variables: Mapping[str, Array], column_s: float) -> None:
        super().__init__(variables)
        self._step = column_s / FRAME_SECONDS
        self._pool = round(_POOL_SECONDS / column_s)

    def sound(self) -> str:
        """Turn levels into musicnn's input, shape (batch, 1, bands, columns)."""
        bands = self.op("MatMul", self.constant(_bands()), self.op("Cast", "levels", to=1))
        per_level = TOP_DB / 255 * np.log(10) / 10
        loudest = (_GAIN - TOP_DB) * np.log(10) / 10 + np.log(10_000)
        exponent = self.op("Mul", bands, self.constant(per_level))
        power = self.op("Exp", self.op("Add", exponent, self.constant(loudest)))
        heard = self.op("Log", self.op("Add", power, self.constant(1.0)))
        scale, shift = self.normalised(0)
        normal = self.op("Mul", heard, self.constant(scale / np.log(10)))
        normal = self.op("Add", normal, self.constant(shift))
        return self.op("Unsqueeze", normal, self.integers(1))

    def front(self, place: int, sound: str) -> str:
        """Convolve and keep the greatest over all bands, shape (batch, channels, columns).

        Normalisation comes after the maximum here. Where its scale is negative, the result is the
        minimum of the convolution, computed as the maximum of the negated convolution.
        """
        kernel, bias = self.convolution(place)
        scale, shift = self.normalised(place + 1)
        alive = self.alive(place)
        padding = -len(alive) % _VECTOR
        sign = np.pad(np.where(scale[alive] < 0, -1.0, 1.0), (0, padding), constant_values=1)
        filters = np.pad(kernel[..., alive], [*[(0, 0)] * 3, (0, padding)])
        convolved = self.op(
            "Conv",
            sound,
            self.constant((filters * sign).transpose(3, 2, 1, 0)),
            self.constant(np.pad(bias[alive], (0, padding)) * sign),
            pads=[0, len(kernel) // 2, 0, len(kernel) // 2],
        )
        height = BANDS - kernel.shape[1] + 1
        greatest = self.op("MaxPool", convolved, kernel_shape=[height, 1])
        flat = self.op("Squeeze", greatest, self.integers(2))
        rectified = self.op("Relu", self.op("Mul", flat, self.column(sign)))
        spread = np.zeros((len(bias), len(sign)))
        spread[alive, np.arange(len(alive))] = scale[alive]
        always = np.maximum(0, bias) * scale
        always[alive] = 0
        channels = self.op("MatMul", self.constant(spread), rectified)
        return self.op("Add", channels, self.column(always + shift))

    def layers(self, front: Sequence[str]) -> str:
        """Give all channels of front end and middle, shape (batch, 753, columns)."""
        joined = self.op("Concat", *front, axis=1)
        return self.with_residuals(joined, self.middle(5, joined))

    def pooled(self, layers: str) -> None:
        """Give the embedding: maxima within some seconds, averaged, and the mean."""
        channels = self.op("Gather", layers, self.integers(*self._telling()), axis=1)
        greatest = self.op(
            "MaxPool", channels, kernel_shape=[self._pool], strides=[self._pool], ceil_mode=1
        )
        means = [
            self.op("ReduceMean", v, self.integers(2), keepdims=0) for v in (greatest, channels)
        ]
        self.op("Concat", *means, output="embedding", axis=1)

    def _telling(self) -> list[int]:
        """List the channels of all layers together that differ from clip to clip."""
        front = [self.alive(place) for place in FRONT]
        middle, added = [], np.empty(0, np.intp)
        for place in (5, 6, 7):
            added = np.union1d(added, self.alive(place))
            middle.append(added)
        sizes = [len(self.convolution(place)[1]) for place in (*FRONT, 5, 6)]
        first = np.cumsum([0, *sizes])
        parts = zip(first, [*front, *middle], strict=True)
        return [int(start + channel) for start, part in parts for channel in part]

    def convolution(self, place: int) -> tuple[Array, Array]:
        """Return kernel (columns, bands, given, channels) and bias."""
        kernel, bias = super().convolution(place)
        return _carried_over(kernel, self._step), bias


def _carried_over(kernel: Array, step: float) -> Array:
    """Carry a kernel over frames, its first axis, over to columns `step` frames apart."""
    frames = len(kernel)
    centre = (frames - 1) // 2
    reach = int(np.ceil(max(centre, frames - 1 - centre) / step))
    columns = np.zeros((2 * reach + 1, *kernel.shape[1:]))
    for frame, values in enumerate(kernel):
        place = (frame - centre) / step + reach
        below = int(np.floor(place))
        columns[below] += (1 - (place - below)) * values
        if place > below:
            columns[below + 1] += (place - below) * values
    return columns


def _bands() -> Array:
    """Interpolate our bands at musicnn's centres, shape (96, N_MELS)."""
    ours, theirs = mel_centres(RATE, N_MELS), mel_centres(_RATE, BANDS)
    place = (theirs - ours[0]) / (ours[1] - ours[0])
    shares: Array = np.maximum(0, 1 - np.abs(place[:, np.newaxis] - np.arange(N_MELS)))
    return shares
