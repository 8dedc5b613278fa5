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
    from tagger.core.domain import Prediction, Track
    from tagger.core.evidence import Evidence
    from tagger.core.policy import Policy

SMALL_CHANGE = 0.03
"""A change of the confidence by the genres of the library that no reason names."""
Thresholds = Mapping[str, float | None]
"""The least confidence of a prediction for each genre; None if no confidence is enough."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A prediction of music for one track, as the policy decides on it."""

    existing: tuple[str, ...]
    """The genres in the file."""
    album_of: int
    """The number of tracks behind the prediction."""
    prediction: Prediction
    """Of the sound, or the posterior by evidence."""
    chosen: Prediction
    """The same, or the prediction of families; see `DecisionRules.widened`."""
    thresholds: Thresholds


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
        case = _Case(track.tags.genres, album_of, prediction, chosen, thresholds)
        if evidence is None:
            return self._by_sound(case, self._weighing(case))
        if not is_like_music(prediction):
            return self._by_sound(case, f"{evidence.text}, but the sound is like no music")
        return self._by_evidence(case, evidence)

    def _by_sound(self, case: _Case, note: str) -> Decision:
        return self._applied(case, note).with_grounds(_grounds(None, case.prediction))

    def _by_evidence(self, case: _Case, evidence: Evidence) -> Decision:
        """Decide by the posterior; abstain where the sound and the evidence contradict."""
        sound, existing = self.sound(case.chosen), case.existing
        sure = _is_sure(case.chosen, case.thresholds) and case.chosen.confidence >= SURE
        if sure and evidence.excludes(case.chosen.genre):
            decision = self.policy.contradicted(case.chosen, existing, f"{evidence.text}; {sound}")
            return decision.with_grounds(_grounds(evidence, case.chosen))
        weighed, needed = posterior(case.prediction, evidence), self._needed(evidence, case)
        chosen = self.widened(weighed, needed)
        evidence = evidence.on(chosen.genre)
        if evidence.is_disputed(chosen.genre, case.prediction):
            listed = [evidence.listed.text] if evidence.listed else []
            note = "; ".join((evidence.text, *listed, sound))
            decision = self.policy.contradicted(chosen, existing, note)
        else:
            weighed_case = _Case(existing, case.album_of, weighed, chosen, needed)
            decision = self._applied(weighed_case, f"{evidence.text}; {sound}")
        return decision.with_grounds(_grounds(evidence, case.prediction))

    def _applied(self, case: _Case, note: str) -> Decision:
        """Apply the policy to a case; `note` is the evidence for the reason."""
        chosen, probabilities = case.chosen, case.prediction.probabilities
        members = () if chosen is case.prediction else self.families[chosen.genre]
        return self.policy.decide(
            chosen,
            case.existing,
            case.thresholds,
            album_of=case.album_of,
            members={member: probabilities[member] for member in members},
            note=note,
        )

    def _weighing(self, case: _Case) -> str:
        """Return the text on what the genres of the library changed, "" for next to nothing."""
        before, chosen = case.prediction.by_itself, case.chosen
        if before is None:
            return ""
        alone = self.widened(before, case.thresholds)
        if (
            alone.genre == chosen.genre
            and _is_sure(alone, case.thresholds) == _is_sure(chosen, case.thresholds)
            and abs(alone.confidence - chosen.confidence) < SMALL_CHANGE
        ):
            return ""
        return f"{self._percent(alone)} without the rest of the library"

    def _needed(self, evidence: Evidence, case: _Case) -> Thresholds:
        """Return the thresholds of the posterior of a case.

        A genre that the evidence does not support needs as much as by the sound alone. A genre
        outside the model needs the highest threshold of the model then.
        """
        known = [need for need in case.thresholds.values() if need is not None]
        highest = max(known, default=None)
        return {
            genre: self.evidence_threshold
            if evidence.supports(self.families.get(genre, (genre,)))
            else case.thresholds.get(genre, highest)
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
    no_music = {track: rules.decide(track, p) for track, p in predictions.items() if p.sound}
    music = {track: p for track, p in predictions.items() if not p.sound}
    if len(music) < 2:
        return _apart(music, rules, known) | no_music
    album = _Album(music, rules, known)
    return (album.as_one() if rules.one_per_album else album.together()) | no_music


class _Album:
    """Two or more tracks of music of one album, and their pooled prediction."""

    def __init__(
        self,
        predictions: Mapping[Track, Prediction],
        rules: DecisionRules,
        evidence: Mapping[Track, Evidence],
    ) -> None:
        """Pool the predictions.

        Args:
            predictions: The predictions of the tracks.
            rules: The rules of the run.
            evidence: The evidence beside the sound, of the tracks that have any.

        """
        self._predictions = predictions
        self._rules = rules
        self._evidence = evidence
        self._pooled = pool(list(predictions.values()), rules.pooling)
        self._chosen = rules.widened(self._pooled, rules.album_thresholds)

    def together(self) -> dict[Track, Decision]:
        """Decide the tracks alike, but those that are sure of another genre by themselves."""
        apart = {
            track: own
            for track, own in self._predictions.items()
            if own.genre != self._pooled.genre and _is_sure(own, self._rules.track_thresholds)
        }
        rest = {track: p for track, p in self._predictions.items() if track not in apart}
        decisions = _apart(apart, self._rules, self._evidence)
        if len(rest) > 1:
            album = _Album(rest, self._rules, self._evidence) if apart else self
            if album.agrees():
                return decisions | album.alike()
        return decisions | _apart(rest, self._rules, self._evidence)

    def as_one(self) -> dict[Track, Decision]:
        """Decide all tracks by the same evidence; without a majority, none is written.

        The evidence is that of most tracks, so that a guest on one track does not name the album.
        """
        in_order = sorted(self._predictions, key=lambda track: track.path)
        known = [self._evidence.get(track) for track in in_order]
        shared = max(known, key=known.count)
        if shared is not None or self.agrees():
            return {track: self._decided(track, shared) for track in self._predictions}
        reason = "unsure: the tracks of the album differ, and tags.per_album wants one genre"
        confidence = self._pooled.confidence
        return {
            track: Decision(Action.ABSTAIN, track.tags.genres, reason, None, confidence)
            for track in self._predictions
        }

    def agrees(self) -> bool:
        """Return whether at least half of the tracks have the genre, or family, as likeliest."""
        genre = self._chosen.genre
        members = (genre,) if genre == self._pooled.genre else self._rules.families[genre]
        agreeing = sum(own.genre in members for own in self._predictions.values())
        return 2 * agreeing >= len(self._predictions)

    def alike(self) -> dict[Track, Decision]:
        """Decide each track by the pooled prediction and its own evidence.

        Most tracks have the genres and the evidence of the track before: the same decision.
        """
        decisions: dict[Track, Decision] = {}
        before: tuple[tuple[str, ...], Evidence | None] | None = None
        for track in self._predictions:
            own = track.tags.genres, self._evidence.get(track)
            if own != before:
                decision = self._decided(track, own[1])
                before = own
            decisions[track] = decision
        return decisions

    def _decided(self, track: Track, evidence: Evidence | None) -> Decision:
        number = len(self._predictions)
        return self._rules.decide(track, self._pooled, number, evidence, self._chosen)


def _apart(
    predictions: Mapping[Track, Prediction],
    rules: DecisionRules,
    evidence: Mapping[Track, Evidence],
) -> dict[Track, Decision]:
    """Decide each track by its own prediction and evidence."""
    return {
        track: rules.decide(track, own, evidence=evidence.get(track))
        for track, own in predictions.items()
    }


def _grounds(evidence: Evidence | None, sound: Prediction) -> Grounds:
    sound = sound.by_itself or sound
    likeliest = {sound.genre: round(sound.confidence, 4)}
    if evidence is None:
        return Grounds("sound", {}, likeliest)
    return Grounds(evidence.source, dict(evidence.counts), likeliest)


def _is_sure(prediction: Prediction, thresholds: Thresholds) -> bool:
    needed = thresholds[prediction.genre]
    return needed is not None and prediction.confidence >= needed
