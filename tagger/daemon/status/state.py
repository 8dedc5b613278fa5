"""The daemon's state, for `tagger status`, the metrics and the watchdog."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tagger import __version__
from tagger.core.domain import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagger.core.domain import Outcome
    from tagger.daemon.watch.mounts import Watched

LAST_ERRORS = 10


@dataclass(frozen=True, slots=True)
class BurstStatus:
    """The burst in progress, or the last burst."""

    files: int = 0
    seconds: float = 0.0
    over: bool = True


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The last comparison of the folders with the store."""

    at: float
    """Unix time."""
    seconds: float
    files: int
    why: str


@dataclass(slots=True)
class DaemonState:
    """Written by the event loop, read by other threads."""

    started: float = field(default_factory=time.time)
    """Unix time."""
    model: str = ""
    watching: Sequence[Watched] = ()
    known_files: int = 0
    """Files in the store."""
    queue: int = 0
    settling: int = 0
    workers: int = 0
    burst: BurstStatus = BurstStatus()
    reconciled: Reconciled | None = None
    actions: Counter[str] = field(default_factory=Counter)
    """Files since the start, by action."""
    errors: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LAST_ERRORS))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _heartbeat: float = field(default_factory=time.monotonic)

    def heartbeat(self) -> None:
        """Record that the event loop makes progress."""
        self._heartbeat = time.monotonic()

    @property
    def seconds_since_heartbeat(self) -> float:
        """Seconds since the event loop last made progress."""
        return time.monotonic() - self._heartbeat

    def count(self, outcome: Outcome) -> None:
        """Count the outcome of a file."""
        with self._lock:
            self.actions[outcome.action] += 1
        if outcome.action is Action.ERROR:
            self.record_error(outcome.reason, str(outcome.path))

    def record_error(self, reason: str, path: str = "") -> None:
        """Keep one of the last errors; `path` is empty for an error without a file."""
        with self._lock:
            self.errors.appendleft({"at": time.time(), "path": path, "reason": reason})

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values for JSON."""
        with self._lock:
            errors = list(self.errors)
            actions = {str(action): self.actions[action] for action in Action}
        burst = self.burst
        rate = burst.files / burst.seconds if burst.seconds else 0.0
        return {
            "pid": os.getpid(),
            "version": __version__,
            "since": self.started,
            "model": self.model,
            "watching": [
                {"folder": one.folder, "root": one.root, "how": one.how, "why": one.why}
                for one in self.watching
            ],
            "known": self.known_files,
            "queue": self.queue,
            "settling": self.settling,
            "workers": self.workers,
            "busy": not burst.over,
            "files_per_minute": round(60 * rate, 1),
            "actions": actions,
            "reconciled": asdict(self.reconciled) if self.reconciled else None,
            "errors": errors,
        }
