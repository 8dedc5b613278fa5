"""The thread that files music, with its connection to the store."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from tagger.daemon.burst import Burst
from tagger.daemon.dispatcher import Dispatcher
from tagger.daemon.host.logs import log
from tagger.daemon.host.priority import release_memory
from tagger.daemon.intake import Intake
from tagger.daemon.worker_pool import PoolOnDemand
from tagger.pipeline import build, recovery
from tagger.players import PlayerNotifier
from tagger.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from tagger.config import Settings
    from tagger.daemon.events import EventQueue
    from tagger.daemon.status.state import DaemonState
    from tagger.errors import TaggerError

IDLE = 30.0
"""Seconds without work after which the workers go."""
PAUSE = 30.0
"""Seconds to wait before everything begins anew."""
PATIENCE = 5.0
"""Seconds beyond twice the settling time after which a burst is over in any case."""


class EventLoop(threading.Thread):
    """Finds out what there is to do and does it, until the event_queue is closed.

    Whatever goes wrong on the way, a full disk under the store for one, it begins anew.
    """

    def __init__(
        self,
        settings: Settings,
        event_queue: EventQueue,
        state: DaemonState,
        news: Callable[[], None],
    ) -> None:
        """`news` is called when every folder is watched."""
        super().__init__(name="filing")
        self._settings = settings
        self._event_queue = event_queue
        self._state = state
        self._pool = PoolOnDemand()
        self._player_notifier = PlayerNotifier(self._heard_of)
        self._intake: Intake | None = None
        self._active = time.monotonic()
        self._news = news
        self.watching = False
        """Whether every folder is watched, as far as it can be."""

    @property
    def healthy(self) -> bool:
        """Whether the thread and all observers live."""
        return self.is_alive() and self._intake is not None and self._intake.healthy

    def stop(self, patience: float) -> bool:
        """Finish or abandon what is under way; False if it would take longer, in seconds."""
        self._event_queue.close()
        self._pool.stop()
        self.join(patience)
        return not self.is_alive()

    def run(self) -> None:
        """Serve until the event_queue is closed."""
        while not self._event_queue.closed:
            try:
                with Store(self._settings.store.folder) as store:
                    self._serve(store)
            except CancelledError:
                log.debug("abandoned what was under way")
            except Exception as error:  # noqa: BLE001 - it is logged, and everything begins anew
                log.failure("filing begins anew", error)
                self._state.error(repr(error))
                self._event_queue.wait_for_close(PAUSE)

    def _serve(self, store: Store) -> None:
        with build.tag_jobs(self._settings) as jobs:
            recovery.recover(store, jobs)
        intake = Intake(self._settings, store, self._event_queue, self._state)
        burst = Burst(store, self._state, self._player_notifier)
        dispatcher = Dispatcher(store, self._state, intake, burst, self._pool)
        self._intake = intake
        self.watching = True
        self._news()
        try:
            while not self._event_queue.closed:
                self._turn(intake)
                if not self._work(dispatcher, intake):
                    self._rest(store, intake, burst)
                    self._event_queue.wait(intake.next_turn())
        finally:
            self._intake = None
            intake.close()

    def _turn(self, intake: Intake) -> None:
        """Read the events and do what is due."""
        self._state.beat()
        events = self._event_queue.read()
        if events.settings:
            self._settings = events.settings
            intake.configure(events.settings)
        if events.reconcile:
            intake.reconcile_soon(events.reconcile)
        if events.hints:
            self._active = time.monotonic()
            intake.hints(events.hints)
        intake.turn()

    def _work(self, dispatcher: Dispatcher, intake: Intake) -> bool:
        """Work on one batch, looking up after each file; False when there was nothing to do."""
        worked = False
        with contextlib.closing(dispatcher.work(self._settings)) as outcomes:
            for _ in outcomes:
                worked, self._active = True, time.monotonic()
                self._turn(intake)
                if self._event_queue.closed:
                    break
        return worked

    def _rest(self, store: Store, intake: Intake, burst: Burst) -> None:
        """Do what waits for the end of a burst, though some file may take hours to arrive."""
        idle = time.monotonic() - self._active
        arrived = intake.quiet or idle > 2 * self._settings.daemon.settle + PATIENCE
        if arrived and not store.queue.length():
            if intake.forget_gone():
                burst.changed()
            burst.end(self._settings)
        if idle > IDLE and self._pool.close():
            release_memory()
        self._state.workers = self._pool.count

    def _heard_of(self, player: str, error: TaggerError | None) -> None:
        """Say that a player cannot be told of changes, or can again; from any thread."""
        if error:
            log.warning("player not told", player=player, reason=str(error))
            self._state.error(f"player {player}: {error}")
        else:
            log.info("player told", player=player)
