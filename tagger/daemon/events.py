"""Where other threads leave what the filing thread shall look at."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings

MOST_HINTS = 10_000
"""Paths that are remembered between two looks; what is beyond is found by a reconcile."""


class FileEvent(Enum):
    """What an event says about a path."""

    CHANGED = auto()
    """A file may be new or changed."""
    APPEARED = auto()
    """A folder is new, with whatever is in it."""
    GONE = auto()
    """Nothing is there any more."""


@dataclass(slots=True)
class Events:
    """What came in since the last look."""

    hints: dict[tuple[FileEvent, Path], None] = field(default_factory=dict)
    """In the order of their coming, each once."""
    reconcile: str = ""
    """Why everything is to be looked at; empty when it is not."""
    settings: Settings | None = None
    """To be used from now on."""


class EventQueue:
    """Collects events, and wakes the thread that reads them."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._events = Events()
        self._unread = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the reader shall stop."""
        return self._closed

    def hint(self, hint: FileEvent, path: Path) -> None:
        """Leave a hint; with too many of them, ask for a reconcile instead."""
        with self._condition:
            if len(self._events.hints) < MOST_HINTS:
                self._events.hints[hint, path] = None
            else:
                self._events.reconcile = "more happened than could be remembered"
            self._wake()

    def reconcile(self, why: str) -> None:
        """Ask for everything to be looked at."""
        with self._condition:
            self._events.reconcile = why
            self._wake()

    def reconfigure(self, settings: Settings) -> None:
        """Hand over new settings."""
        with self._condition:
            self._events.settings = settings
            self._wake()

    def close(self) -> None:
        """Tell the reader to stop."""
        with self._condition:
            self._closed = True
            self._wake()

    def read(self) -> Events:
        """Take out what came in."""
        with self._condition:
            events, self._events = self._events, Events()
            self._unread = False
            return events

    def wait(self, seconds: float) -> None:
        """Wait until something comes in, at most so long."""
        with self._condition:
            if not self._unread and not self._closed:
                self._condition.wait(seconds)

    def wait_for_close(self, seconds: float) -> None:
        """Wait until it is time to stop, at most so long."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed, seconds)

    def _wake(self) -> None:
        self._unread = True
        self._condition.notify()
