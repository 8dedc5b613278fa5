"""The decision on the tracks of one album, and the confidence that it needs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.core.pooling import Pooling, pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tagger.core.domain import Decision, Prediction, Track
    from tagger.core.policy import Policy

Thresholds = dict[str, float | None]
"""By genre the confidence that a prediction needs; None: no confidence is enough."""


@dataclass(frozen=True, slots=True)
class DecisionRules:
    """The rules of one run: the policy of the user and the thresholds of the model."""

    policy: Policy
    pooling: Pooling
    track_thresholds: Thresholds
    """For a track by itself."""
    album_thresholds: Thresholds
    """For the pooled tracks of an album."""
    albums_together: bool


def decide_together(
    predictions: Mapping[Track, Prediction], rules: DecisionRules
) -> dict[Track, Decision]:
    """Decide the tracks of one album, each by the predictions of all of them.

    A track that is sure of another genre by itself is kept apart.
    """
    if len(predictions) > 1:
        pooled = pool(list(predictions.values()), rules.pooling)
        apart = {
            track
            for track, own in predictions.items()
            if own.genre != pooled.genre and _is_sure(own, rules.track_thresholds)
        }
        together = {track: p for track, p in predictions.items() if track not in apart}
    else:
        apart, together = set(predictions), {}
    decisions = {
        track: rules.policy.decide(predictions[track], track.tags.genres, rules.track_thresholds)
        for track in apart
    }
    if len(together) == 1:
        return decisions | decide_together(together, rules)
    if together:
        pooled = pool(list(together.values()), rules.pooling)
        for track in together:
            decisions[track] = rules.policy.decide(
                pooled, track.tags.genres, rules.album_thresholds, album_of=len(together)
            )
    return decisions


def _is_sure(prediction: Prediction, thresholds: Thresholds) -> bool:
    needed = thresholds[prediction.genre]
    return needed is not None and prediction.confidence >= needed
