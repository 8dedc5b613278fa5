"""What the daemon is at, for whoever asks: `tagger status`, the metrics, the watchdog."""

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
    """The burst of work that goes on, or the last one."""

    files: int = 0
    seconds: float = 0.0
    over: bool = True


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The last comparison of the folders with what is remembered."""

    at: float
    """Unix time."""
    seconds: float
    files: int
    why: str


@dataclass(slots=True)
class DaemonState:
    """Written by the filing thread, read by others."""

    started: float = field(default_factory=time.time)
    """Unix time."""
    model: str = ""
    watching: Sequence[Watched] = ()
    known: int = 0
    """Files in the store."""
    queue: int = 0
    settling: int = 0
    workers: int = 0
    burst: BurstStatus = BurstStatus()
    reconciled: Reconciled | None = None
    actions: Counter[str] = field(default_factory=Counter)
    """What became of files since the start."""
    errors: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LAST_ERRORS))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _beat: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        """Note that the filing thread gets on."""
        self._beat = time.monotonic()

    @property
    def silence(self) -> float:
        """For how many seconds the filing thread has not got on."""
        return time.monotonic() - self._beat

    def outcome(self, outcome: Outcome) -> None:
        """Count what became of a file."""
        with self._lock:
            self.actions[outcome.action] += 1
        if outcome.action is Action.ERROR:
            self.error(outcome.reason, str(outcome.path))

    def error(self, reason: str, path: str = "") -> None:
        """Keep something that went wrong."""
        with self._lock:
            self.errors.appendleft({"at": time.time(), "path": path, "reason": reason})

    def counts(self) -> dict[str, int]:
        """Return how many files met with each action since the start."""
        with self._lock:
            return {str(action): self.actions[action] for action in Action}

    def snapshot(self) -> dict[str, Any]:
        """Return everything, in plain values."""
        with self._lock:
            errors = list(self.errors)
        burst = self.burst
        rate = burst.files / burst.seconds if burst.seconds else 0.0
        return {
            "pid": os.getpid(),
            "version": __version__,
            "since": self.started,
            "model": self.model,
            "watching": [asdict(watched) for watched in self.watching],
            "known": self.known,
            "queue": self.queue,
            "settling": self.settling,
            "workers": self.workers,
            "busy": not burst.over,
            "files_per_minute": round(60 * rate, 1),
            "actions": self.counts(),
            "reconciled": asdict(self.reconciled) if self.reconciled else None,
            "errors": errors,
        }
