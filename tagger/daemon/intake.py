"""From hints and walks to jobs: what is new or changed, once it has settled."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tagger import tags
from tagger.audio.formats import EXTENSIONS
from tagger.core.domain import FileIdentity
from tagger.daemon.events import FileEvent
from tagger.daemon.host.logs import log
from tagger.daemon.status.state import Reconciled
from tagger.daemon.watch import mounts
from tagger.daemon.watch.observers import Observers
from tagger.daemon.watch.stability import StabilityTracker
from tagger.library import index, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tagger.config import Settings
    from tagger.daemon.events import EventQueue
    from tagger.daemon.status.state import DaemonState
    from tagger.library.walk import Found
    from tagger.store import Store

CHECK_INTERVAL = 5.0
"""Seconds between two looks at whether the observers live."""
MANY_GONE = 100
"""Paths; to look for more than these one by one costs more than to look everywhere."""
MAX_REPORTED = 10_000
"""Paths left out that are remembered, so that each is logged once."""


class Intake:
    """Finds out what there is to do and puts it into the queue."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        event_queue: EventQueue,
        state: DaemonState,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to watch, with a first reconcile due."""
        self._store = store
        self._event_queue = event_queue
        self._state = state
        self._clock = clock
        self._reported: set[tuple[Path, str]] = set()
        self._observers = Observers(event_queue)
        self._stability = StabilityTracker(settings.daemon.settle, clock)
        self._gone: dict[Path, None] = {}
        self._why = "start"
        """Why a reconcile is due; empty when only time makes it due."""
        self._overfull = False
        """Whether there was more to wait for than there is room for."""
        self._checked = self._last_reconcile = clock()
        self._polled: dict[Path, float] = {}
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Work by these settings from now on."""
        self._settings = settings
        self._roots = [root.resolve() for root in settings.library.roots]
        self._stability.seconds = settings.daemon.settle
        self._arrange()

    @property
    def quiet(self) -> bool:
        """Whether nothing settles or is about to."""
        return not self._stability and not self._why and not self._overfull

    @property
    def healthy(self) -> bool:
        """Whether all that should be watched is."""
        return self._observers.alive

    def hints(self, hints: Iterable[tuple[FileEvent, Path]]) -> None:
        """Take what the observers told."""
        for hint, path in hints:
            if hint is FileEvent.CHANGED:
                self.touch(path)
            elif hint is FileEvent.APPEARED:
                self._look_below(path)
            else:
                self._gone[path] = None

    def touch(self, path: Path) -> None:
        """Look at a file once it has settled."""
        if not self._stability.touch(path):
            self._overfull = True

    def reconcile_soon(self, why: str) -> None:
        """Compare all folders with what is remembered at the next turn."""
        self._why = why

    def turn(self) -> None:
        """Do whatever is due."""
        now = self._clock()
        if now >= self._checked + CHECK_INTERVAL:
            self._checked = now
            self._observers.check()
        self._enqueue(self._stability.settled())
        if self._overfull and not self._stability:
            self._why = "there was more than could be waited for at a time"
        if self._why or now >= self._last_reconcile + self._settings.daemon.reconcile_interval:
            self._reconcile(self._why or "interval")
        for folder, moment in self._polls().items():
            if now >= moment:
                self._polled[folder] = now
                self._look_below(folder)
        self._state.settling = len(self._stability)
        self._state.watching = self._observers.watching

    def next_turn(self) -> float:
        """Return in how many seconds something is due."""
        due = [
            self._checked + CHECK_INTERVAL,
            self._last_reconcile + self._settings.daemon.reconcile_interval,
            *self._polls().values(),
        ]
        settling = self._stability.next_look()
        waits = [moment - self._clock() for moment in due]
        if settling is not None:
            waits.append(settling)
        return max(0.0, min(waits))

    def forget_gone(self) -> int:
        """Forget the files that are gone for good; returns how many.

        To be called when nothing settles or is queued: a file that was moved is to be found
        under its new name first, so that what is known of it goes along.
        """
        if not self._gone:
            return 0
        if len(self._gone) > MANY_GONE:
            self._gone = dict.fromkeys(self._roots)
        there = {root for root in self._roots if index.is_there(root, self._store)}
        gone = [path for path in self._gone if walk.root_of(path, self._roots) in there]
        for path in gone:
            del self._gone[path]
        return sum(index.drop_missing(path, self._store) for path in gone)

    def close(self) -> None:
        """Stop watching."""
        self._observers.close()

    def _polls(self) -> dict[Path, float]:
        """Return when each polled folder is to be looked at next."""
        return {
            watched.folder: max(self._polled.get(watched.folder, 0.0), self._last_reconcile)
            + self._settings.daemon.poll_interval
            for watched in self._observers.watching
            if watched.how == "poll"
        }

    def _arrange(self) -> None:
        mounted = mounts.read_mounts()
        daemon = self._settings.daemon
        self._observers.arrange(
            watched
            for configured, root in zip(self._settings.library.roots, self._roots, strict=True)
            for watched in mounts.plan(root, daemon.watch(configured), mounted)
        )

    def _reconcile(self, why: str) -> None:
        self._why, self._overfull = "", False
        self._arrange()
        began, at = self._clock(), time.time()
        files = sum(self._look_below(root) for root in self._roots)
        self._gone |= dict.fromkeys(self._roots)
        self._last_reconcile = self._clock()
        self._state.reconciled = Reconciled(at, self._last_reconcile - began, files, why)
        log.debug("reconciled", why=why, files=files)

    def _look_below(self, start: Path) -> int:
        """Touch every file that something is left to do for; returns how many files there are."""
        root = walk.root_of(start, self._roots)
        files = 0
        for found in self._walk(start, root):
            self._state.beat()
            files += 1
            if self._is_new(found):
                self.touch(found.path)
            if self._overfull or self._event_queue.closed:
                break
        return files

    def _walk(self, start: Path, root: Path) -> Iterator[Found]:
        """Yield the music files below a folder, and delete the copies of a killed writer."""
        if not start.is_dir():
            if start == root:
                self._report(root, "is not there")
            return
        for item in walk.walk(start, root, self._settings.library.ignore):
            if isinstance(item, walk.Leftover):
                tags.remove_leftovers(item.folder)
            elif isinstance(item, walk.Passed):
                self._report(item.path, item.reason)
            else:
                yield item

    def _is_new(self, found: Found) -> bool:
        """Return whether a file needs work and is not in the queue."""
        queue = self._store.queue
        return queue.needs(found.path, found.identity) and not queue.holds(found.path)

    def _report(self, path: Path, reason: str) -> None:
        """Log once that a path is left out."""
        if len(self._reported) > MAX_REPORTED:
            self._reported.clear()
        if (path, reason) not in self._reported:
            self._reported.add((path, reason))
            log.warning("left out", path=path, reason=reason)

    def _enqueue(self, paths: Iterable[Path]) -> None:
        """Put settled files into the queue, by the rules as they are now."""
        jobs: dict[Path, list[Path]] = {}
        rules: dict[Path, walk.IgnoreRules] = {}
        for path in paths:
            root = walk.root_of(path, self._roots)
            if root not in self._roots or path.suffix.lower() not in EXTENSIONS:
                continue
            if root not in rules:
                rules[root] = walk.IgnoreRules(root, self._settings.library.ignore)
            if not rules[root].ignores_on_the_way(path) and self._is_needed(path):
                jobs.setdefault(root, []).append(path)
        for root, chosen in jobs.items():
            with self._store.transaction():
                self._store.queue.put(root, chosen)
            for path in chosen:
                log.debug("queued", path=path)

    def _is_needed(self, path: Path) -> bool:
        try:
            return self._store.queue.needs(path, FileIdentity.of(path.lstat()))
        except OSError:
            return False
