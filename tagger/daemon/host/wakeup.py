"""Waking the main thread: by signals, and by other threads."""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NEWS = 0
"""Rung by a thread; no signal has this number."""


class SignalWakeup:
    """Collects signals in a pipe, where none is lost between looking and waiting.

    A queue that a handler puts into is not enough: a signal that comes just before the main
    thread falls asleep would be seen when it wakes for another reason.
    """

    def __init__(self, signals: Iterable[signal.Signals]) -> None:
        """Listen for these signals instead of what they do; for the main thread."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in signals:
            signal.signal(number, lambda *_: None)

    def ring(self) -> None:
        """Wake the main thread; from any thread."""
        os.write(self._write, bytes([NEWS]))

    def wait(self, seconds: float) -> list[int]:
        """Return the signals, or `NEWS`, that came in; none when the time is up."""
        if not select.select([self._read], [], [], seconds)[0]:
            return []
        return list(os.read(self._read, 256))
