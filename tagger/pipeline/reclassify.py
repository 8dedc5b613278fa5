"""Deciding again what tagger wrote, with another model, from what is remembered.

Only genres that stand in a file exactly as tagger left them are touched: what the user changed,
wrote before or took back stays. Nothing is decoded but what was never heard in the way that the
new model needs; and where the new model is unsure, the old genre stays.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.core.domain import Action, Decision, Prediction
from tagger.pipeline.operations import WRITES, outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tagger.analysis.analyzer import Analyzer
    from tagger.core.domain import Outcome, Track
    from tagger.inference import Model
    from tagger.pipeline.operations import Operation
    from tagger.store import JournalEntry, Store

BATCH = 500
"""Predictions that are kept at a time."""


def own(tracks: Iterable[Track], store: Store) -> dict[Track, tuple[str, ...]]:
    """Return the tracks that stand as tagger left them, with the genres they had before it."""
    written: dict[Path, list[JournalEntry]] = defaultdict(list)
    for entry in store.journal.done():
        written[entry.change.path].append(entry)
    return {
        track: _before(written[track.path])
        for track in tracks
        if track.path in written
        and written[track.path][-1].change.after == track.tags.genres
        and not store.corrections.has(track.path)
    }


def as_before(track: Track, before: tuple[str, ...]) -> Track:
    """Return a track as it was before tagger wrote into it, for rules."""
    return replace(track, tags=replace(track.tags, genres=before))


def predict(tracks: Iterable[Track], store: Store, model: Model, window: str) -> list[Track]:
    """Ask the model about every track whose features are remembered; return the others.

    `window` is `Listen.window`.
    """
    unheard: list[Track] = []
    found: list[tuple[str, Prediction]] = []
    for track in tracks:
        record = store.files.get(track.path)
        content = record.content_id if record else None
        if content is None or not content.endswith(window):
            unheard.append(track)
        elif not store.analyses.prediction(content, model.manifest.id):
            features = store.analyses.features(content, model.specs)
            if features:
                found.append((content, model.predict([features])[0]))
            else:
                unheard.append(track)
        if len(found) >= BATCH:
            _keep(found, store)
    _keep(found, store)
    return unheard


def hear(tracks: Sequence[Track], analyzer: Analyzer, ahead: int) -> None:
    """Listen to tracks; what failed is remembered and comes up when they are decided."""
    for start in range(0, len(tracks), ahead):
        part = tracks[start : start + ahead]
        asked = [analyzer.ask(track, alone=False) for track in part]
        for track, answer in zip(part, asked, strict=True):
            analyzer.answer(track, answer)


class Rewrite:
    """Carries a new decision out where it differs from what stands in the file."""

    def __init__(self, tracks: Iterable[Track], operation: Operation) -> None:
        """`tracks` are as they are now."""
        self._now: Mapping[Path, Track] = {track.path: track for track in tracks}
        self._operation = operation

    def refusal(self, track: Track) -> str | None:
        """See `Operation`."""
        return self._operation.refusal(self._now[track.path])

    def apply(self, track: Track, decision: Decision) -> Outcome:
        """See `Operation`."""
        now = self._now[track.path]
        stands = set(map(genres.key, now.tags.genres))
        if decision.action not in WRITES:
            keep = Action.KEEP if decision.action is Action.ABSTAIN else decision.action
            return outcome(now, replace(decision, action=keep, genres=now.tags.genres))
        if set(map(genres.key, decision.genres)) == stands:
            reason = f"{decision.reason}: already there"
            return outcome(
                now, replace(decision, action=Action.KEEP, genres=now.tags.genres, reason=reason)
            )
        return self._operation.apply(now, replace(decision, action=Action.SET))


def _before(entries: Sequence[JournalEntry]) -> tuple[str, ...]:
    """Go back over writes that follow on each other to what stood there before the first."""
    before = entries[-1].change.before
    for entry in reversed(entries[:-1]):
        if entry.change.after != before:
            break
        before = entry.change.before
    return before


def _keep(found: list[tuple[str, Prediction]], store: Store) -> None:
    with store.transaction():
        for content, prediction in found:
            store.analyses.predict(content, prediction)
    found.clear()
