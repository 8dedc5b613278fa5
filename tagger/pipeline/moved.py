"""Files that moved since their write, found by identity, else by their sound."""

from __future__ import annotations

import math
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from tagger.errors import CorruptTagsError, TagError, WorkerError
from tagger.library import index, walk
from tagger.tags import sound_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from tagger.analysis.tag_jobs import TagJobs
    from tagger.library.walk import Found
    from tagger.store import JournalEntry, Store

    Genres = tuple[str, tuple[str, ...]]
    """A field and its genres."""

CLOCKS_S = 86_400
"""Seconds by which the clocks of file systems and shares may differ, with their time zones."""


def follow(
    starts: Iterable[Path],
    roots: Sequence[Path],
    store: Store,
    jobs: TagJobs,
    *,
    preserve_mtime: bool = False,
) -> None:
    """Move the records of lost files to the paths where these files are now.

    A file has the same sound and the genres of its write; a renamed file has the same identity. A
    file that is older than the write, with another identity, is another copy of the recording, with
    its owner's genres.

    Args:
        starts: The files and folders to search.
        roots: The music folders.
        store: The state database.
        jobs: Reads the tags.
        preserve_mtime: See `WriteOptions`; then the age of a file shows nothing.

    """
    there = []
    for found in _walk(starts, roots):
        index.look_up(found, store)  # moves the rows of a renamed file
        if store.journal.last(found.path) is None:
            there.append(found)
    lost = _lost(store)
    writes = {path: entry for same in lost.values() for path, entry in same.items()}
    written = {_written(entry) for entry in writes.values()}
    suffixes = {path.suffix.lower() for path in writes}
    names = {path.name for path in writes}
    # copies of one recording keep their names more often than their folders
    for found in sorted(there, key=lambda found: found.path.name not in names):
        if not writes or found.path.suffix.lower() not in suffixes:
            continue
        genres, sound = _identified(found, written, jobs)
        latest = math.inf if preserve_mtime else found.identity.mtime_ns / 1e9 + CLOCKS_S
        same = lost.get(sound, {})
        fit = [
            path
            for path, entry in same.items()
            if _written(entry) in genres and (entry.at < latest or _is_renamed(path, found, store))
        ]
        if fit:
            path = max(fit, key=partial(_common_end, found.path))
            with store.transaction():
                store.files.move(path, found.path)
            del same[path], writes[path]


def _walk(starts: Iterable[Path], roots: Sequence[Path]) -> Iterator[Found]:
    for start in starts:
        if not walk.is_gone(start):
            yield from walk.music(start, walk.root_of(start, roots))


def _common_end(one: Path, other: Path) -> int:
    """Return how many names at the end of two paths are the same."""
    pairs = zip(reversed(one.parts), reversed(other.parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _lost(store: Store) -> dict[str, dict[Path, JournalEntry]]:
    """Return the newest write of each file that is gone, by the sound and the path of the file."""
    lost: dict[str, dict[Path, JournalEntry]] = {}
    for entry in (*store.journal.done(), *store.journal.intended()):
        if walk.is_gone(entry.change.path):
            try:
                sound = sound_of(entry.change.snapshot, entry.change.path)
            except CorruptTagsError:
                continue
            lost.setdefault(sound, {})[entry.change.path] = entry
    return lost


def _written(entry: JournalEntry) -> Genres:
    return entry.change.field, entry.change.after


def _is_renamed(path: Path, found: Found, store: Store) -> bool:
    """Return whether a file is the file of a row, whatever time another program gave it since."""
    known = store.files.get(path)
    return known is not None and known.identity[1:3] == found.identity[1:3]  # inode and size


def _identified(
    found: Found, written: Collection[Genres], jobs: TagJobs
) -> tuple[Collection[Genres], str]:
    """Return the fields of a file that have the genres of a write, and the sound of such a file."""
    try:
        fields = {field for field, _ in written}
        there = {(field, jobs.read(found.path, field).in_field) for field in fields}
        genres = there.intersection(written)
        return genres, (jobs.sound(found.path) or "") if genres else ""
    except (TagError, WorkerError):
        return (), ""
