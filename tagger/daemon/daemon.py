"""The main thread of `tagger watch`: start, signals, service manager, stop."""

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
from tagger.daemon.host.wakeup import STOP
from tagger.daemon.loop import EventLoop, Limits
from tagger.daemon.status.server import StatusServer
from tagger.daemon.status.state import DaemonState
from tagger.errors import TaggerError
from tagger.inference import in_use
from tagger.pipeline.unknown_names import unknown_names
from tagger.playlists.refresh import check_folders
from tagger.store import undamaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from tagger.config import Settings
    from tagger.daemon.host.wakeup import SignalWakeup
    from tagger.inference import Manifest

TICK = 30.0
"""Seconds between two checks of the event loop, unless the watchdog needs shorter ones."""
STOP_TIMEOUT = 8.0
"""Seconds for the file in progress; after that the process exits and the file stays whole."""
LIMITS = Limits()
RESTART_KEYS = ("store", "nice", "io_priority", "metrics_port", "log_format")
"""A table of the settings, and keys of `[daemon]`."""


class Daemon:
    """Watches the library and writes genres until SIGTERM or SIGINT."""

    def __init__(
        self,
        settings: Settings,
        read_settings: Callable[[], Settings],
        wakeup: SignalWakeup,
        limits: Limits = LIMITS,
    ) -> None:
        """Prepare a daemon.

        Args:
            settings: The first settings.
            read_settings: Reads the settings again; raises `ConfigError` when they are broken.
            wakeup: Collects the signals since before the first settings were read.
            limits: The time limits of daemon and event loop.

        """
        self._settings = settings
        self._limits = limits
        self._read_settings = read_settings
        self._notifier = SystemdNotifier.from_environment()
        self._event_queue = EventQueue()
        self._state = DaemonState()
        self._wakeup = wakeup
        self._event_loop = EventLoop(
            settings, self._event_queue, self._state, self._wakeup.wake, limits
        )

    def run(self) -> None:
        """Run until a signal ends the daemon.

        Raises:
            DaemonError: another daemon runs, or a port is taken.
            ConfigError: the settings are unusable.
            StoreError: the state folder or the database is unusable.
            ModelError: the model is unusable.
            PlaylistError: a file is in the place of a folder of playlists.
        """
        state = self._settings.store.folder
        manifest = _check(self._settings)
        self._state.model = manifest.id
        socket = socket_path(state)
        with ExitStack() as stack:
            stack.enter_context(InstanceLock(state, socket))
            if loss := in_use.loss_without_network(self._settings, stored=True):
                log.warning("network unusable", reason=loss.explanation)
            with undamaged(state, log.warning) as store:
                if store.files.count():  # the first scan finds the user's genres
                    for text in unknown_names(self._settings, manifest, store):
                        log.warning("unknown genre", reason=text)
            lower_priority(self._settings.daemon)
            stack.enter_context(StatusServer(socket, self._state.snapshot))
            if port := self._settings.daemon.metrics_port:
                from tagger.daemon.status.metrics import MetricsServer  # noqa: PLC0415 - 7 MB

                stack.enter_context(MetricsServer(port, self._state.snapshot))
            self._event_loop.start()
            try:
                self._serve()
            finally:
                self._stop()

    def _serve(self) -> None:
        """Handle signals and ping the service manager until a signal ends the daemon."""
        ready = False
        tick = min(TICK, self._notifier.watchdog / 2) if self._notifier.watchdog else TICK
        while True:
            if self._event_loop.watching and not ready:
                ready = True
                self._notifier.ready()
                log.info("watching", model=self._state.model, roots=self._settings.library.roots)
            if (
                self._event_loop.healthy
                and self._state.seconds_since_heartbeat < self._stall_limit()
            ):
                self._notifier.alive()
            if ready:
                self._notifier.status(self._status())
            for received in self._wakeup.wait(tick):
                if received in STOP:
                    return
                if received == signal.SIGHUP:
                    self._reload_settings()
                elif received == signal.SIGUSR1:
                    self._event_queue.request_reconcile("SIGUSR1")

    def _stall_limit(self) -> float:
        return 2 * self._settings.workers.timeout + self._limits.stall

    def _status(self) -> str:
        state = self._state
        waiting = f"{state.queue} files waiting" if state.queue else "idle"
        return f"{waiting}, {state.known_files} files known"

    def _reload_settings(self) -> None:
        """Read the configuration again; an unusable configuration changes nothing."""
        self._notifier.reloading()
        try:
            found = self._read_settings()
            settings = found.override("store", folder=self._settings.store.folder)
            _check(settings)
        except TaggerError as error:
            log.error(
                "configuration rejected, the old configuration stays in use", reason=str(error)
            )
            self._state.record_error(str(error))
        else:
            if _restart_values(found) != _restart_values(self._settings):
                log.warning("these keys take effect at the next start", keys=RESTART_KEYS)
            self._settings = settings
            self._event_queue.reconfigure(settings)
            self._event_queue.request_reconcile("new configuration")
            log.info("configuration reloaded")
        self._notifier.ready()

    def _stop(self) -> None:
        self._notifier.stopping()
        log.info("stopping")
        if not self._event_loop.stop(STOP_TIMEOUT):
            log.warning("stopped during a file, which stays unchanged")
            os._exit(0)


def _check(settings: Settings) -> Manifest:
    """Return the manifest of the model.

    Raises:
        ConfigError: the settings cannot be used.
        ModelError: the model cannot be used.
        PlaylistError: a file is in the place of a folder of playlists.
    """
    check_folders(settings, settings.library.real_roots)
    _, manifest = in_use.model_in_use(settings)
    return manifest


def _restart_values(settings: Settings) -> tuple[object, ...]:
    """Return the values that are read at the start only."""
    return settings.store, *(getattr(settings.daemon, key) for key in RESTART_KEYS[1:])
