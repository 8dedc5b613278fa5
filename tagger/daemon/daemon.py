"""The main thread of `tagger watch`: start, signals, the service manager, stop."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tagger.daemon.events import Inbox
from tagger.daemon.host.instance import Lock, socket_path
from tagger.daemon.host.logs import log
from tagger.daemon.host.priority import step_back
from tagger.daemon.host.systemd import Notifier
from tagger.daemon.host.wakeup import Bell
from tagger.daemon.loop import Engine
from tagger.daemon.status.server import StatusServer
from tagger.daemon.status.state import Board
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
        self._notifier = Notifier.from_environment()
        self._inbox = Inbox()
        self._board = Board()
        self._bell = Bell(SIGNALS)
        self._engine = Engine(settings, self._inbox, self._board, self._bell.ring)

    def run(self) -> None:
        """Run until told to stop.

        Raises `DaemonError` when another one runs or a port is taken, `ConfigError`,
        `StoreError` or `ModelError` when the settings, the state or the model are unusable.
        """
        state = self._settings.store.folder
        self._board.model = _check(self._settings)
        socket = socket_path(state)
        with ExitStack() as stack:
            stack.enter_context(Lock(state, socket))
            Store(state).close()
            step_back(self._settings.daemon)
            stack.enter_context(StatusServer(socket, self._board.snapshot))
            if port := self._settings.daemon.metrics_port:
                from tagger.daemon.status.metrics_server import MetricsServer  # noqa: PLC0415 - 7 MB

                stack.enter_context(MetricsServer(port, self._board.snapshot))
            self._engine.start()
            try:
                self._attend()
            finally:
                self._stop()

    def _attend(self) -> None:
        """Answer signals and the service manager until it is time to stop."""
        ready = False
        tick = min(TICK, self._notifier.watchdog / 2) if self._notifier.watchdog else TICK
        while True:
            if self._engine.watching and not ready:
                ready = True
                self._notifier.ready()
                log.info("watching", model=self._board.model, roots=self._settings.library.roots)
            if self._engine.healthy and self._board.silence < self._longest_silence():
                self._notifier.alive()
            if ready:
                self._notifier.status(self._status())
            for received in self._bell.wait(tick):
                if received in STOP:
                    return
                if received == signal.SIGHUP:
                    self._take_over()
                elif received == signal.SIGUSR1:
                    self._inbox.reconcile("SIGUSR1")

    def _longest_silence(self) -> float:
        return 2 * self._settings.workers.timeout + SILENCE

    def _status(self) -> str:
        board = self._board
        waiting = f"{board.queue} files to do" if board.queue else "nothing to do"
        return f"{waiting}, {board.known} known"

    def _take_over(self) -> None:
        """Read the configuration again; one that cannot be used changes nothing."""
        self._notifier.reloading()
        try:
            settings = self._reload()
            _check(settings)
        except TaggerError as error:
            log.error("configuration not taken over, the old one holds", reason=str(error))
            self._board.error(str(error))
        else:
            if _fixed(settings) != _fixed(self._settings):
                log.warning("some changes take effect at the next start", keys=FIXED)
            self._settings = settings
            self._inbox.reconfigure(settings)
            self._inbox.reconcile("new configuration")
            log.info("configuration taken over")
        self._notifier.ready()

    def _stop(self) -> None:
        self._notifier.stopping()
        log.info("stopping")
        if not self._engine.stop(STOP_PATIENCE):
            log.warning("a file takes too long and is left as it was")
            os._exit(0)


def _check(settings: Settings) -> str:
    """Return the model's id; raises `ConfigError` or `ModelError` for unusable settings."""
    walk.check_patterns(settings.library.ignore)
    return read_manifest(registry.settled(settings).model.bundle.folder).id


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
