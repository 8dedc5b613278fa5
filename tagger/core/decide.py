"""The decision on the tracks of one album, and the confidence that it needs. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tagger.core.domain import Action, Decision, Grounds
from tagger.core.evidence import SURE, is_like_music, posterior
from tagger.core.families import Families, merged
from tagger.core.pooling import Pooling, pool

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tagger.core.domain import Prediction, Track
    from tagger.core.evidence import Evidence
    from tagger.core.policy import Policy

SMALL_CHANGE = 0.03
"""A change of the confidence by the genres of the library that no reason names."""
Thresholds = Mapping[str, float | None]
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
    one_per_album: bool = field(default=False, kw_only=True)
    """Whether all tracks of an album get the same genre, or none."""
    families: Families = field(default_factory=dict)
    """Genres that are written if their members together are likely enough, but no single member."""
    evidence_threshold: float | None = 0.5
    """The least posterior of a genre that the evidence supports."""

    @property
    def writes_by_sound(self) -> bool:
        """Whether some confidence is enough for some genre."""
        needed = {*self.track_thresholds.values(), *self.album_thresholds.values()}
        return needed != {None}

    def widened(self, prediction: Prediction, thresholds: Thresholds) -> Prediction:
        """Return the prediction of families if only a family is sure, else of genres."""
        if self.families and not _is_sure(prediction, thresholds):
            family = merged(prediction, self.families)
            if family.genre in self.families and _is_sure(family, thresholds):
                return family
        return prediction

    def decide(
        self,
        track: Track,
        prediction: Prediction,
        album_of: int = 1,
        evidence: Evidence | None = None,
        chosen: Prediction | None = None,
    ) -> Decision:
        """Decide one track.

        Args:
            track: The track, with its present genres.
            prediction: The prediction of the track, or the pooled prediction of its album.
            album_of: The number of tracks behind the prediction.
            evidence: The evidence beside the sound.
            chosen: The result of `widened` for the prediction, if it is known.

        """
        if prediction.sound:
            return self.policy.no_music(prediction, track.tags.genres)
        thresholds = self.track_thresholds if album_of == 1 else self.album_thresholds
        chosen = chosen or self.widened(prediction, thresholds)
        if evidence is None:
            note = self._weighing(prediction, chosen, thresholds)
        else:
            note = f"{evidence.text}; {self.sound(chosen)}"
        weighed = prediction
        if evidence is not None and not is_like_music(prediction):
            note = f"{evidence.text}, but the sound is like no music"
            evidence = None
        if evidence is not None:
            sure = _is_sure(chosen, thresholds) and chosen.confidence >= SURE
            if sure and evidence.excludes(chosen.genre):
                decision = self.policy.contradicted(chosen, track.tags.genres, note)
                return decision.with_grounds(_grounds(evidence, chosen))
            weighed = posterior(prediction, evidence)
            thresholds = self._needed(evidence, thresholds)
            sound, chosen = self.sound(chosen), self.widened(weighed, thresholds)
            evidence = evidence.on(chosen.genre)
            note = f"{evidence.text}; {sound}"
            if evidence.is_disputed(chosen.genre, prediction):
                listed = [evidence.listed.text] if evidence.listed else []
                note = "; ".join((evidence.text, *listed, sound))
                decision = self.policy.contradicted(chosen, track.tags.genres, note)
                return decision.with_grounds(_grounds(evidence, prediction))
        members = () if chosen is weighed else self.families[chosen.genre]
        decision = self.policy.decide(
            chosen,
            track.tags.genres,
            thresholds,
            album_of=album_of,
            members={member: weighed.probabilities[member] for member in members},
            note=note,
        )
        return decision.with_grounds(_grounds(evidence, prediction))

    def _weighing(self, prediction: Prediction, chosen: Prediction, thresholds: Thresholds) -> str:
        """Return the text on what the genres of the library changed, "" for next to nothing.

        Args:
            prediction: The prediction, weighed by them or not.
            chosen: The result of `widened` for it.
            thresholds: Of the decision.

        """
        before = prediction.by_itself
        if before is None:
            return ""
        alone = self.widened(before, thresholds)
        if (
            alone.genre == chosen.genre
            and _is_sure(alone, thresholds) == _is_sure(chosen, thresholds)
            and abs(alone.confidence - chosen.confidence) < SMALL_CHANGE
        ):
            return ""
        return f"{self._percent(alone)} without the rest of the library"

    def _needed(self, evidence: Evidence, thresholds: Thresholds) -> Thresholds:
        """Return the thresholds of the posterior.

        A genre that the evidence does not support needs as much as by the sound alone. A genre
        outside the model needs the highest threshold of the model then.
        """
        known = [need for need in thresholds.values() if need is not None]
        highest = max(known, default=None)
        return {
            genre: self.evidence_threshold
            if evidence.supports(self.families.get(genre, (genre,)))
            else thresholds.get(genre, highest)
            for genre in evidence.prior
        }

    def is_sure(self, prediction: Prediction) -> bool:
        """Return whether a track by itself is sure of a genre, whatever the settings allow."""
        return _is_sure(prediction, self.track_thresholds) and prediction.confidence >= SURE

    def sound(self, prediction: Prediction) -> str:
        """Return the text on the likeliest genre of the sound."""
        return f"sound: {self._percent(prediction)}"

    def _percent(self, prediction: Prediction) -> str:
        percent = math.floor(100 * prediction.confidence)
        return f"{self.policy.own_name(prediction.genre)} {percent}%"


def decide_together(
    predictions: Mapping[Track, Prediction],
    rules: DecisionRules,
    evidence: Mapping[Track, Evidence] | None = None,
) -> dict[Track, Decision]:
    """Decide the tracks of one album by their pooled predictions.

    A track whose own prediction is sure of another genre is decided separately. The pooled genre
    must be the likeliest genre of at least half of the tracks; otherwise each track is decided
    by itself. Non-music gets no genre, and does not count for its album.

    Args:
        predictions: The predictions of the tracks.
        rules: The rules of the run.
        evidence: The evidence beside the sound, of the tracks that have any.

    """
    known = evidence or {}
    if no_music := {track: p for track, p in predictions.items() if p.sound}:
        music = {track: p for track, p in predictions.items() if not p.sound}
        return decide_together(music, rules, known) | {
            track: rules.decide(track, p) for track, p in no_music.items()
        }
    if rules.one_per_album and len(predictions) > 1:
        return _decide_as_one(predictions, rules, known)
    if len(predictions) < 2:
        return _decide_apart(predictions, rules, known)
    pooled = pool(list(predictions.values()), rules.pooling)
    apart = {
        track: own
        for track, own in predictions.items()
        if own.genre != pooled.genre and _is_sure(own, rules.track_thresholds)
    }
    decisions = _decide_apart(apart, rules, known)
    together = {track: p for track, p in predictions.items() if track not in apart}
    if len(together) < 2:
        return decisions | _decide_apart(together, rules, known)
    if apart:
        pooled = pool(list(together.values()), rules.pooling)
    chosen = rules.widened(pooled, rules.album_thresholds)
    if _has_majority(pooled, chosen, list(together.values()), rules):
        return decisions | _decide_alike(together, rules, known, pooled, chosen)
    return decisions | _decide_apart(together, rules, known)


def _decide_apart(
    predictions: Mapping[Track, Prediction],
    rules: DecisionRules,
    evidence: Mapping[Track, Evidence],
) -> dict[Track, Decision]:
    """Decide each track by its own prediction and evidence."""
    return {
        track: rules.decide(track, own, evidence=evidence.get(track))
        for track, own in predictions.items()
    }


def _decide_alike(
    tracks: Collection[Track],
    rules: DecisionRules,
    evidence: Mapping[Track, Evidence],
    pooled: Prediction,
    chosen: Prediction,
) -> dict[Track, Decision]:
    """Decide each track by the pooled prediction and its own evidence.

    Most tracks of an album have the genres and the evidence of the track before: the same decision.

    Args:
        tracks: The tracks behind the pooled prediction.
        rules: The rules, with their families.
        evidence: The evidence beside the sound.
        pooled: The prediction for the album.
        chosen: The same, or the prediction of families; see `DecisionRules.widened`.

    """
    decisions: dict[Track, Decision] = {}
    before: tuple[tuple[str, ...], Evidence | None] | None = None
    for track in tracks:
        own = track.tags.genres, evidence.get(track)
        if own != before:
            decision = rules.decide(track, pooled, len(tracks), own[1], chosen)
            before = own
        decisions[track] = decision
    return decisions


def _decide_as_one(
    predictions: Mapping[Track, Prediction],
    rules: DecisionRules,
    evidence: Mapping[Track, Evidence],
) -> dict[Track, Decision]:
    """Decide all tracks by the same prediction and evidence; without a majority, none is written.

    The evidence is that of most tracks, so that a guest on one track does not name the album.
    """
    own = list(predictions.values())
    pooled = pool(own, rules.pooling)
    known = [evidence.get(track) for track in sorted(predictions, key=lambda track: track.path)]
    shared = max(known, key=known.count)
    chosen = rules.widened(pooled, rules.album_thresholds)
    if shared is None and not _has_majority(pooled, chosen, own, rules):
        reason = "unsure: the tracks of the album differ, and tags.per_album wants one genre"
        return {
            track: Decision(Action.ABSTAIN, track.tags.genres, reason, None, pooled.confidence)
            for track in predictions
        }
    return {track: rules.decide(track, pooled, len(own), shared, chosen) for track in predictions}


def _has_majority(
    pooled: Prediction, chosen: Prediction, own: Sequence[Prediction], rules: DecisionRules
) -> bool:
    """Check that at least half of the tracks have the album's genre, or family, as likeliest.

    Args:
        pooled: The prediction for the album.
        chosen: The same, or the prediction of families; see `DecisionRules.widened`.
        own: The predictions for its tracks.
        rules: The rules, with their families.

    """
    genre = chosen.genre
    members = (genre,) if genre == pooled.genre else rules.families[genre]
    return 2 * sum(prediction.genre in members for prediction in own) >= len(own)


def _grounds(evidence: Evidence | None, sound: Prediction) -> Grounds:
    sound = sound.by_itself or sound
    heard = {sound.genre: round(sound.confidence, 4)}
    if evidence is None:
        return Grounds("sound", {}, heard)
    return Grounds(evidence.source, dict(evidence.counts), heard)


def _is_sure(prediction: Prediction, thresholds: Thresholds) -> bool:
    needed = thresholds[prediction.genre]
    return needed is not None and prediction.confidence >= needed
