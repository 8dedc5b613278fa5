"""Watching folders by the kernel's events, through watchdog.

watchdog reports neither an overflow of the kernel's queue, nor a folder beyond the limit of
watches, nor a dead thread of its own. A subclass of its `InotifyFD` detects the first two.
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
from tagger.library.ignore import IGNORE_FILE

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
"""Without reads: tagger's own reads would wake the daemon."""
LEAVING = (DirDeletedEvent, DirMovedEvent, FileDeletedEvent, FileMovedEvent)


class Handler(FileSystemEventHandler):
    """Puts watchdog's events into the event queue."""

    def __init__(self, event_queue: EventQueue) -> None:
        self._event_queue = event_queue

    def dispatch(self, event: FileSystemEvent) -> None:
        """Put an event; an exception is logged, since it would end the observer's thread."""
        try:
            self._put_events(event)
        except Exception as error:  # noqa: BLE001
            log.failure("event handling failed", error)
            self._event_queue.request_reconcile("an event could not be handled")

    def _put_events(self, event: FileSystemEvent) -> None:
        source = Path(os.fsdecode(event.src_path))
        target = Path(os.fsdecode(event.dest_path)) if event.dest_path else source
        leaves = isinstance(event, LEAVING)
        if leaves and (event.is_directory or _may_be_music(source)):
            self._event_queue.put(FileEvent.DELETED, source)
        if leaves and source.name == IGNORE_FILE:  # its folder has more files now
            self._event_queue.put(FileEvent.FOLDER_APPEARED, source.parent)
        if leaves and target == source:
            return
        if event.is_directory:
            self._event_queue.put(FileEvent.FOLDER_APPEARED, target)
        elif target.name == IGNORE_FILE:
            self._event_queue.put(FileEvent.FOLDER_APPEARED, target.parent)
        elif _may_be_music(target):
            self._event_queue.put(FileEvent.FILE_CHANGED, target)


def _may_be_music(path: Path) -> bool:
    return path.suffix.lower() in EXTENSIONS


class Observer:
    """Watches one folder with its subfolders."""

    def __init__(self, folder: Path, event_queue: EventQueue) -> None:
        """Start to watch.

        Raises:
            OSError: the folder is missing, or an error of `man 2 inotify_add_watch`.
        """
        self._folder = folder
        self._identity = _identity(folder)
        self._reader = InotifyReader(event_queue)
        self._observer = BaseObserver(InotifyEmitter, inotify_fd=self._reader)
        self._observer.schedule(
            Handler(event_queue), str(folder), recursive=True, event_filter=EVENTS
        )
        try:
            self._reader.start()
            self._observer.start()
        except BaseException:
            self.close()
            raise

    @property
    def exhausted(self) -> bool:
        """Whether a folder is not watched because the limit of watches is reached."""
        return self._reader.exhausted

    @property
    def alive(self) -> bool:
        """Whether all threads run; they end when the folder is deleted."""
        threads = [self._reader, self._observer, *self._observer.emitters]
        return len(threads) > 2 and all(thread.is_alive() for thread in threads)

    @property
    def outdated(self) -> str:
        """The reason to watch the folder again; empty without one."""
        if _identity(self._folder) != self._identity:
            return "another folder is in its place"
        again = any(os.access(path, os.R_OK) for path in self._reader.unreadable.copy())
        return "a subfolder can be read again" if again else ""

    def close(self) -> None:
        """Stop the threads."""
        for thread in (self._observer, self._reader):
            thread.stop()
            if thread.is_alive():
                thread.join()


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return the device and the inode of a folder, None for a missing folder."""
    try:
        status = folder.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class InotifyReader(InotifyFD):
    """watchdog's reader of kernel events, which also reports lost events and full limits."""

    def __init__(self, event_queue: EventQueue) -> None:
        super().__init__()
        self._event_queue = event_queue
        self.exhausted = False
        self.unreadable: set[bytes] = set()
        """The folders that are not watched because they cannot be read."""

    def handle_event(self, event: InotifyEvent) -> None:
        """Request a reconcile when the kernel dropped events."""
        super().handle_event(event)
        if event.is_queue_overflow:
            self._event_queue.request_reconcile("the kernel dropped events")

    def add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """Record that the limit of watches is reached; watchdog ignores the error.

        Raises:
            PermissionError: the folder cannot be read. watchdog takes it for a watched folder.
            OSError: any other error of `man 2 inotify_add_watch`.
        """
        if not os.access(path, os.R_OK):
            self.unreadable.add(path)
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        try:
            return super().add_callback(path, mask, callback, id_)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self.exhausted = True
                self._event_queue.request_reconcile("not every folder can be watched")
            raise
