"""Each left-out collection as a library: its predictions weighed by its genres, as in a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.core.domain import Prediction
from tagger.evidence import mixture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def weighed(
    probabilities: Array, sources: NDArray[Any], genres: Sequence[str], expected: Array
) -> Array:
    """Weigh predictions by the genres of their collections, see `tagger.evidence.mixture`.

    Args:
        probabilities: Of the clips, shape (clips, genres).
        sources: The collection of each clip, shape (clips,).
        genres: The names of the genres.
        expected: The share of each genre that the model expects, shape (genres,).

    """
    shares = dict(zip(genres, map(float, expected), strict=True))
    sounds = [
        Prediction(dict(zip(genres, row, strict=True)), "left-out")
        for row in probabilities.tolist()
    ]
    result = probabilities.copy()
    for source in np.unique(sources):
        members = np.flatnonzero(sources == source)
        if library := mixture.learn([sounds[clip] for clip in members], shares):
            for clip in members:
                result[clip] = list(mixture.weighed(sounds[clip], library).probabilities.values())
    return result
