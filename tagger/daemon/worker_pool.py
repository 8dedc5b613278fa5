"""The worker processes of the daemon, which exist only while there is work."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

import msgspec

from tagger.analysis import forkserver
from tagger.daemon.host.logs import log
from tagger.pipeline import build

if TYPE_CHECKING:
    from tagger.analysis.pool import Pool
    from tagger.analysis.tag_jobs import TagJobs
    from tagger.config import Settings
    from tagger.inference import Manifest


class PoolOnDemand:
    """Starts workers on demand, and new workers when the model or the limits change."""

    def __init__(self) -> None:
        self._workers: Pool | None = None
        self._tag_jobs: TagJobs | None = None
        self._key: object = None
        self._lock = threading.Lock()
        self._stopped = False

    @property
    def count(self) -> int:
        """The number of workers that decode."""
        workers = self._workers
        return workers.count if workers else 0

    def workers(self, settings: Settings, manifest: Manifest) -> Pool:
        """Return the workers that run a model.

        Raises `CancelledError` after `stop`.
        """
        limits = msgspec.structs.replace(settings.workers, count=settings.daemon.workers)
        key = (settings.model.bundle.folder, manifest.id, limits, settings.cluster)
        with self._lock:
            if self._stopped:
                raise CancelledError
            if self._workers and key != self._key:
                log.info("model or worker limits changed", model=manifest.id)
                self._workers.close(wait=False)
                self._workers = None
            if self._workers is None:
                self._key = key
                self._workers = build.worker_pool(msgspec.structs.replace(settings, workers=limits))
            return self._workers

    def tag_jobs(self, settings: Settings) -> TagJobs:
        """Return the worker for tags.

        Raises `CancelledError` after `stop`.
        """
        with self._lock:
            if self._stopped:
                raise CancelledError
            if self._tag_jobs is None:
                self._tag_jobs = build.tag_jobs(settings)
            return self._tag_jobs

    def close(self) -> bool:
        """End the workers, False if there are none; new workers start when they are needed."""
        with self._lock:
            open_ = [pool for pool in (self._workers, self._tag_jobs) if pool]
            self._workers = self._tag_jobs = None
            for pool in open_:
                pool.close(wait=False)
            if open_:
                forkserver.stop()
            return bool(open_)

    def stop(self) -> None:
        """Stop the workers at once and permanently; called from any thread."""
        self._stopped = True
        self.close()
