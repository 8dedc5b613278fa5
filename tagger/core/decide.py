"""The decision on the tracks of one album, and the confidence that it needs. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tagger.core.families import Families, merged
from tagger.core.pooling import Pooling, pool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tagger.core.domain import Decision, Prediction, Track
    from tagger.core.policy import Policy

Thresholds = dict[str, float | None]
"""The least confidence of a prediction for each genre; None if no confidence is enough."""


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
    families: Families = field(default_factory=dict)
    """Genres that are written if their members together are likely enough, but no single member."""

    def widened(self, prediction: Prediction, thresholds: Thresholds) -> Prediction:
        """Return the prediction of families if only a family is sure, else of genres."""
        if self.families and not _is_sure(prediction, thresholds):
            family = merged(prediction, self.families)
            if family.genre in self.families and _is_sure(family, thresholds):
                return family
        return prediction

    def decide(self, track: Track, prediction: Prediction, album_of: int = 1) -> Decision:
        """Decide one track.

        Args:
            track: The track, with its present genres.
            prediction: The prediction of the track, or the pooled prediction of its album.
            album_of: The number of tracks behind the prediction.

        """
        thresholds = self.track_thresholds if album_of == 1 else self.album_thresholds
        chosen = self.widened(prediction, thresholds)
        members = () if chosen is prediction else self.families[chosen.genre]
        return self.policy.decide(
            chosen,
            track.tags.genres,
            thresholds,
            album_of=album_of,
            members={member: prediction.probabilities[member] for member in members},
        )


def decide_together(
    predictions: Mapping[Track, Prediction], rules: DecisionRules
) -> dict[Track, Decision]:
    """Decide the tracks of one album by their pooled predictions.

    A track whose own prediction is sure of another genre is decided separately. The pooled genre
    must be the likeliest genre of at least half of the tracks; otherwise each track is decided
    by itself.
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
    decisions = {track: rules.decide(track, predictions[track]) for track in apart}
    if len(together) == 1:
        return decisions | decide_together(together, rules)
    if not together:
        return decisions
    pooled = pool(list(together.values()), rules.pooling)
    if has_majority(pooled, list(together.values()), rules):
        size = len(together)
        return decisions | {track: rules.decide(track, pooled, size) for track in together}
    return decisions | {track: rules.decide(track, own) for track, own in together.items()}


def has_majority(pooled: Prediction, own: Sequence[Prediction], rules: DecisionRules) -> bool:
    """Check that at least half of the tracks have the album's genre, or family, as likeliest.

    Args:
        pooled: The prediction for the album.
        own: The predictions for its tracks.
        rules: The rules, with their families.

    """
    genre = rules.widened(pooled, rules.album_thresholds).genre
    members = (genre,) if genre == pooled.genre else rules.families[genre]
    return 2 * sum(prediction.genre in members for prediction in own) >= len(own)


def _is_sure(prediction: Prediction, thresholds: Thresholds) -> bool:
    needed = thresholds[prediction.genre]
    return needed is not None and prediction.confidence >= needed
