"""The dispatcher: runs the queue's files through the pipeline in batches."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from tagger.core.domain import Action, FileIdentity, Outcome
from tagger.daemon.host.logs import log
from tagger.daemon.watch.stability import status_of
from tagger.errors import StoreError, TaggerError, WorkerCrashedError
from tagger.library import siblings
from tagger.library.walk import Found
from tagger.pipeline import build
from tagger.pipeline.indexing import index_files
from tagger.pipeline.operations import KeepUndone, Write
from tagger.pipeline.pipeline import Pipeline
from tagger.system.leases import open_for_writing

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import Track
    from tagger.daemon.burst import Burst
    from tagger.daemon.intake import Intake
    from tagger.daemon.status.state import DaemonState
    from tagger.daemon.worker_pool import PoolOnDemand
    from tagger.store import Job, Store

FIRST_BATCH = 8
"""Files in the first batch of a burst; a file is written when the tags of its batch are read."""
LARGEST_BATCH = 128
"""Files in a later batch at most; their analyses are in memory at the same time."""
BATCH_GROWTH = 4
"""The factor from each batch of a burst to the next."""
MAY_HAVE_CHANGED = (Action.ERROR, Action.SKIP)
"""The outcomes of a file that may have changed during its analysis."""
PAUSE = 30.0
"""Seconds to wait after a failed batch."""


class Dispatcher:
    """Processes the files in the queue."""

    def __init__(
        self,
        store: Store,
        state: DaemonState,
        intake: Intake,
        burst: Burst,
        pool: PoolOnDemand,
    ) -> None:
        """Put the files of a killed daemon back into the queue.

        Args:
            store: Contains the queue.
            state: Shown to the user.
            intake: Tracks files that change again.
            burst: Counts the outcomes.
            pool: Starts the workers.

        """
        self._store = store
        self._state = state
        self._intake = intake
        self._burst = burst
        self._pool = pool
        self._pause_until = 0.0
        self._batch = FIRST_BATCH
        store.queue.give_back()
        state.queue = store.queue.length()

    def process_batch(self, settings: Settings) -> Generator[Outcome, None, None]:
        """Yield the outcome of each file of one batch; nothing when no file is due.

        Raises `CancelledError` when the pool was stopped.
        """
        paused = time.monotonic() < self._pause_until
        jobs = [] if paused else self._store.queue.take(self._batch)
        self._batch = min(self._batch * BATCH_GROWTH, LARGEST_BATCH) if jobs else FIRST_BATCH
        self._state.queue = self._store.queue.length()
        if jobs:
            self._burst.begin()
        try:
            for outcome in self._process(jobs, settings) if jobs else ():
                self._log_outcome(outcome)
                yield outcome
        except (CancelledError, GeneratorExit):
            self._store.queue.give_back()
            raise
        except StoreError:
            raise  # the files are not at fault: the event loop opens the database again
        except TaggerError as error:  # the failure of a file is its outcome
            self._store.queue.give_back()
            self._pause(str(error))
        except Exception as error:  # noqa: BLE001 - a bug costs its file, not the daemon
            log.failure("batch failed", error)
            self._retry_or_drop(jobs, error)

    def _process(self, jobs: Sequence[Job], settings: Settings) -> Iterator[Outcome]:
        # for each batch: `tagger train` may have made another model active
        basis = build.Basis.of(settings, self._store)
        self._state.model = model = basis.manifest.id
        workers = self._pool.workers(basis.settings, basis.manifest)
        self._state.workers = workers.count
        tag_jobs = self._pool.tag_jobs(basis.settings)
        tracks: dict[Path, Track] = {}
        for item in index_files(self._current_files(jobs), self._store, tag_jobs):
            self._state.heartbeat()
            if isinstance(item, Outcome):
                yield self._done(item)
            else:
                tracks[item.path] = item
        if not tracks:
            return
        again, others = siblings.album_siblings(list(tracks.values()), self._store)
        write = Write(self._store, tag_jobs, self._burst.run_id(), model, basis.options)
        operation = KeepUndone(self._store, write)
        pipeline = Pipeline(basis, basis.analyzer(workers), operation)
        for outcome in pipeline.run([*tracks.values(), *again], siblings=others, related=True):
            if outcome.action in MAY_HAVE_CHANGED and (track := tracks.get(outcome.path)):
                self._track_if_changed(track)
            yield self._done(outcome)

    def _done(self, outcome: Outcome) -> Outcome:
        self._store.queue.done(outcome.path)
        self._burst.count(outcome)
        return outcome

    def _current_files(self, jobs: Sequence[Job]) -> Iterator[Found]:
        """Yield the jobs whose files are complete and included now.

        A job may have waited for long, also while another configuration was in use.
        """
        roots = dict(self._intake.admission.included(job.path for job in jobs))
        for job in jobs:
            self._state.heartbeat()
            identity = _regular(job) if job.path in roots else None
            if identity and not open_for_writing(job.path):
                yield Found(job.path, roots[job.path], identity)
                continue
            self._store.queue.done(job.path)
            if identity:
                self._intake.track(job.path)

    def _track_if_changed(self, track: Track) -> None:
        """Track a file again if it changed during its analysis."""
        try:
            changed = FileIdentity.of(track.path.lstat()) != track.identity
        except OSError:
            return
        if changed:
            self._intake.track(track.path)

    def _retry_or_drop(self, jobs: Sequence[Job], error: Exception) -> None:
        """Retry the files one by one, and give up the file that fails again."""
        self._store.queue.give_back(failed=True)
        if len(jobs) == 1 and jobs[0].is_last_attempt:
            job = jobs[0]
            if identity := _regular(job):
                crash = WorkerCrashedError(f"processing failed: {error!r}")
                self._store.failures.give_up(job.path, identity, crash)
            self._store.queue.drop(job.path)
        else:
            self._pause(repr(error))

    def _pause(self, reason: str) -> None:
        log.error("pausing", reason=reason, seconds=PAUSE)
        self._state.record_error(reason)
        self._pool.close()
        self._pause_until = time.monotonic() + PAUSE

    def _log_outcome(self, outcome: Outcome) -> None:
        self._state.heartbeat()
        self._state.count(outcome)
        self._state.queue = max(0, self._state.queue - 1)  # counting the table takes long
        failed = outcome.action in (Action.ERROR, Action.SKIP)
        write = log.warning if failed else log.info
        write(
            str(outcome.action),
            path=outcome.path,
            before=outcome.before,
            after=outcome.after,
            reason=outcome.reason,
        )


def _regular(job: Job) -> FileIdentity | None:
    status = status_of(job.path)
    return FileIdentity.of(status) if status else None
