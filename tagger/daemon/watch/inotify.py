"""Watching folders by the kernel's events, through watchdog.

Three things that watchdog keeps to itself are found out here, where its `InotifyFD` can be
extended: that the kernel's queue overflowed, that a folder could not be watched because the
limit of watches is reached, and that one of its threads has died.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import InotifyFD

from tagger.audio.formats import EXTENSIONS
from tagger.daemon.events import FileEvent
from tagger.daemon.host.logs import log
from tagger.library.walk import IGNORE_FILE

if TYPE_CHECKING:
    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyEvent,
        Mask,
        WatchCallback,
        WatchDescriptor,
    )

    from tagger.daemon.events import EventQueue

EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
]
"""Not among them: files that are read, or tagger's own listening would keep it awake."""
LEAVING = (DirDeletedEvent, DirMovedEvent, FileDeletedEvent, FileMovedEvent)


class Handler(FileSystemEventHandler):
    """Turns watchdog's events into hints."""

    def __init__(self, event_queue: EventQueue) -> None:
        self._event_queue = event_queue

    def dispatch(self, event: FileSystemEvent) -> None:
        """Leave a hint; whatever fails is told, as it would end the observer's thread."""
        try:
            self._tell(event)
        except Exception as error:  # noqa: BLE001
            log.failure("event not understood", error)
            self._event_queue.reconcile("an event was not understood")

    def _tell(self, event: FileSystemEvent) -> None:
        source = Path(os.fsdecode(event.src_path))
        target = Path(os.fsdecode(event.dest_path)) if event.dest_path else source
        leaves = isinstance(event, LEAVING)
        if leaves and (event.is_directory or _may_be_music(source)):
            self._event_queue.hint(FileEvent.GONE, source)
        if leaves and target == source:
            return
        if event.is_directory:
            self._event_queue.hint(FileEvent.APPEARED, target)
        elif target.name == IGNORE_FILE:
            self._event_queue.hint(FileEvent.APPEARED, target.parent)
        elif _may_be_music(target):
            self._event_queue.hint(FileEvent.CHANGED, target)


def _may_be_music(path: Path) -> bool:
    return path.suffix.lower() in EXTENSIONS


class Observer:
    """Watches one folder and everything below it, for as long as it is alive."""

    def __init__(self, folder: Path, event_queue: EventQueue) -> None:
        """Begin to watch.

        Raises OSError when the folder is not there, or with one of the errors of
        `man 2 inotify_add_watch`.
        """
        self._kernel = Kernel(event_queue)
        self._observer = BaseObserver(InotifyEmitter, inotify_fd=self._kernel)
        self._observer.schedule(
            Handler(event_queue), str(folder), recursive=True, event_filter=EVENTS
        )
        try:
            self._kernel.start()
            self._observer.start()
        except BaseException:
            self.close()
            raise

    @property
    def exhausted(self) -> bool:
        """Whether some folder is not watched because the limit of watches is reached."""
        return self._kernel.exhausted

    @property
    def alive(self) -> bool:
        """Whether all its threads run; they end when the folder is deleted."""
        threads = [self._kernel, self._observer, *self._observer.emitters]
        return len(threads) > 2 and all(thread.is_alive() for thread in threads)

    def close(self) -> None:
        """End its threads."""
        for thread in (self._observer, self._kernel):
            thread.stop()
            if thread.is_alive():
                thread.join()


class Kernel(InotifyFD):
    """watchdog's reader of the kernel's events, with its ears open."""

    def __init__(self, event_queue: EventQueue) -> None:
        super().__init__()
        self._event_queue = event_queue
        self.exhausted = False

    def handle_event(self, event: InotifyEvent) -> None:
        """Ask for a reconcile when the kernel has dropped events."""
        super().handle_event(event)
        if event.is_queue_overflow:
            self._event_queue.reconcile("the kernel dropped events")

    def add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """Notice that a folder cannot be watched; watchdog goes on without it."""
        try:
            return super().add_callback(path, mask, callback, id_)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self.exhausted = True
                self._event_queue.reconcile("not every folder can be watched")
            raise
