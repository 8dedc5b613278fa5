"""Files without any work: unchanged since their last run, and decided without their sound.

A large library consists of such files. They are found with one query for some folders, and without
a `Track`. Their status is read in every scan: a file that is edited in place does not change the
time of its folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tagger.core.domain import GENRE, Outcome
from tagger.store.rows import stored_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tagger.core.domain import Decision, Track
    from tagger.core.policy import Policy
    from tagger.library.walk import Found, Listing
    from tagger.store import Store
    from tagger.store.files import RecordedState

MOST_GENRES = 10_000
"""Decisions that are kept in memory, by the genres of a file."""


class _Field(Struct):
    name: str


class _Genres(Struct):
    """The part of `TrackTags` that decides without sound."""

    genres: tuple[str, ...] = ()
    other: _Field | None = None
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class UnchangedFiles:
    """The files of a folder without any work."""

    folder: str
    decisions: list[tuple[str, Decision]]
    """The name of each file, and the decision on it."""

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the outcome of each file."""
        for name, decision in self.decisions:
            genres = decision.genres
            path = Path(self.folder, name)
            yield Outcome(path, decision.action, genres, genres, None, None, decision.reason)


class UnchangedFinder:
    """Finds the files of a folder without any work."""

    def __init__(self, store: Store, policy: Policy, field: str) -> None:
        """Look up in a store.

        Args:
            store: The state database.
            policy: Decides by the genres of a file.
            field: The field that tagger writes.

        """
        self._store = store
        self._policy = policy
        self._field = field
        self._recorded = 0
        self._new: set[Path] = set()
        self._decided: dict[tuple[tuple[str, ...], int, bool], Decision | None] = {}

    def split(
        self, listing: Listing, states: Sequence[RecordedState | None]
    ) -> tuple[UnchangedFiles, list[Found]]:
        """Return the files without any work, with their decisions, and the other files.

        Args:
            listing: A folder.
            states: The row of each of its files, see `index.recorded`.

        """
        unchanged = UnchangedFiles(listing.folder, [])
        root = os.fsencode(listing.root)
        others: list[Found] = []
        for state, (name, identity) in zip(states, listing.files, strict=True):
            if state is None:
                found = listing.found(name, identity)
                self._new.add(found.path)
                others.append(found)
                continue
            _, below, device, inode, size, mtime_ns, handled, text, corrected = state
            if (
                (device, inode, size, mtime_ns) == identity
                and below == root
                and handled
                and (decision := self._decision(text, corrected))
            ):
                unchanged.decisions.append((name, decision))
            else:
                others.append(listing.found(name, identity))
        self._recorded += len(states) - states.count(None)
        return unchanged, others

    def saw_all(self, tracks: Iterable[Track], starts: Iterable[Path]) -> bool:
        """Return whether each recorded file below the starts was found, so that none is missing.

        Args:
            tracks: The files with work, after they were indexed.
            starts: The files and folders of the walk; none is below another.

        """
        added = sum(track.path in self._new for track in tracks)
        return sum(map(self._store.files.count_under, starts)) == self._recorded + added

    def _decision(self, text: str, corrected: int) -> Decision | None:
        """Return the decision on a file with these tags; None where its sound is needed."""
        tags = stored_json(text, _Genres)
        if (tags.other.name if tags.other else GENRE) != self._field:
            return None
        key = tags.genres, corrected, tags.spoken
        decision = self._decided.get(key)
        if decision is None and key not in self._decided:
            if len(self._decided) >= MOST_GENRES:
                self._decided.clear()
            decision = self._decided[key] = self._policy.without_audio(
                tags.genres, corrected=bool(corrected), spoken=tags.spoken
            )
        return decision
