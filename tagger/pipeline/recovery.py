"""Settling what a killed process left open: the file itself says whether it was written."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tagger import tags
from tagger.core.domain import FileIdentity
from tagger.errors import TagError

if TYPE_CHECKING:
    from tagger.store import JournalEntry, Store


def recover(store: Store) -> int:
    """Settle what dead runs intended and remove their temporary files; returns how many."""
    entries = [e for e in store.journal.intended() if not store.runs.is_alive(e.run)]
    for folder in {entry.change.path.parent for entry in entries}:
        tags.remove_leftovers(folder)
    for entry in entries:
        settle(entry, store)
    return len(entries)


def settle(entry: JournalEntry, store: Store) -> bool:
    """Mark one intended change as done if the file carries it, else drop it."""
    path = entry.change.path
    done = False
    with contextlib.suppress(TagError, OSError):
        identity = FileIdentity.of(path.stat())
        found = tags.read(path)
        done = found.genres == entry.change.after != entry.change.before
        if done:
            store.files.record_write(path, identity, found)
    (store.journal.confirm if done else store.journal.discard)(entry.id)
    return done
