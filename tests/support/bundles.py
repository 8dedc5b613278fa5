"""A model bundle made while the tests run, whose opinion is known beforehand.

It hears how the sound's level is spread: mostly below 1 kHz is Classical, mostly above 4 kHz is
Metal, and both alike is a toss-up. `low`, `high` and `both` make such sounds.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from typing import TYPE_CHECKING

import media
import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from tagger.inference.registry import ModelRegistry

    Samples = NDArray[np.float32]


GENRES = ("Classical", "Metal")


def make_bundle(
    folder: Path,
    *,
    name: str = "test-1",
    genres: Sequence[str] = GENRES,
    thresholds: Mapping[str, Any] | None = None,
    expected: Mapping[str, float] | None = None,
) -> Path:
    """Write a bundle into `folder` and return it; the promise for 0.90 is a confidence of 0.8."""
    folder.mkdir(parents=True, exist_ok=True)
    model = _network()
    (folder / "model.onnx").write_bytes(model)
    point = {"precision": 0.9, "threshold": 0.8, "coverage": 0.5}
    points = {"overall": [point], "genres": thresholds or {}}
    manifest = {
        "format": 1,
        "id": name,
        "created": "2026-11-22",
        "genres": list(genres),
        "inputs": {"levels": "levels-1"},
        "files": {"model.onnx": hashlib.sha256(model).hexdigest()},
        "tracks": points,
        "albums": points,
        "expected": expected or {},
        "pooling": {"exponent": 0.5, "max_tracks": 8},
        "training": {
            "data": "made",
            "tracks": 0,
            "artists": 0,
            "recipe": "by hand",
            "command": "tests/support/bundles.py",
            "libraries": {},
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def installed(models: ModelRegistry, name: str, genres: Sequence[str] = GENRES) -> str:
    """Install a bundle of `make_bundle` among the user's models; returns its id."""
    with models.staging() as folder:
        return models.install(make_bundle(folder, name=name, genres=genres))


def _network() -> bytes:
    weights = np.zeros((128, 2), np.float32)
    weights[:35, 0] = 1 / 35  # the 35 lowest mel bands end near 1 kHz
    weights[80:, 1] = 1 / 48  # the 48 highest begin near 4 kHz
    constants: dict[str, NDArray[Any]] = {
        "weights": weights,
        "gain": np.array([8 / 255], np.float32),
        "time": np.array([2], np.int64),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["levels"], ["real"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["real", "time"], ["mean"], keepdims=0),
            helper.make_node("MatMul", ["mean", "weights"], ["bands"]),
            helper.make_node("Mul", ["bands", "gain"], ["scores"]),
            helper.make_node("Softmax", ["scores"], ["probabilities"]),
        ],
        "balance",
        [helper.make_tensor_value_info("levels", TensorProto.UINT8, [None, 128, None])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    model: bytes = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    return model


@functools.lru_cache(maxsize=64)
def _band(lowest: float, highest: float, seconds: float, seed: int) -> Samples:
    rate = 44100
    size = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=size))
    hz = np.fft.rfftfreq(size, 1 / rate)
    spectrum[(hz < lowest) | (hz > highest)] *= 1e-3
    signal = np.fft.irfft(spectrum, size)
    made = np.asarray(signal / np.abs(signal).max() * 0.8, np.float32)
    made.setflags(write=False)  # the next caller gets the same array
    return made


def song(
    path: Path,
    sound: Callable[..., Samples] | None = None,
    format: str = "mp3",  # noqa: A002
    **fields: Any,
) -> Path:
    """Make a file with the sound of `low`, or another sound; each of few sounds is encoded once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(os.fsencode(path.name)) % 3
    return media.make(path, format, signal=(sound or low)(seed=seed), tags=fields or None)


def low(seconds: float = 4.0, seed: int = 0) -> Samples:
    """Noise below 1 kHz: Classical."""
    return _band(20, 1000, seconds, seed)


def high(seconds: float = 4.0, seed: int = 0) -> Samples:
    """Noise above 4 kHz: Metal."""
    return _band(4000, 11000, seconds, seed)


def both(seconds: float = 4.0, seed: int = 0) -> Samples:
    """Noise everywhere: not sure."""
    return _band(20, 22050, seconds, seed)
