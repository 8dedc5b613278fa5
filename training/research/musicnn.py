"""musicnn as a network on our levels: `tagger/features/musicnn.onnx`, and how it is made.

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
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper

from tagger.features.frames import PATCH
from tagger.features.mel import FRAMES_PER_COLUMN, HOP, N_MELS, RATE, TOP_DB, mel_centres
from tagger.features.musicnn import SIZE, SOUND_SIZE, Embedder
from training.export.onnx_graph import IR_VERSION, OPSET, GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WEIGHTS = Path(__file__).with_name("musicnn.npz")
"""The variables of the package's `MSD_musicnn`, by their TensorFlow names."""
COLUMN_SECONDS = FRAMES_PER_COLUMN * HOP / RATE
"""From one column of `levels-1` to the next."""
_FRAME_SECONDS = 256 / 16_000
_RATE = 16_000
_BANDS = 96
_GAIN = 16.0
"""dB from a clip's own maximum to musicnn's input power: the median of the 20 clips."""
_POOL_SECONDS = 2.8
"""The package pools 3 s; the shortest clip has 36 columns."""
_EPSILON = 1e-3
_FRONT = range(5)
"""The first convolutions, on the input; three more follow."""
_DEAD = 1e-5
"""Size of a filter, relative to the greatest, below which it is zero but for rounding.

None lies between 4e-7 and 1e-3.
"""
_VECTOR = 16
"""Channels that onnxruntime convolves at once; others are three times as slow."""
_SOUND_VECTOR = 8
"""The same for `musicnn-3`, by AVX2: 72 ms for 10 patches where 16 take 83."""
_FRAMES_A_STEP = 8
"""Frames of a filter for each frame of its step, so that shifts make a filter an eighth longer."""


def weights(path: Path = WEIGHTS) -> dict[str, Array]:
    """Read musicnn's variables."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name].astype(np.float64) for name in archive.files}


def network(variables: Mapping[str, Array], column_s: float = COLUMN_SECONDS) -> onnx.ModelProto:
    """Write the network down for levels whose columns are `column_s` seconds apart.

    Input `levels` uint8 (batch, N_MELS, columns), output `embedding` float32 (batch, SIZE).
    """
    writer = _Writer(variables, column_s)
    sound = writer.sound()
    front = [writer.front(place, sound) for place in _FRONT]
    writer.pooled(writer.layers(front))
    given = helper.make_tensor_value_info("levels", TensorProto.UINT8, ["batch", N_MELS, "columns"])
    made = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", SIZE])
    graph = helper.make_graph(writer.nodes, "musicnn", [given], [made], writer.constants)
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


@cache
def embedder(column_s: float) -> Embedder:
    """Return the network that embeds levels of this step."""
    return Embedder(network(weights(), column_s).SerializeToString())


def sound_network(variables: Mapping[str, Array]) -> onnx.ModelProto:
    """Write the network down for `musicnn-3`: musicnn's own frames, up to its tags.

    Input `patches` float32 (patches, 96, 187) as `tagger.features.frames` computes them, output
    `embedding` float32 (1, 250): the layer of 200 before the tags and the 50 tags as logits, both
    averaged over the patches.
    """
    writer = _SoundWriter(variables)
    sound = writer.sound()
    front = [writer.live_front(place, sound) for place in _FRONT]
    writer.tagged(writer.live_layers(front))
    given = helper.make_tensor_value_info("patches", TensorProto.FLOAT, ["patches", _BANDS, PATCH])
    made = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, SOUND_SIZE])
    graph = helper.make_graph(writer.nodes, "musicnn", [given], [made], writer.constants)
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


class _Writer(GraphBuilder):
    """Writes musicnn's layers, whose numbers are those of its variables."""

    def __init__(self, variables: Mapping[str, Array], column_s: float) -> None:
        super().__init__()
        self._variables = variables
        self._step = column_s / _FRAME_SECONDS
        self._pool = round(_POOL_SECONDS / column_s)

    def sound(self) -> str:
        """Turn levels into musicnn's input, shape (batch, 1, bands, columns)."""
        bands = self.op("MatMul", self.constant(_bands()), self.op("Cast", "levels", to=1))
        per_level = TOP_DB / 255 * np.log(10) / 10
        loudest = (_GAIN - TOP_DB) * np.log(10) / 10 + np.log(10_000)
        exponent = self.op("Mul", bands, self.constant(per_level))
        power = self.op("Exp", self.op("Add", exponent, self.constant(loudest)))
        heard = self.op("Log", self.op("Add", power, self.constant(1.0)))
        scale, shift = self._normalised(0)
        normal = self.op("Mul", heard, self.constant(scale / np.log(10)))
        normal = self.op("Add", normal, self.constant(shift))
        return self.op("Unsqueeze", normal, self.integers(1))

    def front(self, place: int, sound: str) -> str:
        """Convolve and keep the greatest over all bands, shape (batch, channels, columns).

        Normalisation comes after the maximum here. Where its scale is negative, the result is the
        minimum of the convolution, computed as the maximum of the negated convolution.
        """
        kernel, bias = self._convolution(place)
        scale, shift = self._normalised(place + 1)
        alive = self._alive(place)
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
        height = _BANDS - kernel.shape[1] + 1
        greatest = self.op("MaxPool", convolved, kernel_shape=[height, 1])
        flat = self.op("Squeeze", greatest, self.integers(2))
        rectified = self.op("Relu", self.op("Mul", flat, self._column(sign)))
        spread = np.zeros((len(bias), len(sign)))
        spread[alive, np.arange(len(alive))] = scale[alive]
        always = np.maximum(0, bias) * scale
        always[alive] = 0
        channels = self.op("MatMul", self.constant(spread), rectified)
        return self.op("Add", channels, self._column(always + shift))

    def layers(self, front: Sequence[str]) -> str:
        """Give all channels of front end and middle, shape (batch, 753, columns)."""
        layers = [self.op("Concat", *front, axis=1)]
        layers.append(self.middle(5, layers[0]))
        layers.append(self.op("Add", self.middle(6, layers[1]), layers[1]))
        layers.append(self.op("Add", self.middle(7, layers[2]), layers[2]))
        return self.op("Concat", *layers, axis=1)

    def middle(self, place: int, given: str) -> str:
        """Convolve in time, rectify, normalise; shape (batch, channels, columns)."""
        kernel, bias = self._convolution(place)
        convolved = self.op(
            "Conv",
            given,
            self.constant(kernel[:, :, 0, :].transpose(2, 1, 0)),
            self.constant(bias),
            pads=[len(kernel) // 2] * 2,
        )
        return self._affine(self.op("Relu", convolved), *self._normalised(place + 1))

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
        front = [self._alive(place) for place in _FRONT]
        middle, added = [], np.empty(0, np.intp)
        for place in (5, 6, 7):
            added = np.union1d(added, self._alive(place))
            middle.append(added)
        sizes = [len(self._convolution(place)[1]) for place in (*_FRONT, 5, 6)]
        first = np.cumsum([0, *sizes])
        parts = zip(first, [*front, *middle], strict=True)
        return [int(start + channel) for start, part in parts for channel in part]

    def _alive(self, place: int) -> NDArray[np.intp]:
        """List a convolution's filters that learning has not driven to zero."""
        kernel = self._variables[f"{_named('conv2d', place)}/kernel"]
        size = np.abs(kernel).max(axis=(0, 1, 2))
        return np.flatnonzero(size > _DEAD * size.max())

    def _convolution(self, place: int) -> tuple[Array, Array]:
        """Give kernel (columns, bands, given, channels) and bias."""
        name = _named("conv2d", place)
        return _carried_over(self._variables[f"{name}/kernel"], self._step), self._variables[
            f"{name}/bias"
        ]

    def _normalised(self, place: int) -> tuple[Array, Array]:
        """Give a batch normalisation as scale and shift."""
        name = _named("batch_normalization", place)
        gamma, beta, mean, variance = (
            self._variables[f"{name}/{part}"]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale: Array = gamma / np.sqrt(variance + _EPSILON)
        return scale, beta - mean * scale

    def _affine(self, value: str, scale: Array, shift: Array) -> str:
        return self.op("Add", self.op("Mul", value, self._column(scale)), self._column(shift))

    def _column(self, values: Array) -> str:
        return self.constant(values[:, np.newaxis])


class _SoundWriter(_Writer):
    """Writes musicnn as it is: its own frames, pooled over a patch, up to the tags.

    Filters of the front end that learning drove to zero are left out. Their channels are constant,
    and so is their share in the next layers.
    """

    def __init__(self, variables: Mapping[str, Array]) -> None:
        super().__init__(variables, _FRAME_SECONDS)
        self._live = [self._alive(place) for place in _FRONT]

    def sound(self) -> str:
        """Normalise the patches, shape (patches, 1, bands, frames)."""
        scale, shift = self._normalised(0)
        normal = self.op("Mul", "patches", self.constant(scale))
        return self.op("Unsqueeze", self.op("Add", normal, self.constant(shift)), self.integers(1))

    def live_front(self, place: int, sound: str) -> str:
        """Convolve with the live filters and keep the greatest over all bands."""
        kernel, bias = self._kernel(place)
        live = self._live[place]
        scale, shift = (values[live] for values in self._normalised(place + 1))
        sign = np.where(scale < 0, -1.0, 1.0)
        convolve = self._over_bands if kernel.shape[1] > 1 else self._over_frames
        greatest = convolve(sound, kernel[..., live] * sign, bias[live] * sign)
        rectified = self.op("Relu", self.op("Mul", greatest, self._column(sign)))
        return self._affine(rectified, scale, shift)

    def _over_bands(self, sound: str, kernel: Array, bias: Array) -> str:
        """Convolve with filters of several bands; give the greatest (patches, channels, PATCH).

        The frames come first, so that one row of the filter is all its bands: these lie side by
        side in memory.
        """
        turned = self.op("Transpose", sound, perm=[0, 1, 3, 2])
        before = (len(kernel) - 1) // 2
        convolved = self.op(
            "Conv",
            turned,
            self.constant(_padded(kernel).transpose(3, 2, 0, 1)),
            self.constant(_padded(bias)),
            pads=[before, 0, len(kernel) - 1 - before, 0],
        )
        height = _BANDS - kernel.shape[1] + 1
        greatest = self.op("MaxPool", convolved, kernel_shape=[1, height])
        return self._first(self.op("Squeeze", greatest, self.integers(3)), len(bias))

    def _over_frames(self, sound: str, kernel: Array, bias: Array) -> str:
        """Convolve with long filters of one band; give the greatest (patches, channels, PATCH).

        A filter is there several times, each a frame later, and moves by as many frames. A few
        filters alone would leave most of a vector unused.
        """
        step = len(kernel) // _FRAMES_A_STEP
        filters = _shifted(kernel, step)
        before = (len(kernel) - 1) // 2
        after = -PATCH % step + len(kernel) - 1 - before
        convolved = self.op(
            "Conv",
            sound,
            self.constant(_padded(filters).T),
            self.constant(_padded(np.repeat(bias, step))),
            pads=[0, before, 0, after],
            strides=[1, step],
        )
        greatest = self.op("MaxPool", convolved, kernel_shape=[_BANDS, 1])
        flat = self._first(self.op("Squeeze", greatest, self.integers(2)), filters.shape[-1])
        return self._in_turn(flat, len(bias), step)

    def _first(self, value: str, channels: int) -> str:
        """Leave out the channels that fill a vector."""
        if not -channels % _SOUND_VECTOR:
            return value
        return self.op("Slice", value, *[self.integers(n) for n in (0, channels, 1)])

    def _in_turn(self, value: str, channels: int, step: int) -> str:
        """Put the frames of shifted filters in order, shape (patches, channels, PATCH)."""
        frames = PATCH + -PATCH % step
        apart = self.op("Reshape", value, self.integers(0, channels, step, frames // step))
        turned = self.op("Transpose", apart, perm=[0, 1, 3, 2])
        joined = self.op("Reshape", turned, self.integers(0, channels, frames))
        return self.op("Slice", joined, *[self.integers(n) for n in (0, PATCH, 2)])

    def live_layers(self, front: Sequence[str]) -> str:
        """Give the live channels of front end and middle, shape (patches, 256, frames)."""
        live = self.op("Concat", *front, axis=1)
        kernel, bias = self._kernel(5)
        telling = self._telling_front()
        convolved = self.op(
            "Conv",
            live,
            self.constant(kernel[:, telling, 0, :].transpose(2, 1, 0)),
            self.constant(bias),
            pads=[3, 3],
        )
        convolved = self.op("Add", convolved, self.constant(self._constant_share(kernel)))
        layers = [live, self._affine(self.op("Relu", convolved), *self._normalised(6))]
        layers.append(self.op("Add", self.middle(6, layers[1]), layers[1]))
        layers.append(self.op("Add", self.middle(7, layers[2]), layers[2]))
        return self.op("Concat", *layers, axis=1)

    def tagged(self, layers: str) -> None:
        """Give the layer before the tags and the tags, averaged over the patches."""
        kernel, bias = self._dense()
        pooled = [
            self.op(kind, layers, self.integers(2), keepdims=0)
            for kind in ("ReduceMax", "ReduceMean")
        ]
        hidden = self.op(
            "Gemm",
            self.op("Concat", *pooled, axis=1),
            self.constant(kernel),
            self.constant(bias),
        )
        scale, shift = self._normalised(10)
        normal = self.op("Mul", self.op("Relu", hidden), self.constant(scale))
        normal = self.op("Add", normal, self.constant(shift))
        mean = self.op("ReduceMean", normal, self.integers(0), keepdims=1)
        tags = self.op(
            "Gemm",
            mean,
            self.constant(self._variables["dense_1/kernel"]),
            self.constant(self._variables["dense_1/bias"]),
        )
        self.op("Concat", mean, tags, output="embedding", axis=1)

    def _kernel(self, place: int) -> tuple[Array, Array]:
        name = _named("conv2d", place)
        return self._variables[f"{name}/kernel"], self._variables[f"{name}/bias"]

    def _telling_front(self) -> NDArray[np.intp]:
        """List the live channels of the front end's 561."""
        sizes = [len(self._kernel(place)[1]) for place in _FRONT]
        first = np.cumsum([0, *sizes[:-1]])
        return np.concatenate([at + live for at, live in zip(first, self._live, strict=True)])

    def _constants(self) -> Array:
        """Give the front end's constant channels, and 0 for the live ones, shape (561,)."""
        parts = []
        for place in _FRONT:
            scale, shift = self._normalised(place + 1)
            parts.append(np.maximum(0, self._kernel(place)[1]) * scale + shift)
        constants = np.concatenate(parts)
        constants[self._telling_front()] = 0
        return constants

    def _constant_share(self, kernel: Array) -> Array:
        """Convolve the constant channels, zero beyond the patch, shape (64, PATCH)."""
        reach = len(kernel) // 2
        share = np.einsum("ton,o->tn", kernel[:, :, 0, :], self._constants())
        inside = np.pad(np.ones(PATCH), reach)
        windows = np.lib.stride_tricks.sliding_window_view(inside, len(kernel))
        constants: Array = share.T @ windows.T
        return constants

    def _dense(self) -> tuple[Array, Array]:
        """Give the dense layer for the live channels' maxima, then their means.

        In musicnn a channel's maximum and mean are neighbours.
        """
        scale, shift = self._normalised(9)
        kernel = scale[:, np.newaxis] * self._variables["dense/kernel"]
        bias = self._variables["dense/bias"] + shift @ self._variables["dense/kernel"]
        constants = self._constants()
        channels = len(kernel) // 2
        telling = np.r_[self._telling_front(), len(constants) : channels]
        constant = np.pad(constants, (0, channels - len(constants)))
        bias = bias + np.repeat(constant, 2) @ kernel
        return kernel[np.r_[2 * telling, 2 * telling + 1]], bias


def _padded(values: Array) -> Array:
    """Fill the last axis, the channels, up to whole vectors."""
    filled = -values.shape[-1] % _SOUND_VECTOR
    return np.pad(values, [*[(0, 0)] * (values.ndim - 1), (0, filled)])


def _shifted(kernel: Array, step: int) -> Array:
    """Repeat each filter `step` times, each a frame later.

    Kernel (frames, bands, 1, channels) to (frames + step - 1, bands, 1, channels * step).
    """
    wide = np.zeros((len(kernel) + step - 1, *kernel.shape[1:], step))
    for late in range(step):
        wide[late : late + len(kernel), ..., late] = kernel
    return wide.reshape(*wide.shape[:3], -1)


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
    ours, theirs = mel_centres(RATE, N_MELS), mel_centres(_RATE, _BANDS)
    place = (theirs - ours[0]) / (ours[1] - ours[0])
    shares: Array = np.maximum(0, 1 - np.abs(place[:, np.newaxis] - np.arange(N_MELS)))
    return shares


def _named(kind: str, place: int) -> str:
    return f"{kind}_{place}" if place else kind
