"""A burst of work: from the first file after an idle time until the queue is empty."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from tagger.daemon.host.logs import log
from tagger.daemon.status.state import BurstStatus
from tagger.pipeline.publish import after_run
from tagger.players import Changes
from tagger.playlists import PlaylistAction
from tagger.playlists.refresh import MOST_NAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tagger.config import PlayerSettings, Settings
    from tagger.core.domain import Outcome
    from tagger.daemon.status.state import DaemonState
    from tagger.errors import TaggerError
    from tagger.players import PlayerNotifier
    from tagger.store import Store


class Burst:
    """One run, which `tagger undo` reverts as a whole; ends with playlists and players."""

    def __init__(
        self,
        store: Store,
        state: DaemonState,
        player_notifier: PlayerNotifier,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Find the runs that killed programs left, to finish them with this burst.

        Args:
            store: Contains runs and journal.
            state: Shown to the user.
            player_notifier: Notifies the players.
            clock: Returns seconds.

        """
        self._store = store
        self._state = state
        self._player_notifier = player_notifier
        self._changes = Changes()
        self._clock = clock
        self._run: int | None = None
        self._began: float | None = None
        """When the burst began, None between bursts."""
        self._files = 0
        self._interrupted = store.runs.interrupted()
        self._unpublished = bool(self._interrupted)
        """Whether playlists may be out of date, as after an interrupted run."""
        self._retry_at = math.inf
        """When playlists that could not be written are tried again."""
        for run in self._interrupted:
            for path in store.journal.paths(run):
                self._changes.file(path)
        state.known_files = store.files.count()

    def begin(self) -> None:
        """Begin the burst, unless it began already."""
        if self._began is None:
            self._began = self._clock()

    def run_id(self) -> int:
        """Return the id of this burst's run; starts a run if there is none."""
        if self._run is None:
            self._run = self._store.runs.start("watch")
        return self._run

    def count(self, outcome: Outcome) -> None:
        """Count a processed file."""
        self._files += 1
        self._changes.outcome(outcome)
        self._unpublished = True
        self._state.burst = BurstStatus(self._files, self._seconds, over=False)

    def mark_changed(self) -> None:
        """Note that files were deleted, so playlists are out of date."""
        self._unpublished = True

    def end(self, settings: Settings) -> None:
        """Refresh playlists, notify players and finish the run; does nothing without changes.

        Playlists that could not be written are tried again after `daemon.reconcile_interval`.
        """
        if self._unpublished or self._clock() >= self._retry_at:
            self._unpublished = False
            self._publish(settings)
        self._player_notifier.retry()
        while self._interrupted:
            self._store.runs.finish(self._interrupted.pop())
        if self._run is not None:
            self._store.runs.finish(self._run)
            self._run = None
        seconds, self._began = self._seconds, None
        if self._files:
            self._state.burst = BurstStatus(self._files, seconds)
            self._state.known_files = self._store.files.count()
            log.info("burst finished", files=self._files, seconds=round(seconds, 1))
            self._files = 0

    @property
    def _seconds(self) -> float:
        return 0.0 if self._began is None else self._clock() - self._began

    def _publish(self, settings: Settings) -> None:
        changes, self._changes = self._changes, Changes()
        roots = settings.library.real_roots
        published = after_run(settings, self._store, changes, roots, notify=self._notify)
        later = self._clock() + settings.daemon.reconcile_interval
        self._retry_at = later if published.playlists.failed else math.inf
        for change in published.playlists.changes:
            if change.action is PlaylistAction.REFUSED:
                log.warning("playlist refused", path=change.path, reason=change.reason)
            elif change.action is not PlaylistAction.UNCHANGED:
                log.info(f"playlist {change.action}", path=change.path, genre=change.genre)
        for lost in published.playlists.lost_folders:
            log.warning("playlist refused", path=lost.path, reason=lost.explanation)
        problems = published.playlists.problems
        for problem in problems[:MOST_NAMED]:
            log.warning("track left out of playlists", path=problem.path, reason=problem.reason)
        if more := len(problems[MOST_NAMED:]):
            log.warning("more tracks left out of playlists", files=more)

    def _notify(
        self, players: PlayerSettings, changes: Changes
    ) -> Mapping[str, TaggerError | None]:
        """Hand the changes to the notifier without waiting for the players."""
        if changes:
            self._player_notifier.notify(players, changes)
        return {}
