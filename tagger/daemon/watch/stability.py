"""Waiting until nobody writes a file any more."""

from __future__ import annotations

import stat
import time
from typing import TYPE_CHECKING

from tagger.core.domain import FileIdentity
from tagger.system.leases import open_for_writing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST_WAITING = 10_000
"""Files that are remembered at a time, some 5 MB; what is beyond is found by a reconcile."""


class StabilityTracker:
    """Files that have changed, until they stay as they are and nobody has them open.

    A writer may close a file several times and a slow copy may pause, so neither an event
    nor the time alone says that a file is finished.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        limit: int = MOST_WAITING,
    ) -> None:
        """`seconds` without a change make a file settled, by a `clock` in seconds."""
        self.seconds = seconds
        self._clock = clock
        self._limit = limit
        self._waiting: dict[Path, tuple[FileIdentity, float]] = {}
        """By path the state that was seen, and since when; the longest first."""

    def __len__(self) -> int:
        return len(self._waiting)

    def touch(self, path: Path) -> bool:
        """Wait for a file; False when there is no room to remember it."""
        if path in self._waiting:
            return True
        if len(self._waiting) >= self._limit:
            return False
        if identity := _regular(path):
            self._waiting[path] = identity, self._clock()
        return True

    def settled(self) -> list[Path]:
        """Return the files that have become settled, and forget them."""
        now = self._clock()
        due = []
        for path, (identity, since) in self._waiting.items():
            if now - since < self.seconds:
                break
            due.append((path, identity))
        settled = []
        for path, identity in due:
            del self._waiting[path]
            found = _regular(path)
            if found is None:
                continue
            if found != identity or open_for_writing(path):
                self._waiting[path] = found, now
            else:
                settled.append(path)
        return settled

    def next_look(self) -> float | None:
        """Return in how many seconds `settled` is worth calling, None when nothing waits."""
        if not self._waiting:
            return None
        _, since = next(iter(self._waiting.values()))
        return max(0.0, since + self.seconds - self._clock())


def _regular(path: Path) -> FileIdentity | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return FileIdentity.of(status) if stat.S_ISREG(status.st_mode) else None
