"""Files that moved since their write, found by identity, else by their sound."""

from __future__ import annotations

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
    file that is older than the write is another copy of the recording, with its owner's genres.

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
    suffixes = {entry.change.path.suffix.lower() for entry in lost.values()}
    written = {_written(entry) for entry in lost.values()}
    for found in there:
        if not lost or found.path.suffix.lower() not in suffixes:
            continue
        genres, sound = _identified(found, written, jobs)
        entry = lost.get(sound)
        if entry is None or _written(entry) not in genres:
            continue
        if preserve_mtime or entry.at < found.identity.mtime_ns / 1e9 + CLOCKS_S:
            with store.transaction():
                store.files.move(entry.change.path, found.path)
            del lost[sound]


def _walk(starts: Iterable[Path], roots: Sequence[Path]) -> Iterator[Found]:
    for start in starts:
        if not walk.is_gone(start):
            items = walk.walk(start, walk.root_of(start, roots))
            yield from (item for item in items if isinstance(item, walk.Found))


def _lost(store: Store) -> dict[str, JournalEntry]:
    """Return the newest write of each file that is gone, by the sound of the file."""
    lost: dict[str, JournalEntry] = {}
    for entry in (*store.journal.done(), *store.journal.intended()):
        if walk.is_gone(entry.change.path):
            try:
                lost[sound_of(entry.change.snapshot, entry.change.path)] = entry
            except CorruptTagsError:
                continue
    return lost


def _written(entry: JournalEntry) -> Genres:
    return entry.change.field, entry.change.after


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
