"""Files that moved since their write, found by identity, else by their sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.errors import CorruptTagsError, TagError, WorkerError
from tagger.library import index, walk
from tagger.tags import sound_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tagger.analysis.tag_jobs import TagJobs
    from tagger.library.walk import Found
    from tagger.store import JournalEntry, Store


def follow(starts: Iterable[Path], roots: Sequence[Path], store: Store, jobs: TagJobs) -> None:
    """Move the records of lost files to the paths where these files are now.

    A file has the same sound and the genres of its write; a renamed file has the same identity.

    Args:
        starts: The files and folders to search.
        roots: The music folders.
        store: The state database.
        jobs: Reads the tags.

    """
    there = []
    for found in _walk(starts, roots):
        index.look_up(found, store)  # moves the rows of a renamed file
        if store.journal.last(found.path) is None:
            there.append(found)
    lost = _lost(store)
    suffixes = {entry.change.path.suffix.lower() for entry in lost.values()}
    for found in there:
        if lost and found.path.suffix.lower() in suffixes:
            _move(found, lost, store, jobs)


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


def _move(found: Found, lost: dict[str, JournalEntry], store: Store, jobs: TagJobs) -> None:
    try:
        fields = {entry.change.field for entry in lost.values()}
        there = {field: jobs.read(found.path, field).in_field for field in fields}
        if not any(_is_there(entry, there) for entry in lost.values()):
            return
        entry = lost.get(jobs.sound(found.path) or "")
    except (TagError, WorkerError):
        return
    if entry and _is_there(entry, there):
        with store.transaction():
            store.files.move(entry.change.path, found.path)
        del lost[next(sound for sound, one in lost.items() if one is entry)]


def _is_there(entry: JournalEntry, there: Mapping[str, tuple[str, ...]]) -> bool:
    return there[entry.change.field] == entry.change.after
