"""A burst of work: from the first job after an idle time until nothing is left to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tagger.daemon.host.logs import log
from tagger.daemon.status.state import BurstStatus
from tagger.pipeline.publish import after_run
from tagger.players import Changes
from tagger.playlists import PlaylistAction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tagger.config import PlayerSettings, Settings
    from tagger.core.domain import Outcome
    from tagger.daemon.status.state import DaemonState
    from tagger.errors import TaggerError
    from tagger.players import PlayerNotifier
    from tagger.store import Store


class Burst:
    """Is one run, which `tagger undo` takes back as a whole; ends with playlists and players."""

    def __init__(
        self,
        store: Store,
        state: DaemonState,
        player_notifier: PlayerNotifier,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._state = state
        self._player_notifier = player_notifier
        self._changes = Changes()
        self._clock = clock
        self._run: int | None = None
        self._began = 0.0
        self._files = 0
        self._cut_off = _cut_off(store)
        self._unpublished = self._cut_off is not None
        """Whether playlists may be behind, as they are when a run was cut off."""
        for path in store.journal.paths(self._cut_off) if self._cut_off else ():
            self._changes.file(path)
        state.known = store.files.count()

    def run(self) -> int:
        """Return the number of this burst's run, beginning one if need be."""
        if self._run is None:
            self._run = self._store.runs.start("watch")
            self._began, self._files = self._clock(), 0
        return self._run

    def filed(self, outcome: Outcome) -> None:
        """Count a file."""
        self._files += 1
        self._changes.outcome(outcome)
        self._unpublished = True
        self._state.burst = BurstStatus(self._files, self._clock() - self._began, over=False)

    def changed(self) -> None:
        """Note that files are gone."""
        self._unpublished = True

    def end(self, settings: Settings) -> None:
        """Publish what is new, tell players, and end the run; harmless when nothing was done."""
        if self._unpublished:
            self._unpublished = False
            self._publish(settings)
        self._player_notifier.again()
        if self._cut_off is not None:
            self._store.runs.finish(self._cut_off)
            self._cut_off = None
        if self._run is not None:
            self._store.runs.finish(self._run)
            self._run = None
            seconds = self._clock() - self._began
            self._state.burst = BurstStatus(self._files, seconds)
            self._state.known = self._store.files.count()
            log.info("done for now", files=self._files, seconds=round(seconds, 1))

    def _publish(self, settings: Settings) -> None:
        changes, self._changes = self._changes, Changes()
        roots = [root.resolve() for root in settings.library.roots]
        published = after_run(settings, self._store, changes, roots, notify=self._notify)
        for change in published.playlists.changes:
            if change.action is PlaylistAction.REFUSED:
                log.warning("playlist refused", path=change.path, reason=change.reason)
            elif change.action is not PlaylistAction.UNCHANGED:
                log.info(f"playlist {change.action}", path=change.path, genre=change.genre)
        for problem in published.playlists.problems:
            log.warning("not in a playlist", path=problem.path, reason=problem.reason)

    def _notify(
        self, players: PlayerSettings, changes: Changes
    ) -> Mapping[str, TaggerError | None]:
        """Hand the changes over; a slow player holds nothing up."""
        if changes:
            self._player_notifier.tell(players, changes)
        return {}


def _cut_off(store: Store) -> int | None:
    """Return the last run if it was cut off: neither came to its end nor goes on elsewhere."""
    last = store.runs.last()
    if last is None or last.finished is not None or store.runs.is_alive(last.id):
        return None
    return last.id
