"""Pooled predictions: of the tracks of one album, and of two parts of one track."""

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
        return _normal([math.fsum(column) / len(log_probabilities) * weight for column in columns])


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
    pooled = pooling.probabilities([_logs(prediction, genres) for prediction in predictions])
    before = [prediction.by_itself for prediction in predictions if prediction.by_itself]
    return Prediction(
        dict(zip(genres, pooled, strict=True)),
        predictions[0].model,
        by_itself=pool(before, pooling) if len(before) == len(predictions) else None,
    )


def weighed(first: Prediction, other: Prediction, weight: float) -> Prediction:
    """Weigh the predictions of two parts of one track by a logarithmic pool.

    Each genre has the product of its probabilities, to the power of `1 - weight` and of `weight`
    (Genest and Zidek 1986, "Combining probability distributions").

    Args:
        first: The prediction of the first part, by the same model as `other`.
        other: The prediction of the other part.
        weight: Of the other part, 0 to 1.

    """
    genres = list(first.probabilities)
    both = zip(_logs(first, genres), _logs(other, genres), strict=True)
    pooled = _normal([(1 - weight) * one + weight * two for one, two in both])
    return Prediction(dict(zip(genres, pooled, strict=True)), first.model)


def _logs(prediction: Prediction, genres: Sequence[str]) -> list[float]:
    return [math.log(max(prediction.probabilities[genre], LEAST)) for genre in genres]


def _normal(scores: Sequence[float]) -> list[float]:
    """Return the probabilities in proportion to the exponentials of scores."""
    top = max(scores)
    odds = [math.exp(score - top) for score in scores]
    total = math.fsum(odds)
    return [odd / total for odd in odds]
