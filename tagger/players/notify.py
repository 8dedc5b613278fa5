"""Telling all players at once, none of which can hold anything up."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tagger.errors import PlayerError, TaggerError
from tagger.players.changes import Changes
from tagger.players.registry import roster

if TYPE_CHECKING:
    from collections.abc import Callable

    from tagger.config import PlayerSettings
    from tagger.players.base import Player

    News = Callable[[str, TaggerError | None], None]
    """Told which player fails, and why, or that it does well (again); from any thread."""

RETRY = 300.0
"""Seconds after which a player that could not be told is tried again, if nothing changes before."""
PATIENCE = 10.0
"""Seconds for all players together: for each two questions, or a name server's slowness."""


class PlayerNotifier:
    """Tells players, each in a thread of its own, and tells them again what they did not hear."""

    def __init__(self, news: News = lambda *_: None) -> None:
        """`news` is called when a player begins to fail or to do well, not at every notice."""
        self._news = news
        self._couriers: dict[str, _Courier] = {}

    def tell(self, settings: PlayerSettings, changes: Changes) -> None:
        """Have players told, at once or after what they are being told; without waiting."""
        players = roster(settings) if changes else []
        known = self._couriers
        self._couriers = {p.name: known.get(p.name) or _Courier(self._news) for p in players}
        for player in players:
            self._couriers[player.name].tell(player, changes)

    def again(self) -> None:
        """Try those again that could not be told for some time; to be called now and then."""
        for courier in self._couriers.values():
            courier.again()

    def wait(self, seconds: float) -> dict[str, TaggerError | None]:
        """Return what became of each player's last notice, after at most so long."""
        end = time.monotonic() + seconds
        return {
            name: courier.wait(max(0.0, end - time.monotonic()))
            for name, courier in self._couriers.items()
        }


def notify_all(
    settings: PlayerSettings, changes: Changes, patience: float = PATIENCE
) -> dict[str, TaggerError | None]:
    """Tell players what changed, if anything did; return for each why it could not be told.

    Takes at most `patience` seconds.
    """
    notifier = PlayerNotifier()
    notifier.tell(settings, changes)
    return notifier.wait(patience)


class _Courier:
    """Tells one player, and remembers what it has not been told."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._lock = threading.Lock()
        self._due = Changes()
        self._called = False
        self._next = 0.0
        self._thread: threading.Thread | None = None
        self._last: str | None = None
        self._error: TaggerError | None = None

    def tell(self, player: Player, changes: Changes) -> None:
        with self._lock:
            self._player = player
            self._due.merge(changes)
            self._start()

    def again(self) -> None:
        with self._lock:
            if self._due and time.monotonic() >= self._next:
                self._start()

    def wait(self, seconds: float) -> TaggerError | None:
        thread = self._thread
        if thread:
            thread.join(seconds)
            if thread.is_alive():
                return PlayerError("does not answer in time", hint="see whether it is overloaded")
        return self._error

    def _start(self) -> None:
        """Have a thread tell what is due; a daemon, which cannot keep the program from ending."""
        self._called = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._called:
                    self._thread = None
                    return
                self._called = False
                player, changes, self._due = self._player, self._due, Changes()
            self._error = _told(player, changes)
            if self._error:
                with self._lock:
                    self._due.merge(changes)
                    self._next = time.monotonic() + RETRY
            state = self._error.reason if self._error else ""
            if state != self._last:
                self._last = state
                self._news(player.name, self._error)


def _told(player: Player, changes: Changes) -> TaggerError | None:
    try:
        player.refresh(changes)
    except TaggerError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a player is no reason to stop; its words stay out
        reason = f"something unforeseen: {type(error).__name__}"
        return PlayerError(reason, hint="this may be a bug that is worth reporting")
    return None
