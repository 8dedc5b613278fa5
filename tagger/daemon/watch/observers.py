"""The observers of the watched folders, restarted when they die."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from tagger.daemon.host.logs import log

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tagger.daemon.events import EventQueue
    from tagger.daemon.watch.inotify import Observer
    from tagger.daemon.watch.mounts import Watched

LIMITS = {
    errno.ENOSPC: "fs.inotify.max_user_watches",
    errno.EMFILE: "fs.inotify.max_user_instances",
}
"""The sysctl that is exhausted, by errno (`man 2 inotify_add_watch`)."""

MISSING = "cannot be watched now"


class Observers:
    """One observer for each folder that inotify watches."""

    def __init__(self, event_queue: EventQueue) -> None:
        self._event_queue = event_queue
        self._plan: dict[Path, Watched] = {}
        self._running: dict[Path, Observer] = {}
        self._unwatchable: dict[Path, str] = {}
        """The reason for each folder that cannot be watched."""

    @property
    def watching(self) -> list[Watched]:
        """How each folder is watched at present."""
        return [
            replace(watched, how="poll", why=self._unwatchable[folder])
            if folder in self._unwatchable
            else watched
            for folder, watched in self._plan.items()
        ]

    def apply(self, plan: Iterable[Watched]) -> None:
        """Watch exactly these folders; a folder with other mounts below it is watched again."""
        before, self._plan = self._plan, {watched.folder: watched for watched in plan}
        wanted = [w.folder for w in self._plan.values() if w.how == "inotify"]
        for folder in self._running.keys() - wanted:
            self._running.pop(folder).close()
        for folder in [f for f in self._running if self._plan[f].mounts != before[f].mounts]:
            self._drop(folder)
            self._event_queue.request_reconcile("a file system was mounted or unmounted")
        for folder in self._unwatchable.keys() - wanted:
            del self._unwatchable[folder]
        for folder in wanted:
            if folder not in self._running and folder not in self._unwatchable:
                self._start(folder)

    def check(self) -> None:
        """Restart observers without their folder, and poll where the kernel has no more watches."""
        for folder, observer in list(self._running.items()):
            if observer.exhausted:
                self._drop(folder)
                self._poll(folder, errno.ENOSPC)
            elif not observer.alive:
                self._drop(folder)
                log.warning("observer died", folder=folder)
                if self._start(folder):
                    self._event_queue.request_reconcile("an observer died")
            elif reason := observer.outdated:
                self._drop(folder)
                if self._start(folder):
                    self._event_queue.request_reconcile(reason)
        for folder in [f for f, why in self._unwatchable.items() if why == MISSING]:
            if not (os.path.isdir(folder) and os.access(folder, os.R_OK)):  # noqa: PTH112 - raises no error
                continue
            del self._unwatchable[folder]
            if self._start(folder):
                self._event_queue.request_reconcile("a folder is back")

    @property
    def alive(self) -> bool:
        """Whether all observers run."""
        return all(observer.alive for observer in self._running.values())

    def close(self) -> None:
        """Stop all observers."""
        for folder in list(self._running):
            self._drop(folder)

    def _start(self, folder: Path) -> bool:
        from tagger.daemon.watch.inotify import Observer  # noqa: PLC0415 - only Linux can import it

        try:
            self._running[folder] = Observer(folder, self._event_queue)
        except OSError as error:
            self._poll(folder, error.errno or 0)
            return False
        return True

    def _poll(self, folder: Path, number: int) -> None:
        if limit := LIMITS.get(number):
            self._unwatchable[folder] = f"{limit} is reached"
            hint = f"raise it: sysctl {limit}; see docs/operations.md"
            log.warning("polling instead of inotify", folder=folder, limit=limit, hint=hint)
        else:
            self._unwatchable[folder] = MISSING
            log.warning("folder cannot be watched now", folder=folder)

    def _drop(self, folder: Path) -> None:
        self._running.pop(folder).close()
