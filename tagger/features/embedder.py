"""A network from one input to an `embedding`, running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.system import onnx

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class Embedder:
    """Embeds clips one by one."""

    def __init__(self, network: bytes, weights: Path | None = None) -> None:
        """Start the network.

        Args:
            network: A serialised graph, as `training.research` makes them.
            weights: The folder of the weights of a graph without its own.

        """
        self._session = onnx.start_session(network, weights)
        (self._input,) = self._session.get_inputs()

    def __call__(self, values: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed a clip; its values may lack the leading axes of the network's input."""
        lacking = (1,) * (len(self._input.shape) - values.ndim)
        given = {self._input.name: values.reshape(lacking + values.shape)}
        (rows,) = self._session.run(["embedding"], given)
        row: NDArray[np.float32] = rows[0]
        return row
