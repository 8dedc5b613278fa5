"""Deciding an album's tracks together, and how sure is sure enough. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger import inference
from tagger.core.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tagger.config import Settings
    from tagger.core.domain import Decision, Prediction, Track
    from tagger.inference import Manifest


@dataclass(frozen=True, slots=True)
class DecisionRules:
    """What decisions are made by in one run."""

    policy: Policy
    manifest: Manifest
    min_confidence: float | None
    """The user's own threshold; None for the manifest's."""
    target_precision: float
    albums_together: bool

    @classmethod
    def of(cls, settings: Settings, manifest: Manifest) -> DecisionRules:
        """Take it out of the settings."""
        least = settings.tags.min_confidence
        return cls(
            Policy.of(settings),
            manifest,
            None if least == "auto" else least,
            settings.tags.target_precision,
            settings.albums.together,
        )

    def required(self, *, album: bool) -> dict[str, float | None]:
        """Return by genre how sure a prediction must be."""
        return {
            genre: self.min_confidence
            if self.min_confidence is not None
            else inference.threshold(self.manifest, self.target_precision, album=album, genre=genre)
            for genre in self.manifest.genres
        }


def decide_together(
    predictions: Mapping[Track, Prediction], rules: DecisionRules
) -> dict[Track, Decision]:
    """Decide the tracks of one album, each by what all of them sound like.

    A track that is sure of another genre by itself is kept apart.
    """
    alone = rules.required(album=False)
    if len(predictions) > 1:
        pooled = inference.pool(list(predictions.values()), rules.manifest)
        apart = {
            track
            for track, own in predictions.items()
            if own.genre != pooled.genre and _sure(own, alone)
        }
        together = {track: p for track, p in predictions.items() if track not in apart}
    else:
        apart, together = set(predictions), {}
    decisions = {
        track: rules.policy.decide(predictions[track], track.tags.genres, alone) for track in apart
    }
    if len(together) == 1:
        return decisions | decide_together(together, rules)
    if together:
        pooled = inference.pool(list(together.values()), rules.manifest)
        required = rules.required(album=True)
        for track in together:
            decisions[track] = rules.policy.decide(
                pooled, track.tags.genres, required, album_of=len(together)
            )
    return decisions


def _sure(prediction: Prediction, required: Mapping[str, float | None]) -> bool:
    need = required[prediction.genre]
    return need is not None and prediction.confidence >= need
