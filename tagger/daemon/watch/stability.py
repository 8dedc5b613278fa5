"""The stability of files: a file is complete when no program writes it any more."""

from __future__ import annotations

import stat
import time
from typing import TYPE_CHECKING

from tagger.core.domain import FileIdentity
from tagger.library import unfinished
from tagger.system.leases import open_for_writing

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

MAX_TRACKED = 10_000
"""Files that are tracked at a time, about 5 MB; a reconcile finds the others."""


class StabilityTracker:
    """Tracks changed files until they stay unchanged and no program has them open for writing.

    A writer may close a file several times, and a slow copy may pause. So neither an event nor
    a waiting time alone shows that a file is complete.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        limit: int = MAX_TRACKED,
    ) -> None:
        """Track no file yet.

        Args:
            seconds: A file is stable after this time without a change.
            clock: Returns seconds.
            limit: The greatest number of files.

        """
        self.seconds = seconds
        self._clock = clock
        self._limit = limit
        self._tracked: dict[Path, tuple[FileIdentity, float]] = {}
        """By path: the last identity, and the time of the last change; the oldest first."""

    def __len__(self) -> int:
        return len(self._tracked)

    def __contains__(self, path: Path) -> bool:
        return path in self._tracked

    def track(self, path: Path) -> bool:
        """Start to track a file; False when the limit is reached."""
        if path in self._tracked:
            return True
        if len(self._tracked) >= self._limit:
            return False
        if status := status_of(path):
            self._tracked[path] = FileIdentity.of(status), self._clock()
        return True

    def pop_stable(self) -> list[Path]:
        """Return the files that became stable, and stop tracking them."""
        now = self._clock()
        due = []
        for path, (identity, since) in self._tracked.items():
            if now - since < self.seconds:
                break
            due.append((path, identity))
        stable = []
        for path, identity in due:
            del self._tracked[path]
            status = status_of(path)
            if status is None:
                continue
            found = FileIdentity.of(status)
            if found != identity or open_for_writing(path) or unfinished.sign(path, status):
                self._tracked[path] = found, now
            else:
                stable.append(path)
        return stable

    def seconds_until_check(self) -> float | None:
        """Return the seconds until a file may be stable; None when no file is tracked."""
        if not self._tracked:
            return None
        _, since = next(iter(self._tracked.values()))
        return max(0.0, since + self.seconds - self._clock())


def status_of(path: Path) -> os.stat_result | None:
    """Return the status of a regular file, None for anything else."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None
