"""Analyses of tracks: from the store where they are remembered, else by a worker process.

An attempt is counted before a worker opens the file, so that a file which ends the whole machine
is tried three times at most. Scan, daemon, reclassify and training share this one failure policy.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tagger.analysis import worker
from tagger.analysis.remembered import BLOCK, FromFeatures
from tagger.core.domain import AnalysisKey, Prediction
from tagger.errors import AudioError, TaggerError, UnreadableError, WorkerError
from tagger.features import later
from tagger.system import interrupts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tagger.analysis.pool import Pool
    from tagger.analysis.remembered import Block
    from tagger.core.domain import FileIdentity, Track, Window
    from tagger.inference import Manifest
    from tagger.store import Failure, Store

T = TypeVar("T")

AHEAD = 8
"""Tracks that wait for each worker, so that decoding and writing overlap."""


@dataclass(frozen=True, slots=True)
class Request:
    """One analysis that was asked for."""

    track: Track
    answer: Prediction | TaggerError | Future[worker.Analysis]
    """Known already, or under way in a worker."""


class Workers(Protocol):
    """Whatever waits for a worker's answer about a file."""

    def result(self, future: Future[Any], path: Path) -> Any:
        """Return the answer, or raise the error of the file or the worker."""
        ...


class Attempts:
    """Counts attempts on files before workers begin, and records how each ended."""

    def __init__(self, store: Store, workers: Workers) -> None:
        self._store = store
        self._workers = workers
        self._under_way: dict[Path, tuple[FileIdentity, bool]] = {}
        """Files in workers with their states, and whether an attempt was counted already."""

    def failure(self, path: Path, identity: FileIdentity) -> Failure | None:
        """Return the failure of a file in this state."""
        return _of(identity, self._store.failures.get(path))

    def start(self, path: Path, identity: FileIdentity, *, alone: bool) -> None:
        """Count an attempt before a worker opens the file.

        Args:
            path: The file.
            identity: Its state; a failure counts for this state alone.
            alone: No other file is in a worker, so this file takes the blame for a crash.

        """
        with interrupts.deferred_signals():
            self._store.failures.start_attempt(path, identity, blamed=alone)
            self._under_way[path] = identity, alone

    def result(self, path: Path, future: Future[T]) -> T:
        """Wait for a worker; an error of the file is recorded, then raised.

        Raises:
            AudioError: the file cannot be decoded.
            WorkerError: the worker died or ran out of time.

        """
        try:
            answer: T = self._workers.result(future, path)
        except (AudioError, WorkerError) as error:
            if isinstance(error, UnreadableError) and not os.path.exists(path):  # noqa: PTH110 - raises no error
                self.withdraw(path)  # its disk is away
            else:
                self._failed(path, error)
            raise
        return answer

    def withdraw(self, path: Path) -> None:
        """Withdraw the attempt: the file did not fail."""
        with interrupts.deferred_signals():
            _, counted = self._under_way.pop(path)
            self._store.failures.withdraw_attempt(path, attempts=int(counted))

    def succeeded(self, path: Path) -> None:
        """Release a file; to be called after its failure was cleared.

        Not before: an interrupt in between must not blame the file.
        """
        self._under_way.pop(path, None)

    def abandon(self) -> None:
        """Blame no file for an end that was asked for."""
        for path, (_, blamed) in self._under_way.items():
            self._store.failures.withdraw_attempt(path, attempts=int(blamed))
        self._under_way.clear()

    def _failed(self, path: Path, error: TaggerError) -> None:
        with interrupts.deferred_signals():
            if started := self._under_way.pop(path, None):
                identity, counted = started
                self._store.failures.record_failure(path, identity, error, counted=counted)


def suspicion(failure: Failure | None) -> int:
    """Return how often tagger ended during work on a file, 0 for never or no longer of interest."""
    return 0 if failure is None or failure.given_up else failure.attempts + 1


def _of(identity: FileIdentity, failure: Failure | None) -> Failure | None:
    """Return a failure if it is of this state of the file."""
    return failure if failure and failure.identity == identity else None


def _blocks(tracks: Iterable[Track]) -> Iterator[list[Track]]:
    left = iter(tracks)
    while some := list(islice(left, BLOCK)):
        yield some


def _given_up(failure: Failure | None, identity: FileIdentity) -> bool:
    current = _of(identity, failure)
    return current is not None and current.given_up


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
        self._specs = tuple(manifest.inputs.values())
        self._later = tuple(map(later, self._specs))
        self._window, self._in_keys = window, str(window)
        self._from_features = FromFeatures(store, pool, bundle, manifest)
        self._attempts = Attempts(store, pool)
        self._failures: dict[Path, Failure | None] = {}
        """Failures that `suspicion` has looked up already."""
        self.ahead = AHEAD * pool.count
        """How many tracks may wait for workers."""

    def remembered(self, tracks: Iterable[Track]) -> dict[Track, Prediction]:
        """Return the stored predictions of this model for the sound of tracks."""
        keys = {track: key for track in tracks if (key := self._key(track))}
        if not keys:
            return {}
        known = self._store.analyses.predictions(keys.values(), self._model)
        return {track: known[name] for track, key in keys.items() if (name := str(key)) in known}

    def predicted(self, tracks: Iterable[Track]) -> set[Track]:
        """Return the tracks for whose sound a prediction of this model is stored."""
        found: set[Track] = set()
        for some in _blocks(tracks):
            keys = {track: key for track in some if (key := self._key(track))}
            known = self._store.analyses.predicted(keys.values(), self._model)
            found.update(track for track, key in keys.items() if str(key) in known)
        return found

    def suspicions(self, tracks: Iterable[Track]) -> dict[Track, int]:
        """Return how often tagger ended during an analysis of tracks; the others are left out.

        To be asked before the analyses are requested.
        """
        found = {}
        for some in _blocks(tracks):
            failures = self._store.failures.among(track.path for track in some)
            for track in some:
                failure = _of(track.identity, failures.get(track.path))
                self._failures[track.path] = failure
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
            if answer := self._given_up(track) or known or self._remembered(track):
                return Request(track, answer)
            if request := self._predicted(track):
                return request
        self._attempts.start(track.path, track.identity, alone=alone)
        future = self._pool.submit(worker.analyze, track.path, self._bundle, self._window)
        return Request(track, future)

    def _remembered(self, track: Track) -> Prediction | None:
        return self.remembered([track]).get(track)

    def _predicted(self, track: Track) -> Request | None:
        """Begin a prediction from remembered features, if they are there."""
        if (key := self._key(track)) is None:
            return None
        known = self._store.analyses.packed([key], self._specs, self._later)
        if (features := known.get(str(key))) is None:
            return None
        future = self._pool.submit(worker.predict, key.content, features, self._bundle)
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
            keys = {track: key for track in tried if (key := self._key(track))}
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
        failures = self._store.failures.among(track.path for track in tracks)
        return [t for t in tracks if not _given_up(failures.get(t.path), t.identity)]

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

    def _key(self, track: Track) -> AnalysisKey | None:
        key = track.content
        return key if key and key.window == self._in_keys else None
