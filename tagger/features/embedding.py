"""The embedding of musicnn, a network that learned the tags of 200,000 songs; see `musicnn.onnx`.

The network is made by `training/musicnn.py`, which says how it came to hear our levels.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = 1506


def musicnn(levels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Embed a clip's levels (N_MELS, columns) in 0..255, shape (SIZE,)."""
    (rows,) = _session().run(["embedding"], {"levels": levels[np.newaxis]})
    row: NDArray[np.float32] = rows[0]
    return row


@cache
def _session() -> Any:
    import onnxruntime  # noqa: PLC0415  # half a second that `--help` need not pay

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    network = files("tagger.features").joinpath("musicnn.onnx").read_bytes()
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
