"""Deferring Ctrl-C, SIGTERM and SIGHUP during blocks that an exception would break.

Python raises `KeyboardInterrupt` between any two bytecodes of the main thread. Inside a
`threading.Condition` the exception loses a wakeup or leaves a lock taken, and another thread
waits without end: https://docs.python.org/3/library/signal.html#handlers-and-exceptions
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Handler = Callable[[int, FrameType | None], object]

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def deferred_signals() -> Iterator[None]:
    """Handle signals that arrive during the block at its end.

    Use it for short blocks. Signals interrupt the main thread only; in others it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[tuple[int, FrameType | None]] = []
    handlers: dict[int, Handler] = {
        number: handler for number in ENDING if callable(handler := signal.getsignal(number))
    }
    try:
        for number in handlers:
            signal.signal(number, lambda *signalled: arrived.append(signalled))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in arrived:
            handlers[number](number, frame)
