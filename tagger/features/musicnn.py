"""The embedding of musicnn, a network trained on the tags of 200,000 songs; see `musicnn.onnx`.

`training/research/musicnn/levels.py` makes the network, and describes its conversion to our levels.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from tagger.features.embedder import Embedder

SIZE = 424
SOUND_SIZE = 250
"""The layer of 200 before the tags, and the 50 tags."""


@cache
def sound_musicnn() -> Embedder:
    """Return musicnn for patches (patches, N_BANDS, PATCH) of `tagger.features.frames`."""
    return Embedder(files("tagger.features").joinpath("musicnn-3.onnx").read_bytes())


@cache
def musicnn() -> Embedder:
    """Return musicnn for levels (N_MELS, columns) in 0..255, of `levels-1`'s step."""
    return Embedder(files("tagger.features").joinpath("musicnn.onnx").read_bytes())
