"""The update of cached playlists.

Each page is committed before the next request: a run after an interrupted run continues with the
next page.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from training.errors import (
    SpotifyError,
    SpotifyPausedError,
    SpotifyPlaylistError,
    SpotifyUnavailableError,
)
from training.spotify.cache import Problem
from training.spotify.responses import LATER
from training.spotify.schema import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from training.spotify.api import Api
    from training.spotify.cache import Reading, SpotifyStore

MOST_READINGS = 3
"""Attempts at a playlist that changes while it is read."""
MOST_FAULTS = 3
"""After so many playlists in a row with temporary faults, the whole run is given up."""


class State(StrEnum):
    """The outcome of a playlist."""

    READ = "read"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Synced:
    """A playlist after the update."""

    playlist: str
    name: str
    state: State
    places: int
    """Number of cached places, those of an older reading included."""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Sync:
    """One run over the playlists."""

    api: Api
    store: SpotifyStore
    on_page: Callable[[str, int, int], None] = lambda _name, _done, _total: None
    """Receives each page: the playlist's name, places read, places in all."""
    now: Callable[[], float] = time.time

    def run(self, playlists: Collection[str]) -> Iterator[Synced]:
        """Update each playlist; an error of one playlist does not stop the others.

        Raises SpotifyPausedError, SpotifyLoginError, SpotifyAccountError and, after several
        playlists, SpotifyUnavailableError. The pages so far stay in the cache.
        """
        self._respect_pause()
        self.store.keep_only(playlists)
        faults = 0
        for playlist in playlists:
            try:
                yield self._one(playlist)
            except SpotifyPausedError as error:
                self.store.pause(self.now() + error.seconds if error.seconds else 0.0)
                raise
            except (SpotifyPlaylistError, SpotifyUnavailableError) as error:
                faults = faults + 1 if isinstance(error, SpotifyUnavailableError) else 0
                if faults == MOST_FAULTS:
                    raise
                yield self._failed(playlist, error)
            else:
                faults = 0

    def _respect_pause(self) -> None:
        until = self.store.paused_until
        if until > self.now():
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(until))
            reason = f"Spotify asks for a pause until {when}"
            hint = "the pages so far are kept; run `tagger spotify sync` then"
            raise SpotifyPausedError(reason, hint=hint, seconds=until - self.now())

    def _failed(self, playlist: str, error: SpotifyError) -> Synced:
        problem = Problem(error.reason, error.hint or "")
        self.store.note_problem(playlist, problem, self.now())
        old = self.store.finished(playlist)
        places = (old.total or 0) if old else 0
        return Synced(playlist, self.store.name(playlist), State.FAILED, places, problem)

    def _one(self, playlist: str) -> Synced:
        head = self.api.head(playlist)
        for _ in range(MOST_READINGS):
            name = head.name or playlist
            old = self.store.finished(playlist)
            if old and old.snapshot == head.snapshot_id:
                self.store.note_problem(playlist, None, self.now())
                return Synced(playlist, name, State.UNCHANGED, old.total or 0)
            reading = self.store.resume(playlist, name, head.snapshot_id, self.now())
            total = self._pages(reading)
            head = self.api.head(playlist)
            if total is not None and head.snapshot_id == reading.snapshot:
                self.store.finish(reading)
                return Synced(playlist, name, State.READ, total)
            self.store.drop(reading)
        raise SpotifyPlaylistError(
            "changed during each of several attempts", hint="run `tagger spotify sync` later"
        )

    def _pages(self, reading: Reading) -> int | None:
        """Read the remaining pages; return the number of places, None when it changed meanwhile."""
        offset, total = reading.next_offset, reading.total
        while total is None or offset < total:
            page = self.api.page(reading.playlist, offset)
            if total is not None and page.total != total:
                return None
            if page.next and not page.items:
                raise SpotifyUnavailableError("Spotify gave an empty page", hint=LATER)
            total, begin = page.total, offset
            offset = begin + len(page.items) if page.next else total
            self.store.add_page(reading, rows(page, begin), total=total, offset=offset)
            self.on_page(reading.name, min(offset, total), total)
        return total
