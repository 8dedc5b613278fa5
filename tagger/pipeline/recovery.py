"""Recovery after a killed process: the file itself shows whether it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger import tags
from tagger.errors import TagError, WorkerError
from tagger.library import walk

if TYPE_CHECKING:
    from tagger.analysis.tag_jobs import TagJobs
    from tagger.store import JournalEntry, Store


def recover(store: Store, jobs: TagJobs) -> int:
    """Settle the writes that dead runs left open, and remove their temporary files.

    Args:
        store: The state database.
        jobs: Reads the tags of the files.

    Returns:
        How many writes were open.

    """
    entries = [e for e in store.journal.intended() if not store.runs.is_alive(e.run)]
    for folder in {entry.change.path.parent for entry in entries}:
        tags.remove_leftovers(folder)
    for entry in entries:
        _settle(entry, store, jobs)
    return len(entries)


def _settle(entry: JournalEntry, store: Store, jobs: TagJobs) -> None:
    """Confirm an open write that the file shows; discard it where the file is the old file.

    An entry stays open while its file cannot be read. A file with other genres altogether was
    changed by the user: the entry is confirmed, so that undo names the reason.

    Args:
        entry: The open write.
        store: The state database.
        jobs: Reads the tags of the file.

    """
    path = entry.change.path
    try:
        identity = walk.identity_of(path)
        found = jobs.read(path, entry.change.field)
    except (TagError, WorkerError):
        return  # away for now, perhaps: only a file that was read settles its entry
    if found.in_field == entry.change.before:
        store.journal.discard(entry.id)
        return
    if found.in_field == entry.change.after:
        store.files.record_write(path, identity, found)
    store.journal.confirm(entry.id)
