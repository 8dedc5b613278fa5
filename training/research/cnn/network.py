"""The convolutional network: levels to an embedding, heads on it, and its ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from onnx import TensorProto, helper
from torch import nn
from torch.nn import functional

from tagger.features.mel import N_MELS
from training.export.onnx_graph import GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx

_CENTRE, _SPREAD = 0.45, 0.22
"""Rough mean and spread of levels, so that the input of the first layer is standardised."""
_GROWTH = (1, 2, 4, 8)
"""Channels of the residual blocks, in units of the width."""


class _Block(nn.Module):  # type: ignore[misc]
    """Half the size, then two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, given: int, channels: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(pool)
        self.first = nn.Conv2d(given, channels, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)
        self.shortcut = nn.Conv2d(given, channels, 1, bias=False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return half as many rows and columns, of more channels."""
        values = self.pool(values)
        inner = functional.relu(self.first_norm(self.first(values)))
        return functional.relu(self.shortcut(values) + self.second_norm(self.second(inner)))


class Network(nn.Module):  # type: ignore[misc]
    """Maps levels (clips, N_MELS, columns) in 0..1 to an embedding, from 16 columns on.

    The input has three planes: the levels, the levels minus each band's mean over time, and the
    height of the band. An equaliser cannot change the second plane. The embedding has `size`
    numbers: the means and the maxima over time of 8 * width channels.
    """

    def __init__(self, heads: Mapping[str, int], width: int = 32, dropout: float = 0.2) -> None:
        super().__init__()
        self.size = 16 * width
        self.stem = nn.Conv2d(3, width, 5, stride=2, padding=2, bias=False)
        self.stem_norm = nn.BatchNorm2d(width)
        channels = [width, *(growth * width for growth in _GROWTH)]
        pools = [(2, 2), (2, 2), (2, 2), (2, 1)]
        self.blocks = nn.Sequential(*map(_Block, channels, channels[1:], pools))
        self.join = nn.Conv2d(8 * width, 8 * width, (N_MELS // 32, 1), bias=False)
        self.join_norm = nn.BatchNorm2d(8 * width)
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict({name: nn.Linear(self.size, n) for name, n in heads.items()})

    def embed(self, levels: torch.Tensor) -> torch.Tensor:
        """Return the embeddings, shape (clips, size)."""
        standard = ((levels - _CENTRE) / _SPREAD)[:, None]
        relative = standard - standard.mean(dim=3, keepdim=True)
        planes = torch.cat([standard, relative, _height().expand_as(standard)], dim=1)
        values = functional.relu(
            self.stem_norm(self.stem(planes.contiguous(memory_format=torch.channels_last)))
        )
        joined = functional.relu(self.join_norm(self.join(self.blocks(values))))
        return torch.cat([joined.mean(dim=(2, 3)), joined.amax(dim=(2, 3))], dim=1)

    def forward(self, levels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the output of every head, each of shape (clips, its size)."""
        embedded = self.dropout(self.embed(levels).float())
        return {name: head(embedded) for name, head in self.heads.items()}


def head_graph(network: Network, head: str) -> onnx.ModelProto:
    """Export as ONNX: `features` uint8 (batch, N_MELS, columns) to a head's `scores`."""
    builder = GraphBuilder()
    embedding = _write(network, builder)
    layer = network.heads[head]
    weighted = builder.op("MatMul", embedding, builder.constant(layer.weight.detach().numpy().T))
    builder.op("Add", weighted, builder.constant(layer.bias.detach().numpy()), output="scores")
    return _model(builder, layer.out_features)


def _height() -> torch.Tensor:
    return torch.linspace(-1, 1, N_MELS).view(1, 1, N_MELS, 1)


def _write(network: Network, builder: GraphBuilder) -> str:
    levels = builder.op("Cast", "features", to=TensorProto.FLOAT)
    scaled = builder.op("Div", levels, builder.constant(255 * _SPREAD))
    standard = builder.op("Sub", scaled, builder.constant(_CENTRE / _SPREAD))
    standard = builder.op("Unsqueeze", standard, builder.integers(1))
    mean = builder.op("ReduceMean", standard, builder.integers(3))
    relative = builder.op("Sub", standard, mean)
    # Adding nothing times the levels gives the heights the levels' length.
    nothing = builder.op("Mul", standard, builder.constant(0.0))
    height = builder.op("Add", nothing, builder.constant(_height().numpy()))
    planes = builder.op("Concat", standard, relative, height, axis=1)
    values = builder.op("Relu", _convolved(builder, planes, network.stem, network.stem_norm))
    for block in network.blocks:
        values = _block(builder, values, block)
    joined = builder.op("Relu", _convolved(builder, values, network.join, network.join_norm))
    pooled = [builder.op(kind, joined) for kind in ("GlobalAveragePool", "GlobalMaxPool")]
    return builder.op("Flatten", builder.op("Concat", *pooled, axis=1), axis=1)


def _block(builder: GraphBuilder, values: str, block: _Block) -> str:
    pool = list(block.pool.kernel_size)
    values = builder.op("MaxPool", values, kernel_shape=pool, strides=pool)
    inner = builder.op("Relu", _convolved(builder, values, block.first, block.first_norm))
    second = _convolved(builder, inner, block.second, block.second_norm)
    shortcut = builder.op("Conv", values, builder.constant(block.shortcut.weight.detach().numpy()))
    return builder.op("Relu", builder.op("Add", shortcut, second))


def _convolved(builder: GraphBuilder, values: str, layer: nn.Conv2d, norm: nn.BatchNorm2d) -> str:
    """Write a convolution with the normalisation after it folded into its weights."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = (layer.weight * scale[:, None, None, None]).detach().numpy()
    bias = (norm.bias - norm.running_mean * scale).detach().numpy()
    return builder.op(
        "Conv",
        values,
        builder.constant(weight),
        builder.constant(bias),
        strides=list(layer.stride),
        pads=[*layer.padding, *layer.padding],
    )


def _model(builder: GraphBuilder, genres: int) -> onnx.ModelProto:
    given = helper.make_tensor_value_info(
        "features", TensorProto.UINT8, ["batch", N_MELS, "columns"]
    )
    result = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", genres])
    return builder.named("network", given, result)
