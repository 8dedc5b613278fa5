"""The way of a file: found, looked at, heard with its album, decided, carried out.

`scan`, the daemon and a dry run share this one way. They differ in where files come from
and in the operation that carries decisions out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tagger.analysis.analyzer import Analyzer
from tagger.core import albums
from tagger.core.decide import DecisionRules, decide_together
from tagger.core.domain import Action, Decision, Prediction
from tagger.errors import (
    MovingPictureError,
    NarrowBandError,
    SilentError,
    TaggerError,
    TooShortError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tagger.analysis.analyzer import Asked
    from tagger.analysis.pool import WorkerPool
    from tagger.config import Settings
    from tagger.core.domain import Outcome, Track
    from tagger.inference import Manifest
    from tagger.pipeline.operations import Operation
    from tagger.store import Store

    _Together = tuple[tuple[Track, ...], tuple[Track, ...]]
    """Tracks of one album that are to be decided, and the others of it."""

NOTHING_TO_HEAR = (TooShortError, SilentError, MovingPictureError, NarrowBandError)
"""Errors that say something about the music rather than about the file."""
AHEAD = 8
"""Tracks that wait for each worker, so that writing and listening overlap."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Tracks that are decided together, with what is known and what was asked."""

    tracks: tuple[Track, ...]
    company: tuple[Track, ...]
    """More of the album, of which only what is remembered of them counts."""
    settled: Mapping[Track, Decision]
    asked: Mapping[Track, Asked]


class Pipeline:
    """Decides tracks and carries the decisions out."""

    def __init__(
        self,
        store: Store,
        analyzer: Analyzer,
        rules: DecisionRules,
        operation: Operation,
        ahead: int,
    ) -> None:
        """`ahead` bounds how many tracks are listened to before their turn to be decided."""
        self._store = store
        self._analyzer = analyzer
        self._rules = rules
        self._operation = operation
        self._ahead = ahead

    @classmethod
    def of(
        cls,
        settings: Settings,
        store: Store,
        workers: WorkerPool,
        manifest: Manifest,
        operation: Operation,
    ) -> Self:
        """Put it together as the settings say, for the bundle that `manifest` is of."""
        bundle = settings.model.bundle.folder
        analyzer = Analyzer(store, workers, bundle, manifest, settings.listen)
        rules = DecisionRules.of(settings, manifest)
        return cls(store, analyzer, rules, operation, AHEAD * workers.count)

    def run(
        self, tracks: Iterable[Track], *, company: Iterable[Track] = (), again: bool = False
    ) -> Iterator[Outcome]:
        """Yield what became of each track, album by album.

        `company` are tracks that were decided before and only speak for their albums.
        `again` listens anew, whatever is remembered. Raises `ModelError` when the model
        cannot be run; what failed on single files is among the outcomes.
        """
        try:
            yield from self._run(self._grouped(tracks, company), again=again)
        finally:
            self._analyzer.abandon()

    def _run(self, groups: Iterable[_Together], *, again: bool) -> Iterator[Outcome]:
        waiting: deque[_Group] = deque()
        under_way = 0
        for together in sorted(groups, key=lambda group: self._suspicion(group[0])):
            alone = self._suspicion(together[0]) > 0
            while waiting and (alone or under_way > self._ahead):
                under_way -= len(waiting[0].asked)
                yield from self._finish(waiting.popleft())
            group = self._begun(*together, again=again, alone=alone)
            waiting.append(group)
            under_way += len(group.asked)
        while waiting:
            yield from self._finish(waiting.popleft())

    def _suspicion(self, group: tuple[Track, ...]) -> int:
        """Return how often tagger ended while it listened to one of these, 0 for never.

        What was under way when it ended is heard last and one by one, so that a file which
        brings it down is found out and its neighbours are not blamed.
        """
        return max(self._analyzer.suspicion(track) for track in group)

    def _begun(
        self, group: tuple[Track, ...], company: tuple[Track, ...], *, again: bool, alone: bool
    ) -> _Group:
        settled = self._settled(group)
        asked: dict[Track, Asked] = {}
        for track in group:
            if track not in settled:
                asked[track] = self._analyzer.ask(track, again=again, alone=alone)
                if alone:
                    asked[track] = self._analyzer.answer(track, asked[track])
        return _Group(group, company, settled, asked)

    def _grouped(self, tracks: Iterable[Track], company: Iterable[Track]) -> list[_Together]:
        wanted = dict.fromkeys(tracks)
        if not self._rules.albums_together:
            return [((track,), ()) for track in wanted]
        groups = [
            (
                tuple(track for track in album if track in wanted),
                tuple(track for track in album if track not in wanted),
            )
            for album in albums.group([*wanted, *company])
        ]
        return [group for group in groups if group[0]]

    def _settled(self, group: tuple[Track, ...]) -> dict[Track, Decision]:
        """Decide what needs no listening: by the rules, or because it would not be written."""
        settled: dict[Track, Decision] = {}
        for track in group:
            corrected = self._store.corrections.has(track.path)
            decision = self._rules.policy.without_audio(track.tags.genres, corrected=corrected)
            if decision is None and (reason := self._operation.refusal(track)):
                decision = Decision(Action.SKIP, track.tags.genres, reason)
            if decision is not None:
                settled[track] = decision
        return settled

    def _finish(self, group: _Group) -> Iterator[Outcome]:
        answers = {track: self._analyzer.answer(track, a) for track, a in group.asked.items()}
        predictions = {t: a for t, a in answers.items() if isinstance(a, Prediction)}
        if predictions:
            predictions |= self._remembered([*group.settled, *group.company])
        decided = decide_together(predictions, self._rules)
        for track in group.tracks:
            decision = (
                group.settled.get(track) or decided.get(track) or _unheard(track, answers[track])
            )
            yield self._operation.apply(track, decision)

    def _remembered(self, tracks: Iterable[Track]) -> dict[Track, Prediction]:
        """Return what was heard earlier of tracks: it still speaks for their album."""
        heard = {track: self._analyzer.remembered(track) for track in tracks}
        return {track: prediction for track, prediction in heard.items() if prediction}


def _unheard(track: Track, answer: Prediction | TaggerError) -> Decision:
    action = Action.SKIP if isinstance(answer, NOTHING_TO_HEAR) else Action.ERROR
    reason = answer.reason if isinstance(answer, TaggerError) else "was not decided"
    return Decision(action, track.tags.genres, reason)
