"""The main thread of `tagger watch`: start, signals, the service manager, stop."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tagger.daemon.events import EventQueue
from tagger.daemon.host.instance import InstanceLock, socket_path
from tagger.daemon.host.logs import log
from tagger.daemon.host.priority import lower_priority
from tagger.daemon.host.systemd import SystemdNotifier
from tagger.daemon.host.wakeup import SignalWakeup
from tagger.daemon.loop import EventLoop
from tagger.daemon.status.server import StatusServer
from tagger.daemon.status.state import DaemonState
from tagger.errors import TaggerError
from tagger.inference import read_manifest, registry
from tagger.library import walk
from tagger.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from tagger.config import Settings

STOP = (signal.SIGTERM, signal.SIGINT)
SIGNALS = (*STOP, signal.SIGHUP, signal.SIGUSR1)
TICK = 30.0
"""Seconds between two looks at the filing thread where no watchdog asks for more."""
STOP_PATIENCE = 8.0
"""Seconds for the file under way; then it is left as it is, which is the old or the new one."""
SILENCE = 120.0
"""Seconds beyond twice a file's time limit in which the filing thread must get on."""
FIXED = ("store", "nice", "io_priority", "metrics_port", "log_format")


class Daemon:
    """Files music as it arrives, until SIGTERM or SIGINT."""

    def __init__(self, settings: Settings, reload: Callable[[], Settings]) -> None:
        """Take the signals over; to be made in the main thread.

        `reload` reads the settings anew; it raises `ConfigError` when they are broken.
        """
        self._settings = settings
        self._reload = reload
        self._notifier = SystemdNotifier.from_environment()
        self._event_queue = EventQueue()
        self._state = DaemonState()
        self._wakeup = SignalWakeup(SIGNALS)
        self._event_loop = EventLoop(settings, self._event_queue, self._state, self._wakeup.ring)

    def run(self) -> None:
        """Run until told to stop.

        Raises `DaemonError` when another one runs or a port is taken, `ConfigError`,
        `StoreError` or `ModelError` when the settings, the state or the model are unusable.
        """
        state = self._settings.store.folder
        self._state.model = _check(self._settings)
        socket = socket_path(state)
        with ExitStack() as stack:
            stack.enter_context(InstanceLock(state, socket))
            Store(state).close()
            lower_priority(self._settings.daemon)
            stack.enter_context(StatusServer(socket, self._state.snapshot))
            if port := self._settings.daemon.metrics_port:
                from tagger.daemon.status.metrics import MetricsServer  # noqa: PLC0415 - 7 MB

                stack.enter_context(MetricsServer(port, self._state.snapshot))
            self._event_loop.start()
            try:
                self._attend()
            finally:
                self._stop()

    def _attend(self) -> None:
        """Answer signals and the service manager until it is time to stop."""
        ready = False
        tick = min(TICK, self._notifier.watchdog / 2) if self._notifier.watchdog else TICK
        while True:
            if self._event_loop.watching and not ready:
                ready = True
                self._notifier.ready()
                log.info("watching", model=self._state.model, roots=self._settings.library.roots)
            if self._event_loop.healthy and self._state.silence < self._longest_silence():
                self._notifier.alive()
            if ready:
                self._notifier.status(self._status())
            for received in self._wakeup.wait(tick):
                if received in STOP:
                    return
                if received == signal.SIGHUP:
                    self._take_over()
                elif received == signal.SIGUSR1:
                    self._event_queue.reconcile("SIGUSR1")

    def _longest_silence(self) -> float:
        return 2 * self._settings.workers.timeout + SILENCE

    def _status(self) -> str:
        state = self._state
        waiting = f"{state.queue} files to do" if state.queue else "nothing to do"
        return f"{waiting}, {state.known} known"

    def _take_over(self) -> None:
        """Read the configuration again; one that cannot be used changes nothing."""
        self._notifier.reloading()
        try:
            settings = self._reload()
            _check(settings)
        except TaggerError as error:
            log.error("configuration not taken over, the old one holds", reason=str(error))
            self._state.error(str(error))
        else:
            if _fixed(settings) != _fixed(self._settings):
                log.warning("some changes take effect at the next start", keys=FIXED)
            self._settings = settings
            self._event_queue.reconfigure(settings)
            self._event_queue.reconcile("new configuration")
            log.info("configuration taken over")
        self._notifier.ready()

    def _stop(self) -> None:
        self._notifier.stopping()
        log.info("stopping")
        if not self._event_loop.stop(STOP_PATIENCE):
            log.warning("a file takes too long and is left as it was")
            os._exit(0)


def _check(settings: Settings) -> str:
    """Return the model's id; raises `ConfigError` or `ModelError` for unusable settings."""
    walk.check_patterns(settings.library.ignore)
    return read_manifest(registry.resolve_bundle(settings).model.bundle.folder).id


def _fixed(settings: Settings) -> tuple[object, ...]:
    """Return what is only read at the start."""
    daemon = settings.daemon
    return (
        settings.store,
        daemon.nice,
        daemon.io_priority,
        daemon.metrics_port,
        daemon.log_format,
    )
