"""musicnn as it is: `tagger/features/musicnn-3.onnx`, with its own frames and its tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper

from tagger.features.frames import PATCH
from tagger.features.musicnn import SOUND_SIZE
from training.research.musicnn.layers import BANDS, FRONT, Layers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx
    from numpy.typing import NDArray

    from training.research.musicnn.layers import Array

_VECTOR = 16
"""Channels that onnxruntime convolves at once, by AVX-512; AVX2 has half of them.

It pools whole vectors as they are convolved, and reorders other numbers of channels first.
"""
_FRAMES_A_STEP = 8
"""Frames of a filter for each frame of its step, so that shifts make a filter an eighth longer."""


def sound_network(variables: Mapping[str, Array]) -> onnx.ModelProto:
    """Write the network down for `musicnn-3`: musicnn's own frames, up to its tags.

    Input `patches` float32 (patches, 96, 187) as `tagger.features.frames` computes them, output
    `embedding` float32 (1, 250): the layer of 200 before the tags and the 50 tags as logits, both
    averaged over the patches.
    """
    writer = _Writer(variables)
    sound = writer.sound()
    front = [writer.live_front(place, sound) for place in FRONT]
    writer.tagged(writer.live_layers(front))
    given = helper.make_tensor_value_info("patches", TensorProto.FLOAT, ["patches", BANDS, PATCH])
    return writer.graph(given, [1, SOUND_SIZE])


class _Writer(Layers):
    """Writes the layers with musicnn's own frames, pooled over a patch, up to the tags.

    Filters of the front end that learning drove to zero are left out. Their channels are constant,
    and so is their share in the next layers.
    """

    def __init__(self, variables: Mapping[str, Array]) -> None:
        super().__init__(variables)
        self._live = [self.alive(place) for place in FRONT]

    def sound(self) -> str:
        """Normalise the patches, shape (patches, 1, bands, frames)."""
        scale, shift = self.normalised(0)
        normal = self.op("Mul", "patches", self.constant(scale))
        return self.op("Unsqueeze", self.op("Add", normal, self.constant(shift)), self.integers(1))

    def live_front(self, place: int, sound: str) -> str:
        """Convolve with the live filters and keep the greatest over all bands."""
        kernel, bias = self.convolution(place)
        live = self._live[place]
        scale, shift = (values[live] for values in self.normalised(place + 1))
        sign = np.where(scale < 0, -1.0, 1.0)
        convolve = self._over_bands if kernel.shape[1] > 1 else self._over_frames
        greatest = convolve(sound, kernel[..., live] * sign, bias[live] * sign)
        rectified = self.op("Relu", self.op("Mul", greatest, self.column(sign)))
        return self.affine(rectified, scale, shift)

    def _over_bands(self, sound: str, kernel: Array, bias: Array) -> str:
        """Convolve with filters of several bands; give the greatest (patches, channels, PATCH).

        The frames come first, so that one row of the filter is all its bands: these lie side by
        side in memory. Each filter is there twice, a band later and with steps of two bands, if
        the copies fill more of their vectors. An odd number of bands leaves one band for the end.
        """
        turned = self.op("Transpose", sound, perm=[0, 1, 3, 2])
        bands = BANDS - kernel.shape[1] + 1
        step = min((1, 2), key=lambda step: -(-step * len(bias) // _VECTOR) / step)
        shifted = _shifted(kernel.swapaxes(0, 1), step).swapaxes(0, 1)
        moving = self._greatest(turned, shifted, np.repeat(bias, step), step, bands // step)
        parts = self.op("Reshape", moving, self.integers(0, len(bias), step, PATCH))
        greatest = self.op("ReduceMax", parts, self.integers(2), keepdims=0)
        if not bands % step:
            return greatest
        rest = [self.integers(n) for n in (bands - bands % step, BANDS, 3)]
        last = self.op("Slice", turned, *rest)
        return self.op("Max", greatest, self._greatest(last, kernel, bias, 1, bands % step))

    def _greatest(self, turned: str, kernel: Array, bias: Array, step: int, count: int) -> str:
        """Convolve at every `step`-th band and keep the greatest of `count`, for each frame."""
        before = (len(kernel) - 1) // 2
        convolved = self.op(
            "Conv",
            turned,
            self.constant(_padded(kernel).transpose(3, 2, 0, 1)),
            self.constant(_padded(bias)),
            pads=[before, 0, len(kernel) - 1 - before, 0],
            strides=[1, step],
        )
        greatest = self.op("MaxPool", convolved, kernel_shape=[1, count])
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
        greatest = self.op("MaxPool", convolved, kernel_shape=[BANDS, 1])
        flat = self._first(self.op("Squeeze", greatest, self.integers(2)), filters.shape[-1])
        return self._in_turn(flat, len(bias), step)

    def _first(self, value: str, channels: int) -> str:
        """Leave out the channels that fill a vector."""
        if not -channels % _VECTOR:
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
        kernel, bias = self.convolution(5)
        telling = self._telling_front()
        convolved = self.op(
            "Conv",
            live,
            self.constant(kernel[:, telling, 0, :].transpose(2, 1, 0)),
            self.constant(bias),
            pads=[3, 3],
        )
        convolved = self.op("Add", convolved, self.constant(self._constant_share(kernel)))
        first = self.affine(self.op("Relu", convolved), *self.normalised(6))
        return self.with_residuals(live, first)

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
        scale, shift = self.normalised(10)
        normal = self.op("Mul", self.op("Relu", hidden), self.constant(scale))
        normal = self.op("Add", normal, self.constant(shift))
        mean = self.op("ReduceMean", normal, self.integers(0), keepdims=1)
        tags = self.op(
            "Gemm",
            mean,
            self.constant(self.variables["dense_1/kernel"]),
            self.constant(self.variables["dense_1/bias"]),
        )
        self.op("Concat", mean, tags, output="embedding", axis=1)

    def _telling_front(self) -> NDArray[np.intp]:
        """List the live channels of the front end's 561."""
        sizes = [len(self.convolution(place)[1]) for place in FRONT]
        first = np.cumsum([0, *sizes[:-1]])
        return np.concatenate([at + live for at, live in zip(first, self._live, strict=True)])

    def _constants(self) -> Array:
        """Give the front end's constant channels, and 0 for the live ones, shape (561,)."""
        parts = []
        for place in FRONT:
            scale, shift = self.normalised(place + 1)
            parts.append(np.maximum(0, self.convolution(place)[1]) * scale + shift)
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
        scale, shift = self.normalised(9)
        kernel = scale[:, np.newaxis] * self.variables["dense/kernel"]
        bias = self.variables["dense/bias"] + shift @ self.variables["dense/kernel"]
        constants = self._constants()
        channels = len(kernel) // 2
        telling = np.r_[self._telling_front(), len(constants) : channels]
        constant = np.pad(constants, (0, channels - len(constants)))
        bias = bias + np.repeat(constant, 2) @ kernel
        return kernel[np.r_[2 * telling, 2 * telling + 1]], bias


def _padded(values: Array) -> Array:
    """Fill the last axis, the channels, up to whole vectors."""
    filled = -values.shape[-1] % _VECTOR
    return np.pad(values, [*[(0, 0)] * (values.ndim - 1), (0, filled)])


def _shifted(kernel: Array, step: int) -> Array:
    """Repeat each filter `step` times, each a frame later.

    Kernel (frames, bands, 1, channels) to (frames + step - 1, bands, 1, channels * step).
    """
    wide = np.zeros((len(kernel) + step - 1, *kernel.shape[1:], step))
    for late in range(step):
        wide[late : late + len(kernel), ..., late] = kernel
    return wide.reshape(*wide.shape[:3], -1)
