"""The embedding of musicnn, a network trained on the tags of 200,000 songs; see `musicnn.onnx`.

`training/research/musicnn/levels.py` makes the network, and describes its conversion to our levels.
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
SOUND_SIZE = 250
"""The layer of 200 before the tags, and the 50 tags."""


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


class SoundEmbedder:
    """A network from log-mel `patches` to an `embedding`, running."""

    def __init__(self, network: bytes) -> None:
        """`network` is a serialised ONNX graph, `training.research.musicnn.sound_network`."""
        self._session = onnx.start_session(network)

    def __call__(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embed a clip's patches (patches, N_BANDS, PATCH), shape (SOUND_SIZE,)."""
        (rows,) = self._session.run(["embedding"], {"patches": patches})
        row: NDArray[np.float32] = rows[0]
        return row


@cache
def sound_musicnn() -> SoundEmbedder:
    """Return musicnn for the patches of `tagger.features.frames`."""
    return SoundEmbedder(files("tagger.features").joinpath("musicnn-3.onnx").read_bytes())


@cache
def musicnn() -> Embedder:
    """Return musicnn for levels of `levels-1`'s step."""
    return Embedder(files("tagger.features").joinpath("musicnn.onnx").read_bytes())
