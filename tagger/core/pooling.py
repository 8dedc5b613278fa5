"""Pooled predictions of the tracks of one album."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from tagger.core.domain import Prediction
from tagger.core.thresholds import Share  # noqa: TC001  # msgspec resolves annotations

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST = 1e-9
"""The least probability that is pooled: the logarithm of a hard zero is not finite."""


class Pooling(Struct, frozen=True, forbid_unknown_fields=True):
    """The weight of several predictions together.

    The mean of n tracks' log-probabilities is multiplied by min(n, max_tracks)**exponent. With the
    exponent 1 the tracks are independent evidence, with 0 they are copies of one track.
    """

    exponent: Share
    max_tracks: Annotated[int, Meta(ge=1)]
    """The largest group that the exponent was fitted on."""

    def probabilities(self, log_probabilities: Sequence[Sequence[float]]) -> list[float]:
        """Pool log-probabilities, shape (tracks, genres), into probabilities, shape (genres,)."""
        weight = min(len(log_probabilities), self.max_tracks) ** self.exponent
        columns = zip(*log_probabilities, strict=True)
        scores = [math.fsum(column) / len(log_probabilities) * weight for column in columns]
        top = max(scores)
        odds = [math.exp(score - top) for score in scores]
        total = math.fsum(odds)
        return [odd / total for odd in odds]


def pool(predictions: Sequence[Prediction], pooling: Pooling) -> Prediction:
    """Pool the predictions of one album's tracks.

    A single prediction is returned unchanged. Raises ValueError for an empty sequence, or for
    predictions of different models.
    """
    if not predictions:
        raise ValueError("nothing to pool")
    if len({prediction.model for prediction in predictions}) > 1:
        raise ValueError("predictions of different models cannot be pooled")
    if len(predictions) == 1:
        return predictions[0]
    genres = list(predictions[0].probabilities)
    rows = [[math.log(max(p.probabilities[genre], LEAST)) for genre in genres] for p in predictions]
    pooled = pooling.probabilities(rows)
    return Prediction(dict(zip(genres, pooled, strict=True)), predictions[0].model)
