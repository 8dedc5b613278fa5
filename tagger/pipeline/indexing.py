"""Indexing files: the tags of new and changed files are read by a worker, then stored.

An attempt is counted before a worker opens the file. A file that needs more time or memory than
the worker has is an outcome, and is left alone after some attempts until it changes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.analysis.attempts import Attempts, suspicion
from tagger.core.domain import Action, Outcome, Track, TrackTags
from tagger.errors import (
    CorruptTagsError,
    TagError,
    TaggerError,
    UnsupportedContainerError,
    WorkerError,
)
from tagger.library import absence, index, unfinished
from tagger.pipeline.operations import REMOVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from tagger.analysis.tag_jobs import TagJobs
    from tagger.library.index import Lookup
    from tagger.library.walk import Found
    from tagger.store import Failure, Store

AHEAD = 16
"""Files whose tags wait for the worker."""


@dataclass(frozen=True, slots=True)
class _Request:
    lookup: Lookup
    tags: Future[TrackTags]
    sound_given_up: bool
    """Whether the failure of the sound in an earlier run stays."""


def index_files(files: Iterable[Found], store: Store, jobs: TagJobs) -> Iterator[Track | Outcome]:
    """Yield each file as an indexed track, or the outcome of a file whose tags cannot be read.

    Files during whose reading tagger ended before come last and alone.

    Args:
        files: The files, as they are now.
        store: The state database.
        jobs: Reads the tags.

    Raises:
        WorkersUnusableError: no worker can be started.

    """
    yield from _Indexer(store, jobs).run(files)


class _Indexer:
    def __init__(self, store: Store, jobs: TagJobs) -> None:
        self._store = store
        self._jobs = jobs
        self._attempts = Attempts(store, jobs)

    def run(self, files: Iterable[Found]) -> Iterator[Track | Outcome]:
        waiting: deque[Track | Outcome | _Request] = deque()
        suspects: list[Lookup] = []
        try:
            for lookup in index.look_up_all(files, self._store):
                found = lookup.found
                track = lookup.current
                if track and track.tags.field == self._jobs.field:
                    waiting.append(track)
                elif unfinished.has_holes(found.path, found.identity.size):
                    reason = f"is still being written: {unfinished.HOLES}"
                    waiting.append(Outcome.undecided(found.path, Action.SKIP, reason))
                elif (failure := self._failure(found)) and _ended_workers(failure):
                    waiting.append(_failed(found, failure.error))
                elif suspicion(failure):
                    suspects.append(lookup)
                else:
                    given_up = failure is not None and failure.given_up
                    waiting.append(self._request(lookup, alone=False, sound_given_up=given_up))
                while waiting and (len(waiting) > AHEAD or not isinstance(waiting[0], _Request)):
                    yield self._result(waiting.popleft())
            while waiting:
                yield self._result(waiting.popleft())
            for lookup in suspects:
                yield self._result(self._request(lookup, alone=True))
        finally:
            self._attempts.abandon()

    def _failure(self, found: Found) -> Failure | None:
        return self._attempts.failure(found.path, found.identity)

    def _request(self, lookup: Lookup, *, alone: bool, sound_given_up: bool = False) -> _Request:
        found = lookup.found
        self._attempts.start(found.path, found.identity, alone=alone)
        return _Request(lookup, self._jobs.submit_read(found.path), sound_given_up)

    def _result(self, request: Track | Outcome | _Request) -> Track | Outcome:
        if not isinstance(request, _Request):
            return request
        found = request.lookup.found
        try:
            tags = self._attempts.result(found.path, request.tags)
        except (CorruptTagsError, UnsupportedContainerError):
            # the analysis names the fault of the file
            self._finished(request)
            return index.put_unreadable(request.lookup, self._jobs.field, self._store)
        except TagError as error:  # gone, or an error of the device: the next scan tries again
            self._attempts.withdraw(found.path)
            return _failed(found, error)
        except WorkerError as error:
            return _failed(found, error)
        self._finished(request)
        renewed = self._is_renewed(request.lookup, tags)
        return index.put(request.lookup, tags, self._store, renewed=renewed)

    def _finished(self, request: _Request) -> None:
        """Forget the failures of earlier attempts: the worker has read the file to its end."""
        path = request.lookup.found.path
        if not request.sound_given_up:
            self._store.failures.clear(path)
        self._attempts.succeeded(path)

    def _is_renewed(self, lookup: Lookup, tags: TrackTags) -> bool:
        """Return whether a file without its genre is a new copy of the original."""
        snapshot = index.lost_genre(lookup, tags, self._store)
        if snapshot is None:
            return False
        try:
            return self._jobs.is_restored(lookup.found.path, snapshot)
        except (TagError, WorkerError):
            return False


def _ended_workers(failure: Failure) -> bool:
    """Return whether a file was given up and ends the workers, perhaps the worker for tags."""
    return failure.given_up and isinstance(failure.error, WorkerError)


def _failed(found: Found, error: TaggerError) -> Outcome:
    action, reason = Action.ERROR, error.explanation
    if absence.was_removed(found.path, found.identity):
        action, reason = Action.SKIP, REMOVED
    return Outcome.undecided(found.path, action, reason)
