"""A new decision on files that tagger wrote, by another model, from remembered features.

Only genres that are in a file exactly as tagger left them are decided again. Genres that the user
changed, wrote before or took back stay. A file is decoded only where the new model needs features
that are not remembered. Where the new model is unsure, the old genre stays.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.core.domain import Action, Decision, Outcome, Track
from tagger.core.policy import is_among
from tagger.evidence.owned import before_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tagger.analysis.analyzer import Analyzer
    from tagger.pipeline.operations import Operation
    from tagger.store import Store

    _Edit = tuple[tuple[str, ...], tuple[str, ...]]
    """The genres before and after a write."""


@dataclass(frozen=True, slots=True)
class Reclassification:
    """The tracks of one reclassification."""

    tracks: tuple[Track, ...]
    """With the genres from before tagger wrote, for deciding."""
    siblings: tuple[Track, ...]
    """Further tracks, which only count for their albums."""
    now: Mapping[Path, Track]
    """The tracks with the genres that are in the files now."""
    lost: tuple[Track, ...]
    """Tracks whose sound cannot be analyzed again."""


def prepare(tracks: Sequence[Track], store: Store, analyzer: Analyzer) -> Reclassification:
    """Find the tracks that tagger wrote, and analyze them.

    Args:
        tracks: All tracks that were found.
        store: The state database.
        analyzer: The analyzer of the new model.

    """
    written = written_tracks(tracks, store)
    siblings = tuple(track for track in tracks if track not in written)
    analyzer.remember(siblings, decode=False)
    analyzer.remember(written, decode=True)
    predicted = analyzer.predicted(written)
    now = {track: track if track in predicted else _indexed(track, store) for track in written}
    predicted |= analyzer.predicted(set(now.values()) - predicted)
    return Reclassification(
        tuple(
            replace(indexed, tags=indexed.tags.with_field(written[track]))
            for track, indexed in now.items()
            if indexed in predicted
        ),
        siblings,
        {indexed.path: indexed for indexed in now.values()},
        tuple(indexed for indexed in now.values() if indexed not in predicted),
    )


def _indexed(track: Track, store: Store) -> Track:
    """Return a track with the sound that an analysis has stored since."""
    return store.files.get(track.path) or track


def written_tracks(tracks: Iterable[Track], store: Store) -> dict[Track, tuple[str, ...]]:
    """Return the tracks whose genres are as tagger left them, with the genres from before."""
    written: dict[tuple[bytes, str], list[_Edit]] = defaultdict(list)
    for path, field, before, after in store.journal.edits():
        written[path, field].append((before, after))
    corrected = store.corrections.paths()
    return {
        track: before_all(edits)
        for track in tracks
        if (edits := written.get((os.fsencode(track.path), track.tags.field)))
        and edits[-1][1] == track.tags.in_field
        and track.path not in corrected
    }


class Rewrite:
    """Applies a new decision where it differs from the genres in the file."""

    def __init__(self, work: Reclassification, operation: Operation) -> None:
        self._now = work.now
        self._operation = operation

    def apply(self, track: Track, decision: Decision) -> Outcome:
        """See `Operation`."""
        now = self._now[track.path]
        if not decision.action.writes:
            stays = decision.action in (Action.ABSTAIN, Action.KEEP)
            return _kept(now, replace(decision, action=Action.KEEP if stays else decision.action))
        present = now.tags.genres
        same = genres.keys(decision.genres) == genres.keys(present)
        if same or is_among(present, decision.among):
            reason = f"{decision.reason}: already there"
            return _kept(now, replace(decision, action=Action.KEEP, reason=reason))
        return self._operation.apply(now, replace(decision, action=Action.SET))


def _kept(now: Track, decision: Decision) -> Outcome:
    """Return the outcome of a decision that leaves the genres in the file."""
    return Outcome.of(now, replace(decision, genres=now.tags.genres))


def skip_lost(work: Reclassification, operation: Operation) -> Iterator[Outcome]:
    """Yield the outcomes of the tracks whose sound cannot be analyzed again."""
    for track in work.lost:
        reason = "its sound could not be analyzed again"
        yield operation.apply(track, Decision(Action.SKIP, track.tags.genres, reason))
