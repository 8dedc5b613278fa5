"""Attempts on files: counted before a worker opens a file, and recorded by their ends.

So a file which ends the whole machine is tried three times at most. Scan, daemon, reclassify and
training share this one failure policy, for tags and for sound.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tagger.errors import AudioError, TaggerError, UnreadableError, WorkerError
from tagger.system import interrupts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from tagger.core.domain import FileIdentity, Track
    from tagger.store import Failure, Store

T = TypeVar("T")


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

    def failures(self, tracks: Sequence[Track]) -> dict[Track, Failure]:
        """Return the failures of tracks in their states; the other tracks are left out."""
        known = self._store.failures.among(track.path for track in tracks)
        return {t: found for t in tracks if (found := _of(t.identity, known.get(t.path)))}

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
