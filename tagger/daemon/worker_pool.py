"""The worker processes of the daemon, which exist only while there is work."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from tagger.analysis import forkserver
from tagger.analysis.pool import Pool
from tagger.analysis.tag_jobs import TagJobs
from tagger.daemon.host.logs import log
from tagger.pipeline import build

if TYPE_CHECKING:
    from collections.abc import Callable

    from tagger.config import Settings
    from tagger.inference import Manifest

P = TypeVar("P", Pool, TagJobs)


class _Kept(Generic[P]):
    """A pool, as long as the settings behind it stay the same."""

    def __init__(self) -> None:
        self.pool: P | None = None
        self._key: object = None

    def get(self, key: object, make: Callable[[], P]) -> P:
        """Return the pool of `key`, which `make` starts in place of a pool of another key."""
        if self.pool is not None and key != self._key:
            log.info("model or settings of the workers changed")
            self.pool.close(wait=False)
            self.pool = None
        if self.pool is None:
            self._key, self.pool = key, make()
        return self.pool


class PoolOnDemand:
    """Starts workers on demand, and new workers when the model or their settings change."""

    def __init__(self) -> None:
        self._workers = _Kept[Pool]()
        self._tag_jobs = _Kept[TagJobs]()
        self._lock = threading.Lock()
        self._stopped = False

    @property
    def count(self) -> int:
        """The number of workers that decode."""
        workers = self._workers.pool
        return workers.count if workers else 0

    def workers(self, settings: Settings, manifest: Manifest) -> Pool:
        """Return the workers that run a model.

        Raises `CancelledError` after `stop`.
        """
        limits = msgspec.structs.replace(settings.workers, count=settings.daemon.workers)
        key = (settings.model.bundle, manifest.id, limits, settings.cluster)
        limited = msgspec.structs.replace(settings, workers=limits)
        with self._lock:
            if self._stopped:
                raise CancelledError
            return self._workers.get(key, lambda: build.worker_pool(limited))

    def tag_jobs(self, settings: Settings) -> TagJobs:
        """Return the worker for tags.

        Raises `CancelledError` after `stop`.
        """
        field, limits = settings.tags.field, settings.workers
        key = (settings.model.bundle, field, limits, settings.cluster)
        with self._lock:
            if self._stopped:
                raise CancelledError
            return self._tag_jobs.get(key, lambda: build.tag_jobs(settings))

    def close(self) -> bool:
        """End the workers, False if there are none; new workers start when they are needed."""
        with self._lock:
            open_ = [pool for pool in (self._workers.pool, self._tag_jobs.pool) if pool]
            self._workers.pool = self._tag_jobs.pool = None
            for pool in open_:
                pool.close(wait=False)
            if open_:
                forkserver.stop()
            return bool(open_)

    def stop(self) -> None:
        """Stop the workers at once and permanently; called from any thread."""
        self._stopped = True
        self.close()
