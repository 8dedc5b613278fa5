"""The intake: new and changed files go into the queue once they are complete."""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import TYPE_CHECKING

from tagger import tags
from tagger.daemon.admission import Admission
from tagger.daemon.events import FileEvent
from tagger.daemon.host.logs import log
from tagger.daemon.missing import MissingFiles
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
    from tagger.store import Store

CHECK_INTERVAL = 5.0
"""Seconds between two checks of the observers."""
MAX_REPORTED = 10_000
"""Paths left out that are remembered, so that each is logged once."""


class Intake:
    """Puts new and changed files into the queue."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        event_queue: EventQueue,
        state: DaemonState,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the observers, with a first reconcile due.

        Args:
            settings: The roots and the intervals.
            store: Contains the queue.
            event_queue: Receives the observers' events.
            state: Shown to the user.
            clock: Returns seconds.

        """
        self._store = store
        self._event_queue = event_queue
        self._state = state
        self._clock = clock
        self._reported: set[tuple[Path, str]] = set()
        self._observers = Observers(event_queue)
        self._stability = StabilityTracker(settings.daemon.settle, clock)
        self._missing = MissingFiles(store)
        self._reconcile_reason = "start"
        """Why a reconcile is due now; empty when only the interval makes it due."""
        self._overflowed = False
        """Whether more files changed than the tracker can hold."""
        self._checked = self._last_reconcile = clock()
        self._polled: dict[Path, float] = {}
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Replace the settings."""
        self._settings = settings
        self.admission = Admission(settings, self._store)
        """Which files need work."""
        self._stability.seconds = settings.daemon.settle
        self._update_observers(mounts.read_mounts())

    @property
    def idle(self) -> bool:
        """Whether no file is tracked and no reconcile is due."""
        return not self._stability and not self._reconcile_reason and not self._overflowed

    @property
    def healthy(self) -> bool:
        """Whether all observers run."""
        return self._observers.alive

    def handle(self, events: Iterable[tuple[FileEvent, Path]]) -> bool:
        """Handle the observers' events; returns whether more changed than tracked files."""
        more = False
        for event, path in events:
            more |= event is not FileEvent.FILE_CHANGED or path not in self._stability
            if event is FileEvent.FILE_CHANGED:
                self.track(path)
            elif event is FileEvent.FOLDER_APPEARED:
                self._scan_folder(path)
            else:
                self._missing.add([path], self.admission.roots)
        return more

    def track(self, path: Path) -> None:
        """Queue a file once it is complete."""
        if not self._stability.track(path):
            self._overflowed = True

    def request_reconcile(self, reason: str) -> None:
        """Compare all folders with the store at the next `run_due`."""
        self._reconcile_reason = reason

    def run_due(self) -> None:
        """Run the checks that are due."""
        now = self._clock()
        if now >= self._checked + CHECK_INTERVAL:
            self._checked = now
            if (mounted := mounts.read_mounts()) != self._mounted:
                self._update_observers(mounted)
            self._observers.check()
        self._enqueue(self._stability.pop_stable())
        if self._overflowed and not self._stability:
            self._reconcile_reason = "too many files changed at a time"
        if (
            self._reconcile_reason
            or now >= self._last_reconcile + self._settings.daemon.reconcile_interval
        ):
            self._reconcile(self._reconcile_reason or "interval")
        for folder, moment in self._next_polls().items():
            if now >= moment:
                self._polled[folder] = now
                self._scan_folder(folder)
        self._state.settling = len(self._stability)
        self._state.watching = self._observers.watching

    def seconds_until_due(self) -> float:
        """Return the seconds until the next check is due."""
        due = [
            self._checked + CHECK_INTERVAL,
            self._last_reconcile + self._settings.daemon.reconcile_interval,
            *self._next_polls().values(),
        ]
        settling = self._stability.seconds_until_check()
        waits = [moment - self._clock() for moment in due]
        if settling is not None:
            waits.append(settling)
        return max(0.0, min(waits))

    def drop_missing(self) -> int:
        """Delete the records of missing files; returns their number.

        Call it when no file is tracked or queued. A moved file has to be found under its new
        name first, so that its record moves along.
        """
        return self._missing.drop(self.admission.roots)

    def close(self) -> None:
        """Stop the observers."""
        self._observers.close()

    def _next_polls(self) -> dict[Path, float]:
        """Return the time of the next scan of each polled folder."""
        return {
            watched.folder: max(self._polled.get(watched.folder, 0.0), self._last_reconcile)
            + self._settings.daemon.poll_interval
            for watched in self._observers.watching
            if watched.how == "poll"
        }

    def _update_observers(self, mounted: list[mounts.Mount]) -> None:
        self._mounted = mounted
        daemon, configured_roots = self._settings.daemon, self._settings.library.roots
        self._observers.apply(
            watched
            for configured, root in zip(configured_roots, self.admission.roots, strict=True)
            for watched in mounts.plan(root, daemon.watch(configured), self._mounted)
        )

    def _reconcile(self, why: str) -> None:
        self._reconcile_reason, self._overflowed = "", False
        # a link may have taken the place of a root
        self.admission = Admission(self._settings, self._store)
        self._update_observers(mounts.read_mounts())
        began, at = self._clock(), time.time()
        roots = self.admission.roots
        counts = [self._scan_folder(root) for root in roots]
        files = sum(found for found, _ in counts)
        if sum(map(self._store.files.count_under, roots)) != sum(seen for _, seen in counts):
            self._missing.add(roots, roots)
        self._last_reconcile = self._clock()
        self._state.reconciled = Reconciled(at, self._last_reconcile - began, files, why)
        log.debug("reconciled", why=why, files=files)

    def _scan_folder(self, start: Path) -> tuple[int, int]:
        """Track each file that needs work; returns the numbers of music files and of rows."""
        root = walk.root_of(start, self.admission.roots)
        files = rows = 0
        for listing, states in index.recorded(self._walk(start, root), self._store):
            self._state.heartbeat()
            files += len(states)
            rows += sum(state is not None for state in states)
            for path in self.admission.needed(listing, states):
                self.track(path)
            if self._overflowed or self._event_queue.closed:
                break
        if rows:
            self._missing.is_back(root)
        return files, rows

    def _walk(self, start: Path, root: Path) -> Iterator[walk.Listing]:
        """Yield the folders at or below a folder, and delete the copies of a killed writer."""
        if not os.path.isdir(start):  # noqa: PTH112 - raises no error
            if start == root:
                self._report(root, "is not there" if walk.is_gone(root) else "cannot be read")
            return
        counts: Counter[str] = Counter()
        for listing in walk.folders(start, root, self._settings.library.ignore):
            for item in listing.others:
                if isinstance(item, walk.Leftover):
                    tags.remove_leftovers(item.folder)
                elif isinstance(item, walk.Unfinished):
                    if item.path in self._stability:  # since the walk before
                        self._report(item.path, item.reason)
                    self.track(item.path)
                else:
                    counts[walk.short_reason(item)] += 1
                    if isinstance(item, walk.Passed):
                        self._report(item.path, item.reason)
            yield listing
        if start == root:
            self._store.passed_over.put(root, counts)

    def _report(self, path: Path, reason: str) -> None:
        """Log once that a path is left out."""
        if len(self._reported) > MAX_REPORTED:
            self._reported.clear()
        if (path, reason) not in self._reported:
            self._reported.add((path, reason))
            log.warning("left out", path=path, reason=reason)

    def _enqueue(self, paths: Iterable[Path]) -> None:
        """Put complete files into the queue."""
        jobs: dict[Path, list[Path]] = {}
        for path, root in self.admission.included(paths):
            if self.admission.is_needed(path):
                jobs.setdefault(root, []).append(path)
        for root, chosen in jobs.items():
            with self._store.transaction():
                self._store.queue.put(root, chosen)
            for path in chosen:
                log.debug("queued", path=path)
