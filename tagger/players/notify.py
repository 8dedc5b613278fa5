"""Notifying all players at once, each in its own thread, so that none delays the caller."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tagger.errors import PlayerError, TaggerError
from tagger.players.changes import Changes
from tagger.players.registry import configured_players

if TYPE_CHECKING:
    from collections.abc import Callable

    from tagger.config import PlayerSettings
    from tagger.players.base import Player

    OnStatus = Callable[[str, TaggerError | None], None]
    """Receives a player's name and its error, None after a success; from any thread."""

RETRY_AFTER = 300.0
"""Seconds after which a failed notice is sent again, unless a change sends it before."""
TIMEOUT_ALL = 10.0
"""Seconds for all players together: two requests each, or one slow name server."""


class PlayerNotifier:
    """Notifies players in threads, and repeats failed notices."""

    def __init__(
        self, on_status: OnStatus = lambda *_: None, *, retry_after: float = RETRY_AFTER
    ) -> None:
        """Start no thread yet.

        `on_status` is called when a player begins to fail or to succeed, not for each notice.
        `retry_after` is the seconds before `retry` repeats a failed notice.
        """
        self._on_status = on_status
        self._retry_after = retry_after
        self._threads: dict[str, _PlayerThread] = {}

    def notify(self, settings: PlayerSettings, changes: Changes) -> None:
        """Notify the configured players of changes, without waiting for their answers."""
        players = configured_players(settings) if changes else []
        self._threads = {
            p.name: self._threads.get(p.name) or _PlayerThread(self._on_status, self._retry_after)
            for p in players
        }
        for player in players:
            self._threads[player.name].notify(player, changes)

    def retry(self) -> None:
        """Repeat the failed notices that are due; call it at intervals."""
        for thread in self._threads.values():
            thread.retry()

    def wait(self, seconds: float) -> dict[str, TaggerError | None]:
        """Wait for at most `seconds`, or the patience of a player if that is longer.

        Returns the error of each player's last notice, or None.
        """
        began = time.monotonic()
        return {
            name: thread.wait(began + max(seconds, thread.patience) - time.monotonic())
            for name, thread in self._threads.items()
        }


def notify_all(
    settings: PlayerSettings, changes: Changes, timeout: float = TIMEOUT_ALL
) -> dict[str, TaggerError | None]:
    """Notify the players of changes, if there are any, and wait for the answers.

    Args:
        settings: The players.
        changes: The folders and playlists that changed.
        timeout: Seconds, or the player's own patience; without an answer, the player has failed.

    Returns:
        The error of each player, None after a success.

    """
    notifier = PlayerNotifier()
    notifier.notify(settings, changes)
    return notifier.wait(timeout)


class _PlayerThread:
    """Notifies one player, and keeps the changes of failed notices."""

    def __init__(self, on_status: OnStatus, retry_after: float) -> None:
        self._on_status = on_status
        self._retry_after = retry_after
        self._lock = threading.Lock()
        self._pending = Changes()
        self._requested = False
        self._retry_at = 0.0
        self._thread: threading.Thread | None = None
        self._last_reason: str | None = None
        self._error: TaggerError | None = None

    def notify(self, player: Player, changes: Changes) -> None:
        with self._lock:
            self._player = player
            self._pending.merge(changes)
            self._start()

    def retry(self) -> None:
        with self._lock:
            if self._pending and time.monotonic() >= self._retry_at:
                self._start()

    @property
    def patience(self) -> float:
        return self._player.patience

    def wait(self, seconds: float) -> TaggerError | None:
        thread = self._thread
        if thread:
            thread.join(max(0.0, seconds))
            if thread.is_alive():
                return PlayerError("does not answer in time", hint="see whether it is overloaded")
        return self._error

    def _start(self) -> None:
        """Start a thread for the pending changes; a daemon thread never delays the exit."""
        self._requested = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="player", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._requested:
                    self._thread = None
                    return
                self._requested = False
                player, changes, self._pending = self._player, self._pending, Changes()
            self._error = _refresh(player, changes)
            if self._error:
                with self._lock:
                    changes.merge(self._pending)  # which is newer
                    self._pending = changes
                    self._retry_at = time.monotonic() + self._retry_after
            reason = self._error.reason if self._error else ""
            if reason != self._last_reason:
                self._last_reason = reason
                self._on_status(player.name, self._error)


def _refresh(player: Player, changes: Changes) -> TaggerError | None:
    try:
        player.refresh(changes)
    except TaggerError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a player never ends tagger; its text stays out
        return unexpected(error)
    return None


def unexpected(error: Exception) -> PlayerError:
    """Return the error of a player for an exception that no code expects."""
    reason = f"unexpected {type(error).__name__}"
    return PlayerError(reason, hint="this may be a bug that is worth reporting")
