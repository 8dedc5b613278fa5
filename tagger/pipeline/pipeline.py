"""The way of tracks: analyzed with their album, decided, and the decision applied.

Scan, daemon and dry run share this way. They differ in the source of the files and in the
operation that applies decisions. Tracks from all over the library are analyzed first, since their
sound shows its genres.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.analysis.remembered import BLOCK
from tagger.core import albums
from tagger.core.decide import decide_together
from tagger.core.domain import Action, Decision, Prediction
from tagger.errors import TaggerError
from tagger.library import absence
from tagger.library.mixtures import SAMPLE
from tagger.pipeline.operations import REMOVED, unwritable
from tagger.store.failures import NOT_MUSIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tagger.analysis.analyzer import Analyzer, Request
    from tagger.core.domain import Outcome, Track
    from tagger.core.evidence import Evidence
    from tagger.pipeline.build import Basis
    from tagger.pipeline.operations import Operation

    _Together = tuple[tuple[Track, ...], tuple[Track, ...]]
    """Tracks of one album that are to be decided, and the siblings that only count for it."""
    _Rated = tuple[int, _Together]
    """With how often tagger ended during an analysis of one of the tracks."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """The rows of a block of tracks, read with one query of each kind."""

    decided: Mapping[Track, Decision]
    """Decisions that needed no audio."""
    evidence: Mapping[Track, Evidence]
    known: Mapping[Track, Prediction]
    """Remembered predictions of the other tracks."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Tracks that are decided together, with the requests and answers so far."""

    tracks: tuple[Track, ...]
    siblings: tuple[Track, ...]
    ahead: _Ahead
    requests: dict[Track, Request]
    answers: dict[Track, Prediction | TaggerError]


class Pipeline:
    """Decides tracks and applies the decisions."""

    def __init__(self, basis: Basis, analyzer: Analyzer, operation: Operation) -> None:
        """Connect the parts of one run.

        Args:
            basis: What the decisions rest on.
            analyzer: Returns the predictions.
            operation: Applies the decisions.

        Raises:
            ConfigError: the user's list of artists cannot be read.

        """
        self._store = basis.store
        self._rules = basis.rules
        self._options = basis.options
        self._evidence = basis.evidence
        self._mixtures = basis.mixtures
        self._analyzer = analyzer
        self._operation = operation

    def run(
        self,
        tracks: Iterable[Track],
        *,
        siblings: Iterable[Track] = (),
        again: bool = False,
        related: bool = False,
        analyzed: Callable[[int], None] | None = None,
    ) -> Iterator[Outcome]:
        """Yield the outcome of each track, album by album.

        Args:
            tracks: The tracks to decide.
            siblings: Tracks that were decided before; their predictions count for their albums.
            again: Analyze again, whatever is remembered.
            related: Decide the unsure files of the same artists as well, where the owner gave one
                of the tracks a genre.
            analyzed: Takes the number of tracks from all over the library that were analyzed before
                the first outcome. Without it, the store shows the genres of the library alone.

        Raises:
            ModelError: the model cannot be run. Failures of single files are outcomes.

        """
        self._evidence.prepare()
        tracks = list(tracks)
        if related:
            tracks += self._evidence.unsure(tracks)
        try:
            rest = self._by_suspicion(self._grouped(tracks, siblings))
            held: list[_Group] = []
            if analyzed and not self._mixtures.is_off:
                first, rest = _spread(rest)
                number = 0
                for group in self._answered(first, again=again):
                    held.append(group)
                    number += len(group.tracks)
                    analyzed(number)
            self._mixtures.renew()
            for group in itertools.chain(held, self._answered(rest, again=again)):
                yield from self._finish(group)
        finally:
            self._analyzer.abandon()

    def _answered(self, rated: Iterable[_Rated], *, again: bool) -> Iterator[_Group]:
        """Analyze groups, several at the same time, and yield each with its answers."""
        waiting: deque[_Group] = deque()
        under_way = 0
        for alone, block in _blocks(rated):
            ahead = self._read_ahead(track for tracks, _ in block for track in tracks)
            for tracks, siblings in block:
                group = _Group(tracks, siblings, ahead, {}, {})
                while waiting and (alone or under_way > self._analyzer.ahead):
                    under_way -= len(waiting[0].requests)
                    yield self._answer(waiting.popleft())
                self._begin(group, again=again, alone=alone)
                waiting.append(group)
                under_way += len(group.requests)
        while waiting:
            yield self._answer(waiting.popleft())

    def _answer(self, group: _Group) -> _Group:
        for track, request in group.requests.items():
            group.answers[track] = self._analyzer.result(request)
        return group

    def _by_suspicion(self, groups: Iterable[_Together]) -> list[_Rated]:
        """Sort groups by how often tagger ended during an analysis of one of their tracks.

        Such tracks come last and alone: a file that ends the process is found out, and no
        other file takes the blame.
        """
        groups = list(groups)
        found = self._analyzer.suspicions(track for group, _ in groups for track in group)
        rated = [(max(found.get(track, 0) for track in group[0]), group) for group in groups]
        return sorted(rated, key=lambda item: item[0])

    def _read_ahead(self, block: Iterable[Track]) -> _Ahead:
        """Read what the decisions on a block of tracks need."""
        tracks = list(block)
        decided = self._without_audio(tracks)
        undecided = [track for track in tracks if track not in decided]
        known = self._analyzer.remembered(undecided)
        return _Ahead(decided, self._evidence.of_all(undecided), known)

    def _begin(self, group: _Group, *, again: bool, alone: bool) -> None:
        for track in group.tracks:
            if track not in group.ahead.decided:
                known = group.ahead.known.get(track)
                request = self._analyzer.request(track, again=again, alone=alone, known=known)
                if alone:  # at once, so that the next track of the album is alone as well
                    group.answers[track] = self._analyzer.result(request)
                else:
                    group.requests[track] = request

    def _grouped(self, tracks: Iterable[Track], siblings: Iterable[Track]) -> list[_Together]:
        wanted = dict.fromkeys(tracks)
        if not self._rules.albums_together:
            return [((track,), ()) for track in wanted]
        groups = [
            (
                tuple(track for track in album if track in wanted),
                tuple(track for track in album if track not in wanted),
            )
            for album in albums.group([*wanted, *siblings])
        ]
        return [group for group in groups if group[0]]

    def _without_audio(self, tracks: Sequence[Track]) -> dict[Track, Decision]:
        """Decide by the policy alone, or because the file must not be written."""
        corrected = self._store.corrections.among([track.path for track in tracks])
        decided = {
            track: decision
            for track in tracks
            if (
                decision := self._rules.policy.without_audio(
                    track.tags.genres,
                    corrected=track.path in corrected,
                    spoken=track.tags.spoken,
                )
            )
        }
        open_ = [track for track in tracks if track not in decided]
        return decided | {
            track: Decision(Action.SKIP, track.tags.genres, reason)
            for track, reason in unwritable(open_, self._options).items()
        }

    def _finish(self, group: _Group) -> Iterator[Outcome]:
        answers = group.answers
        predictions = {t: a for t, a in answers.items() if isinstance(a, Prediction)}
        if predictions:
            # earlier predictions still count for the album
            before = [track for track in group.tracks if track not in answers]
            predictions |= self._analyzer.remembered([*before, *group.siblings])
        known = group.ahead.evidence
        evidence = {track: known[track] for track in group.tracks if track in known}
        if not evidence:
            predictions = self._mixtures.weighed(predictions)
        decisions = decide_together(predictions, self._rules, evidence)
        for track in group.tracks:
            decision = decisions.get(track) if track in answers else group.ahead.decided[track]
            yield self._operation.apply(track, decision or _failed(track, answers[track]))


def _spread(rated: Sequence[_Rated]) -> tuple[list[_Rated], list[_Rated]]:
    """Return groups from all over a library with about `SAMPLE` tracks, and the other groups."""
    number = sum(len(group[0]) for suspicion, group in rated if not suspicion)
    step = max(1, -(-number // SAMPLE))
    first = [one for place, one in enumerate(rated) if not one[0] and place % step == 0]
    rest = [one for place, one in enumerate(rated) if one[0] or place % step]
    return first, rest


def _blocks(rated: Iterable[_Rated]) -> Iterator[tuple[bool, list[_Together]]]:
    """Yield groups of about `BLOCK` tracks together, or a suspicious group alone."""
    block: list[_Together] = []
    tracks = 0
    for suspicion, group in rated:
        alone = suspicion > 0
        if block and (alone or tracks >= BLOCK):
            yield False, block
            block, tracks = [], 0
        if alone:
            yield True, [group]
        else:
            block.append(group)
            tracks += len(group[0])
    if block:
        yield False, block


def _failed(track: Track, answer: Prediction | TaggerError) -> Decision:
    if absence.was_removed(track.path, track.identity):
        return Decision(Action.SKIP, track.tags.genres, REMOVED)
    action = Action.SKIP if isinstance(answer, NOT_MUSIC) else Action.ERROR
    reason = answer.explanation if isinstance(answer, TaggerError) else "was not decided"
    return Decision(action, track.tags.genres, reason)
