"""A new decision on files that tagger wrote, by another model, from remembered features.

Only genres that are in a file exactly as tagger left them are decided again. Genres that the user
changed, wrote before or took back stay. A file is decoded only where the new model needs features
that are not remembered. Where the new model is unsure, the old genre stays.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.core.domain import Action, Decision
from tagger.pipeline.operations import outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tagger.analysis.analyzer import Analyzer
    from tagger.core.domain import Outcome, Track
    from tagger.pipeline.operations import Operation
    from tagger.store import JournalEntry, Store


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
    indexed = {track: store.files.get(track.path) or track for track in written}
    return Reclassification(
        tuple(
            _with_genres(now, written[track])
            for track, now in indexed.items()
            if analyzer.remembered(now)
        ),
        siblings,
        {now.path: now for now in indexed.values()},
        tuple(now for now in indexed.values() if not analyzer.remembered(now)),
    )


def written_tracks(tracks: Iterable[Track], store: Store) -> dict[Track, tuple[str, ...]]:
    """Return the tracks whose genres are as tagger left them, with the genres from before."""
    written: dict[tuple[Path, str], list[JournalEntry]] = defaultdict(list)
    for entry in store.journal.done():
        written[entry.change.path, entry.change.field].append(entry)
    return {
        track: _before(written[track.path, track.tags.field])
        for track in tracks
        if (track.path, track.tags.field) in written
        and written[track.path, track.tags.field][-1].change.after == track.tags.in_field
        and not store.corrections.has(track.path)
    }


class Rewrite:
    """Applies a new decision where it differs from the genres in the file."""

    def __init__(self, work: Reclassification, operation: Operation) -> None:
        self._now = work.now
        self._operation = operation

    def refusal(self, track: Track) -> str | None:
        """See `Operation`."""
        return self._operation.refusal(self._now[track.path])

    def apply(self, track: Track, decision: Decision) -> Outcome:
        """See `Operation`."""
        now = self._now[track.path]
        kept = replace(decision, action=Action.KEEP, genres=now.tags.genres)
        if not decision.action.writes:
            stays = decision.action in (Action.ABSTAIN, Action.KEEP)
            return outcome(now, kept if stays else replace(kept, action=decision.action))
        if set(map(genres.key, decision.genres)) == set(map(genres.key, now.tags.genres)):
            return outcome(now, replace(kept, reason=f"{decision.reason}: already there"))
        return self._operation.apply(now, replace(decision, action=Action.SET))


def _before(entries: Sequence[JournalEntry]) -> tuple[str, ...]:
    """Go back over writes that follow each other, to the genres before the first write."""
    before = entries[-1].change.before
    for entry in reversed(entries[:-1]):
        if entry.change.after != before:
            break
        before = entry.change.before
    return before


def _with_genres(track: Track, genres: tuple[str, ...]) -> Track:
    return replace(track, tags=track.tags.with_field(genres))


def skip_lost(work: Reclassification, operation: Operation) -> Iterator[Outcome]:
    """Yield the outcomes of the tracks whose sound cannot be analyzed again."""
    for track in work.lost:
        reason = "its sound could not be analyzed again"
        yield operation.apply(track, Decision(Action.SKIP, track.tags.genres, reason))
