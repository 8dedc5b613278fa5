"""EfficientAT mn04 in plain numpy, double precision: the reference for the graph.

The layers are those of the paper, one after another, with batch norms of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tagger.features.sounds import SOUNDS
from training.research.efficientat import BLOCKS, EPSILON, RELU, tensors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from training.research.efficientat import Block

    Array = NDArray[np.float64]
    Weights = Mapping[str, Array]


def plain(content: bytes, frames: NDArray[np.float32]) -> Array:
    """Compute the embedding and the logits of SOUNDS, shape (SIZE,).

    Args:
        content: The content of the authors' file.
        frames: Log-mel frames, shape (N_BANDS, frames).

    """
    file = {name: tensor.values(content).astype(float) for name, tensor in tensors(content).items()}
    value = _swish(_convolved(frames[np.newaxis].astype(float), file, "features.0", stride=2))
    for place, block in enumerate(BLOCKS, 1):
        value = _block(value, file, f"features.{place}.block", block)
    value = _swish(_convolved(value, file, f"features.{len(BLOCKS) + 1}"))
    embedding = value.mean(axis=(1, 2))
    logits = _dense(_swish(_dense(embedding, file, "classifier.2")), file, "classifier.5")
    return np.concatenate([embedding, logits[[place for place, _ in SOUNDS]]])


def _block(value: Array, file: Weights, name: str, block: Block) -> Array:
    activate = _relu if block.activation == RELU else _swish
    given, part = value, 0
    if f"{name}.{2 + block.squeezed}.0.weight" in file:  # the first block does not expand
        value = activate(_convolved(value, file, f"{name}.0"))
        part = 1
    value = activate(_convolved(value, file, f"{name}.{part}", stride=block.stride))
    if block.squeezed:
        part += 1
        squeeze = f"{name}.{part}.conc_se_layers.0"
        hidden = _relu(_dense(value.mean(axis=(1, 2)), file, f"{squeeze}.fc1"))
        gains = 1 / (1 + np.exp(-_dense(hidden, file, f"{squeeze}.fc2")))
        value = value * gains[:, np.newaxis, np.newaxis]
    value = _convolved(value, file, f"{name}.{part + 1}")
    return value + given if value.shape == given.shape else value


def _convolved(value: Array, file: Weights, name: str, stride: int = 1) -> Array:
    """Convolve (channels, bands, frames) with zeros around, and normalise."""
    kernel = file[f"{name}.0.weight"]
    size = kernel.shape[-1]
    padded = np.pad(value, [(0, 0), (size // 2,) * 2, (size // 2,) * 2])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]
    if kernel.shape[1] == 1 and len(value) == len(kernel):
        result = np.einsum("cbtij,cij->cbt", windows, kernel[:, 0])
    else:
        result = np.einsum("gbtij,cgij->cbt", windows, kernel, optimize=True)
    weight, bias, mean, variance = (
        file[f"{name}.1.{part}"][:, np.newaxis, np.newaxis]
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    normal: Array = (result - mean) / np.sqrt(variance + EPSILON) * weight + bias
    return normal


def _dense(value: Array, file: Weights, name: str) -> Array:
    result: Array = file[f"{name}.weight"] @ value + file[f"{name}.bias"]
    return result


def _relu(value: Array) -> Array:
    return np.maximum(value, 0)


def _swish(value: Array) -> Array:
    """Multiply by a linear sigmoid (hard swish, Howard et al. 2019)."""
    result: Array = value * np.clip(value / 6 + 0.5, 0, 1)
    return result
