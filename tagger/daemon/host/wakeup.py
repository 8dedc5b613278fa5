"""Waking the main thread by signals and from other threads."""

from __future__ import annotations

import os
import select
import signal

STOP = (signal.SIGTERM, signal.SIGINT)
SIGNALS = (*STOP, signal.SIGHUP, signal.SIGUSR1)
WOKEN = 0
"""The number for a wakeup by a thread; no signal has this number."""


class SignalWakeup:
    """Collects signals in a pipe, so that no signal is lost between a check and a wait.

    A queue that a handler fills is not enough. A signal that arrives just before the wait
    would be seen only after another wakeup.
    """

    def __init__(self) -> None:
        """Replace the handlers of `SIGNALS`; call it in the main thread."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)

    def wake(self) -> None:
        """Wake the main thread; called from any thread."""
        os.write(self._write, bytes([WOKEN]))

    def wait(self, seconds: float) -> list[int]:
        """Return the received signals, or `WOKEN`; an empty list after `seconds`."""
        if not select.select([self._read], [], [], seconds)[0]:
            return []
        return list(os.read(self._read, 256))
