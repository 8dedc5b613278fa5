"""The embedding of musicnn, a network that learned the tags of 200,000 songs; see `musicnn.onnx`.

`training/research/musicnn.py` makes the network, and describes its conversion to our levels.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from tagger.system import onnx

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = 424


class Embedder:
    """A network from `levels` to an `embedding`, running."""

    def __init__(self, network: bytes) -> None:
        """`network` is a serialised ONNX graph as `training.research.musicnn` makes it."""
        self._session = onnx.start_session(network)

    def __call__(self, levels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed a clip's levels (N_MELS, columns) in 0..255, shape (SIZE,)."""
        (rows,) = self._session.run(["embedding"], {"levels": levels[np.newaxis]})
        row: NDArray[np.float32] = rows[0]
        return row


@cache
def musicnn() -> Embedder:
    """Return musicnn for levels of `levels-1`'s step."""
    return Embedder(files("tagger.features").joinpath("musicnn.onnx").read_bytes())
