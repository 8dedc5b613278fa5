"""EfficientAT mn04 as a graph without weights: `tagger/features/efficientat.onnx`.

The network is a MobileNetV3 (Howard et al. 2019) of width 0.4 with squeeze and excitation by
channels. Each constant of the graph names its place in the file that the authors publish. The file
is a zip of raw tensors and a pickle that describes them. The pickle is read here alone, by a reader
that accepts four names. onnxruntime joins the batch norms with the convolutions when it starts.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper

from tagger.features.efficientat import SIZE
from tagger.features.sounds import SOUNDS
from tagger.features.weights import MN04
from tagger.features.wideband import N_BANDS
from training.errors import TrainingDataError
from training.export.onnx_graph import GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

EPSILON = 1e-3
"""Of the batch norms."""
_FLOAT, _LONG = "FloatStorage", "LongStorage"
_ITEM = {_FLOAT: 4, _LONG: 8}
_LOCAL_HEADER = 30
"""Bytes of a zip entry before its name."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor's place in the file."""

    offset: int
    """Bytes."""
    shape: tuple[int, ...]

    def values(self, content: bytes) -> NDArray[np.float32]:
        """Read the tensor from the content of the file."""
        flat = np.frombuffer(content, "<f4", math.prod(self.shape), self.offset)
        return flat.reshape(self.shape)


def tensors(content: bytes) -> dict[str, Tensor]:
    """Find the float tensors of a file that torch saved, by name.

    Raises TrainingDataError for compressed entries, other names in the pickle, or tensors that are
    not in the order of their axes.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        described = next(name for name in entries if name.endswith("/data.pkl"))
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values()):
            raise TrainingDataError("the tensors are compressed")
        found = _Reader(io.BytesIO(archive.read(described))).load()
    folder = described.removesuffix("data.pkl") + "data/"
    return {
        name: Tensor(_start(content, entries[folder + key]) + _ITEM[kind] * first, shape)
        for name, ((_, kind, key, *_), first, shape) in found.items()
        if kind == _FLOAT
    }


def network(file: Mapping[str, Tensor]) -> onnx.ModelProto:
    """Write the network down.

    Input `frames` float32 (1, 1, N_BANDS, frames) as `tagger.features.wideband` computes them,
    output `embedding` float32 (1, SIZE): the mean of the last layer, and the logits of SOUNDS.

    Args:
        file: The tensors of the authors' file.

    """
    writer = _Writer(file)
    writer.head(writer.layers("frames"))
    given = helper.make_tensor_value_info("frames", TensorProto.FLOAT, [1, 1, N_BANDS, "frames"])
    made = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, SIZE])
    return writer.named("efficientat", given, made)


def logits(content: bytes, embedding: NDArray[Any]) -> NDArray[Any]:
    """Compute the logits of SOUNDS from embeddings (clips, 384), shape (clips, sounds).

    `content` is the content of the authors' file.
    """
    file = tensors(content)
    weight, bias, weights, biases = (
        file[f"classifier.{name}"].values(content)
        for name in ("2.weight", "2.bias", "5.weight", "5.bias")
    )
    hidden = embedding @ weight.T + bias
    hidden = hidden * np.clip(hidden / 6 + 0.5, 0, 1)
    chosen = [place for place, _ in SOUNDS]
    told: NDArray[Any] = hidden @ weights[chosen].T + biases[chosen]
    return told


def write(weights: Path, path: Path) -> None:
    """Write the graph for the authors' file `weights` to `path`.

    Raises TrainingDataError when the file differs from the published one.
    """
    content = weights.read_bytes()
    if fault := MN04.fault(content):
        raise TrainingDataError(fault, weights)
    path.write_bytes(network(tensors(content)).SerializeToString(deterministic=True))


@dataclass(frozen=True, slots=True)
class Block:
    """An inverted residual of the network; numbers are those of the table of MobileNetV3-Large."""

    kernel: int
    stride: int
    squeezed: bool
    activation: str
    """Operator of ONNX."""


RELU, SWISH = "Relu", "HardSwish"
BLOCKS = (
    Block(3, 1, squeezed=False, activation=RELU),
    Block(3, 2, squeezed=False, activation=RELU),
    Block(3, 1, squeezed=False, activation=RELU),
    Block(5, 2, squeezed=True, activation=RELU),
    Block(5, 1, squeezed=True, activation=RELU),
    Block(5, 1, squeezed=True, activation=RELU),
    Block(3, 2, squeezed=False, activation=SWISH),
    Block(3, 1, squeezed=False, activation=SWISH),
    Block(3, 1, squeezed=False, activation=SWISH),
    Block(3, 1, squeezed=False, activation=SWISH),
    Block(3, 1, squeezed=True, activation=SWISH),
    Block(3, 1, squeezed=True, activation=SWISH),
    Block(5, 2, squeezed=True, activation=SWISH),
    Block(5, 1, squeezed=True, activation=SWISH),
    Block(5, 1, squeezed=True, activation=SWISH),
)


class _Writer(GraphBuilder):
    """Writes the layers, whose names are those of the authors' file."""

    def __init__(self, file: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._file = file

    def layers(self, frames: str) -> str:
        """Give the last layer, shape (1, 384, bands, frames)."""
        value = self._convolution(frames, "features.0", stride=2, activation=SWISH)
        for place, block in enumerate(BLOCKS, 1):
            value = self._block(value, f"features.{place}.block", block)
        return self._convolution(value, f"features.{len(BLOCKS) + 1}", activation=SWISH)

    def head(self, layer: str) -> None:
        """Give the embedding and the logits."""
        mean = self.op("ReduceMean", layer, self.integers(2, 3), keepdims=0)
        hidden = self.op(SWISH, self._dense(mean, "classifier.2"))
        logits = self._dense(hidden, "classifier.5")
        chosen = self.integers(*(place for place, _ in SOUNDS))
        told = self.op("Gather", logits, chosen, axis=1)
        self.op("Concat", mean, told, output="embedding", axis=1)

    def _block(self, value: str, name: str, block: Block) -> str:
        given, part = value, 0
        if self._file[f"{name}.0.0.weight"].shape[2] == 1:  # the first block does not expand
            value = self._convolution(value, f"{name}.0", activation=block.activation)
            part = 1
        value = self._convolution(
            value, f"{name}.{part}", stride=block.stride, activation=block.activation
        )
        if block.squeezed:
            part += 1
            value = self._squeezed(value, f"{name}.{part}.conc_se_layers.0")
        value = self._convolution(value, f"{name}.{part + 1}")
        channels = self._file[f"{name}.0.0.weight"].shape[1 if part else 0]
        same = channels == self._file[f"{name}.{part + 1}.0.weight"].shape[0]
        return self.op("Add", value, given) if same and block.stride == 1 else value

    def _convolution(self, value: str, name: str, *, stride: int = 1, activation: str = "") -> str:
        """Convolve, normalise and activate; a kernel with one input channel is by channels."""
        channels, given, size, _ = self._file[f"{name}.0.weight"].shape
        first = name == "features.0"
        value = self.op(
            "Conv",
            value,
            self._tensor(f"{name}.0.weight"),
            strides=[stride, stride],
            pads=[size // 2] * 4,
            group=channels if given == 1 and not first else 1,
        )
        parts = ("weight", "bias", "running_mean", "running_var")
        normal = [self._tensor(f"{name}.1.{part}") for part in parts]
        value = self.op("BatchNormalization", value, *normal, epsilon=EPSILON)
        return self.op(activation, value) if activation else value

    def _squeezed(self, value: str, name: str) -> str:
        """Weight the channels by their means (squeeze and excitation, Hu et al. 2018)."""
        mean = self.op("ReduceMean", value, self.integers(2, 3), keepdims=0)
        hidden = self.op(RELU, self._dense(mean, f"{name}.fc1"))
        gains = self.op("Sigmoid", self._dense(hidden, f"{name}.fc2"))
        return self.op("Mul", value, self.op("Unsqueeze", gains, self.integers(2, 3)))

    def _dense(self, value: str, name: str) -> str:
        weight, bias = self._tensor(f"{name}.weight"), self._tensor(f"{name}.bias")
        return self.op("Gemm", value, weight, bias, transB=1)

    def _tensor(self, name: str) -> str:
        """Add a constant that lies in the authors' file."""
        tensor = self._file[name]
        made = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=tensor.shape)
        made.data_location = TensorProto.EXTERNAL
        length = _ITEM[_FLOAT] * math.prod(tensor.shape)
        for key, value in (("location", MN04.file), ("offset", tensor.offset), ("length", length)):
            made.external_data.add(key=key, value=str(value))
        self.constants.append(made)
        return name


class _Reader(pickle.Unpickler):
    """Reads the description of tensors; any other name in the pickle is refused."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for one of four names."""
        known: dict[tuple[str, str], Callable[..., Any] | str] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _described,
            ("torch", _FLOAT): _FLOAT,
            ("torch", _LONG): _LONG,
        }
        if (module, name) not in known:
            raise TrainingDataError(f"the file names {module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """Return the description of a tensor's storage."""
        return pid


def _described(
    storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any
) -> Any:
    """Return a tensor's storage, offset and size, in place of torch's function."""
    steps = [math.prod(size[axis + 1 :]) for axis in range(len(size))]
    if tuple(steps) != stride:
        raise TrainingDataError("a tensor is not in the order of its axes")
    return storage, offset, size


def _start(content: bytes, entry: zipfile.ZipInfo) -> int:
    """Return the offset of the content of a zip entry."""
    at = entry.header_offset
    name, extra = struct.unpack("<HH", content[at + 26 : at + _LOCAL_HEADER])
    return at + _LOCAL_HEADER + int(name) + int(extra)
