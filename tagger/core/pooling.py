"""Several tracks of one album decided as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tagger.core.domain import Prediction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tagger.inference.manifest import Manifest, Pooling


def pooled_probabilities(
    log_probabilities: NDArray[np.floating], pooling: Pooling
) -> NDArray[np.float64]:
    """Pool log-probabilities of shape (tracks, genres) into probabilities of shape (genres,)."""
    tracks = min(len(log_probabilities), pooling.max_tracks)
    scores = log_probabilities.mean(axis=0, dtype=np.float64) * tracks**pooling.exponent
    odds = np.exp(scores - scores.max())
    pooled: NDArray[np.float64] = odds / odds.sum()
    return pooled


def pool(predictions: Sequence[Prediction], manifest: Manifest) -> Prediction:
    """Pool the predictions of one album's tracks: what `manifest.pooling` describes.

    One prediction comes back as it is. Raises ValueError for none, or for predictions of
    another model.
    """
    if not predictions:
        raise ValueError("nothing to pool")
    if any(prediction.model != manifest.id for prediction in predictions):
        raise ValueError("predictions of another model cannot be pooled")
    if len(predictions) == 1:
        return predictions[0]
    rows = [[p.log_probabilities[genre] for genre in manifest.genres] for p in predictions]
    pooled = pooled_probabilities(np.array(rows), manifest.pooling)
    return Prediction(dict(zip(manifest.genres, pooled.tolist(), strict=True)), manifest.id)
