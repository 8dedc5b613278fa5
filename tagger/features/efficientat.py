"""The embedding of EfficientAT mn04, a network trained on the sounds of AudioSet.

Schmid, Koutini and Widmer, "Efficient large-scale audio tagging via transformer-to-CNN knowledge
distillation", 2023 (arXiv 2211.04772; MIT licence). `efficientat.onnx` has the graph alone;
`training/research/efficientat.py` makes it. The numbers are read from the authors' file.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from tagger.features.sounds import SOUNDS
from tagger.features.weights import MN04, find
from tagger.system import onnx

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

EMBEDDING = 384
"""Elements of the layer before the classes, averaged over the clip."""
SIZE = EMBEDDING + len(SOUNDS)
"""The embedding, and the logits of SOUNDS."""


class SoundTagger:
    """The network from log-mel frames to an embedding, running."""

    def __init__(self, network: bytes, weights: Path) -> None:
        """Start the network.

        Args:
            network: The serialised graph, `training.research.efficientat.network`.
            weights: The folder of the weights.

        """
        self._session = onnx.start_session(network, weights)

    def __call__(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embed the frames (N_BANDS, frames) of `wideband_mel`, shape (SIZE,)."""
        (rows,) = self._session.run(["embedding"], {"frames": frames[np.newaxis, np.newaxis]})
        row: NDArray[np.float32] = rows[0]
        return row


@cache
def efficientat() -> SoundTagger:
    """Return the network; raises MissingWeightsError without its weights."""
    folder = find(MN04)
    network = files("tagger.features").joinpath("efficientat.onnx").read_bytes()
    return SoundTagger(network, folder)
