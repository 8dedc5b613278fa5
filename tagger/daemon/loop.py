"""The event loop: one thread with its own connection to the store."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.daemon.burst import Burst
from tagger.daemon.dispatcher import Dispatcher
from tagger.daemon.host.logs import log
from tagger.daemon.host.priority import release_memory
from tagger.daemon.intake import Intake
from tagger.daemon.worker_pool import PoolOnDemand
from tagger.errors import StoreError, TaggerError
from tagger.pipeline import build, recovery
from tagger.players import PlayerNotifier
from tagger.store import DATABASE, is_missing, undamaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from tagger.config import Settings
    from tagger.daemon.events import EventQueue
    from tagger.daemon.status.state import DaemonState
    from tagger.store import Store

RESTART_DELAY = 30.0
"""Seconds to wait after an unexpected error."""
ARRIVAL_GRACE = 5.0
"""Seconds beyond twice `daemon.settle` after which a burst ends despite incomplete files."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The time limits of the daemon, in seconds; no setting needs to change them."""

    idle: float = 30.0
    """Without work, after which the workers are stopped."""
    stall: float = 900.0
    """Without a heartbeat, beyond twice a file's time limit, after which pings stop.

    The write of a file of 4 GB to a slow share has no heartbeat for 15 minutes.
    """


class EventLoop(threading.Thread):
    """Queues and processes files until the event queue is closed.

    After an unexpected error, such as a full disk under the store, the loop starts again.
    """

    def __init__(
        self,
        settings: Settings,
        event_queue: EventQueue,
        state: DaemonState,
        on_watching: Callable[[], None],
        limits: Limits,
    ) -> None:
        """Prepare the thread; `start` runs it.

        Args:
            settings: The first settings.
            event_queue: Brings events and new settings.
            state: Shown to the user.
            on_watching: Called when every folder is watched.
            limits: The time limits.

        """
        super().__init__(name="event-loop")
        self._settings = settings
        self._event_queue = event_queue
        self._state = state
        self._pool = PoolOnDemand()
        self._player_notifier = PlayerNotifier(self._player_status)
        self._intake: Intake | None = None
        self._waiting = False
        """Whether the thread waits for the end of an error, such as a missing database."""
        self._active = time.monotonic()
        self._on_watching = on_watching
        self._limits = limits
        self.watching = False
        """Whether every folder is watched or polled."""

    @property
    def healthy(self) -> bool:
        """Whether the thread and all observers run.

        A start of the daemon cures no missing database, but begins a new database.
        """
        observing = self._intake is not None and self._intake.healthy
        return self.is_alive() and (observing or self._waiting)

    def stop(self, timeout: float) -> bool:
        """Stop the thread; False if it still runs after `timeout` seconds."""
        self._event_queue.close()
        self._pool.stop()
        self.join(timeout)
        return not self.is_alive()

    def run(self) -> None:
        """Process events until the event queue is closed."""
        while not self._event_queue.closed:
            try:
                self._serve_store()
            except CancelledError:
                log.debug("analysis cancelled")
            except TaggerError as error:
                self._waiting = True
                self._state.heartbeat()
                log.error("restarting after an error", reason=str(error), seconds=RESTART_DELAY)
                self._state.record_error(str(error))
                self._event_queue.wait_for_close(RESTART_DELAY)
            except Exception as error:  # noqa: BLE001 - logged, then the loop starts again
                log.failure("restarting after an error", error)
                self._state.record_error(repr(error))
                self._event_queue.wait_for_close(RESTART_DELAY)

    def _serve_store(self) -> None:
        """Process events with the database that the daemon made at its start.

        A database that vanished is not made again: genres would be written without a journal of
        the earlier writes.
        """
        path = self._settings.store.folder / DATABASE
        if is_missing(path):
            hint = "put it back, or restart `tagger watch` to begin a new database"
            raise StoreError("the state database was moved or deleted", path, hint)
        with undamaged(path.parent, log.warning) as store:
            self._serve(store)

    def _serve(self, store: Store) -> None:
        with build.tag_jobs(self._settings) as jobs:
            recovery.recover(store, jobs)
        intake = Intake(self._settings, store, self._event_queue, self._state)
        burst = Burst(store, self._state, self._player_notifier)
        dispatcher = Dispatcher(store, self._state, intake, burst, self._pool)
        self._intake = intake
        self._waiting = False
        self.watching = True
        self._on_watching()
        try:
            while not self._event_queue.closed:
                self._step(intake)
                if not self._process(dispatcher, intake):
                    self._finish_burst(store, intake, burst)
                    self._event_queue.wait(intake.seconds_until_due())
        finally:
            self._intake = None
            intake.close()

    def _step(self, intake: Intake) -> None:
        """Handle the events and run the checks that are due."""
        self._state.heartbeat()
        events = self._event_queue.read()
        if events.settings:
            self._settings = events.settings
            intake.configure(events.settings)
        if events.reconcile:
            intake.request_reconcile(events.reconcile)
        if events.files and intake.handle(events.files):
            self._active = time.monotonic()
        intake.run_due()

    def _process(self, dispatcher: Dispatcher, intake: Intake) -> bool:
        """Process one batch, with events handled after each file; False for an empty batch."""
        worked = False
        with contextlib.closing(dispatcher.process_batch(self._settings)) as outcomes:
            for _ in outcomes:
                worked, self._active = True, time.monotonic()
                self._step(intake)
                if self._event_queue.closed:
                    break
        return worked

    def _finish_burst(self, store: Store, intake: Intake, burst: Burst) -> None:
        """End the burst when no file is waiting; one file may take hours to arrive."""
        idle = time.monotonic() - self._active
        arrived = intake.idle or idle > 2 * self._settings.daemon.settle + ARRIVAL_GRACE
        if arrived and not store.queue.length():
            if intake.drop_missing():
                burst.mark_changed()
            burst.end(self._settings)
        if idle > self._limits.idle and self._pool.close():
            release_memory()
        self._state.workers = self._pool.count

    def _player_status(self, player: str, error: TaggerError | None) -> None:
        """Log that a player cannot be notified, or can again; called from any thread."""
        if error:
            log.warning("player not notified", player=player, reason=str(error))
            self._state.record_error(f"player {player}: {error}")
        else:
            log.info("player notified", player=player)
