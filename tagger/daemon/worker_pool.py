"""The worker processes, which are there only while there is something to hear."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from tagger.analysis.pool import WorkerPool
from tagger.analysis.worker import prepare
from tagger.daemon.host.logs import log

if TYPE_CHECKING:
    from tagger.config import Settings
    from tagger.inference import Manifest


class PoolOnDemand:
    """Starts workers on demand, and new ones when the model or their limits change."""

    def __init__(self) -> None:
        self._workers: WorkerPool | None = None
        self._kind: object = None
        self._lock = threading.Lock()
        self._stopped = False

    @property
    def count(self) -> int:
        """How many workers there are."""
        workers = self._workers
        return workers.count if workers else 0

    def workers(self, settings: Settings, manifest: Manifest) -> WorkerPool:
        """Return the workers that run this model.

        Raises `CancelledError` after `stop`.
        """
        limits, bundle = settings.workers, settings.model.bundle.folder
        kind = (bundle, manifest.id, settings.daemon.workers, limits.timeout, limits.memory_mb)
        with self._lock:
            if self._stopped:
                raise CancelledError
            if self._workers and kind != self._kind:
                log.info("model or workers changed", model=manifest.id)
                self._workers.close(wait=False)
                self._workers = None
            if self._workers is None:
                self._kind = kind
                self._workers = WorkerPool(
                    settings.daemon.workers, limits.timeout, limits.memory_mb, prepare, bundle
                )
            return self._workers

    def close(self) -> bool:
        """Let the workers go, False if there are none; new ones come when they are needed."""
        with self._lock:
            workers, self._workers = self._workers, None
            if workers:
                workers.close(wait=False)
            return workers is not None

    def stop(self) -> None:
        """End all work at once and for good; from any thread."""
        self._stopped = True
        self.close()
