"""The embedding of EfficientAT mn04, a network trained on the sounds of AudioSet.

Schmid, Koutini and Widmer, "Efficient large-scale audio tagging via transformer-to-CNN knowledge
distillation", 2023 (arXiv 2211.04772; MIT licence). `efficientat.onnx` has the graph alone;
`training/research/efficientat.py` makes it. The numbers are read from the authors' file.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from tagger.features.embedder import Embedder
from tagger.features.sounds import SOUNDS
from tagger.features.weights import MN04, find

EMBEDDING = 384
"""Elements of the layer before the classes, averaged over the clip."""
SIZE = EMBEDDING + len(SOUNDS)
"""The embedding, and the logits of SOUNDS."""


@cache
def efficientat() -> Embedder:
    """Return the network for the frames (N_BANDS, frames) of `wideband_mel`.

    Raises MissingWeightsError without its weights.
    """
    folder = find(MN04)
    network = files("tagger.features").joinpath("efficientat.onnx").read_bytes()
    return Embedder(network, folder)
