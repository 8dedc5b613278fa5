"""Analyses of tracks: from the store where they are remembered, else by a worker process."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from tagger.analysis import worker
from tagger.analysis.attempts import Attempts, suspicion
from tagger.analysis.remembered import BLOCK, FromFeatures
from tagger.core.domain import AnalysisKey, Prediction
from tagger.errors import AudioError, TaggerError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tagger.analysis.pool import Pool
    from tagger.analysis.remembered import Block
    from tagger.core.domain import Track, Window
    from tagger.inference import Manifest
    from tagger.store import Failure, Store

AHEAD = 8
"""Tracks that wait for each worker, so that decoding and writing overlap."""


@dataclass(frozen=True, slots=True)
class Request:
    """One analysis that was asked for."""

    track: Track
    answer: Prediction | TaggerError | Future[worker.Analysis]
    """Known already, or under way in a worker."""


def _blocks(tracks: Iterable[Track]) -> Iterator[list[Track]]:
    left = iter(tracks)
    while some := list(islice(left, BLOCK)):
        yield some


class Analyzer:
    """Returns predictions of one model, from the store first, from workers second."""

    def __init__(
        self,
        store: Store,
        pool: Pool,
        bundle: Path,
        manifest: Manifest,
        window: Window,
    ) -> None:
        """Analyze with the model of one bundle.

        Args:
            store: Where analyses are remembered.
            pool: The worker processes.
            bundle: The folder of the model bundle.
            manifest: The manifest of that bundle.
            window: The part of a track that is decoded.

        """
        self._store = store
        self._pool = pool
        self._bundle = bundle
        self._model = manifest.id
        self._window, self._in_keys = window, str(window)
        self._from_features = FromFeatures(store, pool, bundle, manifest)
        self._attempts = Attempts(store, pool)
        self._failures: dict[Path, Failure | None] = {}
        """Failures that `suspicions` has looked up already."""
        self.ahead = AHEAD * pool.count
        """How many tracks may wait for workers."""

    def remembered(self, tracks: Iterable[Track]) -> dict[Track, Prediction]:
        """Return the stored predictions of this model for the sound of tracks."""
        keys = self._keys(tracks)
        if not keys:
            return {}
        known = self._store.analyses.predictions(keys.values(), self._model)
        return {track: known[name] for track, key in keys.items() if (name := str(key)) in known}

    def predicted(self, tracks: Iterable[Track]) -> set[Track]:
        """Return the tracks for whose sound a prediction of this model is stored."""
        found: set[Track] = set()
        for some in _blocks(tracks):
            keys = self._keys(some)
            known = self._store.analyses.predicted(keys.values(), self._model)
            found.update(track for track, key in keys.items() if str(key) in known)
        return found

    def suspicions(self, tracks: Iterable[Track]) -> dict[Track, int]:
        """Return how often tagger ended during an analysis of tracks; the others are left out.

        To be asked before the analyses are requested.
        """
        found = {}
        for some in _blocks(tracks):
            failures = self._attempts.failures(some)
            for track in some:
                failure = self._failures[track.path] = failures.get(track)
                if rate := suspicion(failure):
                    found[track] = rate
        return found

    def request(
        self,
        track: Track,
        *,
        again: bool = False,
        alone: bool = True,
        known: Prediction | None = None,
    ) -> Request:
        """Begin an analysis.

        Args:
            track: The track.
            again: Ignore the remembered analysis.
            alone: Nothing else is under way, so that the track itself is to blame if tagger ends.
            known: The prediction, if `remembered` has found it.

        """
        if not again:
            if answer := self._given_up(track) or known or self.remembered([track]).get(track):
                return Request(track, answer)
            key = self._keys([track]).get(track)
            if key and (under_way := self._from_features.begin_one(key)):
                return Request(track, under_way)
        self._attempts.start(track.path, track.identity, alone=alone)
        future = self._pool.submit(worker.analyze, track.path, self._bundle, self._window)
        return Request(track, future)

    def result(self, request: Request) -> Prediction | TaggerError:
        """Wait for an analysis, and remember it.

        Raises `ModelError` when the model cannot be run: no other track would fare better.
        """
        track, answer = request.track, request.answer
        if not isinstance(answer, Future):
            return answer
        try:
            analysis = self._attempts.result(track.path, answer)
        except (AudioError, WorkerError) as error:
            return error
        key = AnalysisKey(analysis.content, self._in_keys)
        with self._store.transaction():
            self._store.failures.clear(track.path)
            self._store.analyses.put_features(key, analysis.features)
            self._store.analyses.put_prediction(key, analysis.prediction)
            self._store.files.set_content(track, key)
        self._attempts.succeeded(track.path)
        return analysis.prediction

    def remember(self, tracks: Iterable[Track], *, decode: bool) -> None:
        """Make this model's predictions of many tracks remembered, block by block.

        Args:
            tracks: The tracks; failures are recorded and come up when the tracks are decided.
            decode: Decode tracks without remembered features; else leave them out.

        """
        blocks: deque[Block] = deque()
        waiting: deque[Request] = deque()
        for some in _blocks(tracks):
            tried = self._not_given_up(some) if decode else some
            keys = self._keys(tried)
            block, others = self._from_features.begin(keys)
            blocks += [block] if block else []
            for track in [*others, *(t for t in tried if t not in keys)] if decode else ():
                waiting.append(self.request(track, alone=False))
                if len(waiting) > self.ahead:
                    self.result(waiting.popleft())
            if len(blocks) > self._from_features.ahead:
                self._finish(blocks.popleft())
        for block in blocks:
            self._finish(block)
        for request in waiting:
            self.result(request)

    def _not_given_up(self, tracks: Sequence[Track]) -> list[Track]:
        failures = self._attempts.failures(tracks)
        return [t for t in tracks if t not in failures or not failures[t].given_up]

    def _finish(self, block: Block) -> None:
        """Finish a block; after the end of its worker, each track has a task of its own."""
        try:
            self._from_features.finish(block)
        except WorkerError:
            for track in block.tracks:
                self.result(self.request(track))

    def abandon(self) -> None:
        """Blame no file for an end that was asked for."""
        self._attempts.abandon()

    def _given_up(self, track: Track) -> TaggerError | None:
        if track.path in self._failures:
            failure = self._failures.pop(track.path)
        else:
            failure = self._attempts.failure(track.path, track.identity)
        return failure.error if failure and failure.given_up else None

    def _keys(self, tracks: Iterable[Track]) -> dict[Track, AnalysisKey]:
        """Return the keys of the tracks whose sound is known in this window."""
        return {t: t.content for t in tracks if t.content and t.content.window == self._in_keys}
