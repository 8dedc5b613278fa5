"""The event queue between other threads and the event loop."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings

MAX_EVENTS = 10_000
"""Events that the queue holds; more events are replaced by a reconcile."""


class FileEvent(Enum):
    """The kind of change to a path."""

    FILE_CHANGED = auto()
    """A file may be new or changed."""
    FOLDER_APPEARED = auto()
    """A folder is new; it may contain files already."""
    DELETED = auto()
    """A file or folder was deleted or moved away."""


@dataclass(slots=True)
class Events:
    """The events since the last read."""

    files: dict[tuple[FileEvent, Path], None] = field(default_factory=dict)
    """In the order of arrival, each once."""
    reconcile: str = ""
    """The reason for a reconcile; empty without one."""
    settings: Settings | None = None
    """New settings; None without a change."""


class EventQueue:
    """Collects events and wakes the thread that reads them."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._events = Events()
        self._pending = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the reader has to stop."""
        return self._closed

    def put(self, event: FileEvent, path: Path) -> None:
        """Add an event on a path; a full queue requests a reconcile instead."""
        with self._condition:
            if len(self._events.files) < MAX_EVENTS:
                self._events.files[event, path] = None
            else:
                self._events.reconcile = "the event queue was full"
            self._wake()

    def request_reconcile(self, reason: str) -> None:
        """Request a comparison of all folders with the store, for the log with a reason."""
        with self._condition:
            self._events.reconcile = reason
            self._wake()

    def reconfigure(self, settings: Settings) -> None:
        """Replace the settings of the event loop."""
        with self._condition:
            self._events.settings = settings
            self._wake()

    def close(self) -> None:
        """Stop the reader."""
        with self._condition:
            self._closed = True
            self._wake()

    def read(self) -> Events:
        """Take all events out of the queue."""
        with self._condition:
            events, self._events = self._events, Events()
            self._pending = False
            return events

    def wait(self, seconds: float) -> None:
        """Wait for an event, at most `seconds`."""
        with self._condition:
            if not self._pending and not self._closed:
                self._condition.wait(seconds)

    def wait_for_close(self, seconds: float) -> None:
        """Wait for `close`, at most `seconds`."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed, seconds)

    def _wake(self) -> None:
        self._pending = True
        self._condition.notify()
