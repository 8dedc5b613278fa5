"""Looking at files before listening: which are new, changed, moved or corrected by the user.

Only files whose identity changed are opened.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tagger import tags
from tagger.core.domain import Track, TrackTags
from tagger.errors import TagError
from tagger.library import walk
from tagger.store import Correction

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.core.domain import FileIdentity
    from tagger.library.walk import Found
    from tagger.store import FileRecord, Store

SAME_RECORDING_S = 0.5
"""Durations closer than this, in seconds, are taken for the same recording's."""


def index_file(found: Found, store: Store) -> Track:
    """Return the file as a track, remembering it.

    A file whose tags cannot be read is a track without tags: listening says what is wrong
    with it.
    """
    record = store.files.get(found.path)
    if record is None or not _is_same_state(record.track.identity, found.identity):
        record = _moved(found, store) or record
    if record and (record.track.identity, record.track.root) == (found.identity, found.root):
        return record.track
    read = _tags(found)
    track = Track(found.path, found.root, found.identity, read or TrackTags())
    unchanged = record is not None and _is_same_state(record.track.identity, found.identity)
    with store.transaction():
        if record and read and not unchanged:
            _keep_correction(track, record, store)
        store.files.put(track, record.content_id if record and unchanged else None)
    return track


def _is_same_state(one: FileIdentity, other: FileIdentity) -> bool:
    """Compare all but the device, whose number may be another one after each mount."""
    return replace(one, device=other.device) == other


def drop_missing(folder: Path, store: Store) -> int:
    """Forget files at or below `folder` that are gone; returns how many.

    Where nothing at all is left of a root, it is more likely that a disk is not there.
    """
    gone = [record.track for record in store.files.under(folder) if walk.is_gone(record.track.path)]
    missing = {root for root in {track.root for track in gone} if not is_there(root, store)}
    gone = [track for track in gone if track.root not in missing]
    with store.transaction():
        for track in gone:
            store.files.forget(track.path)
            store.failures.clear(track.path)
    return len(gone)


def is_there(root: Path, store: Store) -> bool:
    """Tell whether any file that is known below a root is still there."""
    return any(not walk.is_gone(record.track.path) for record in store.files.under(root))


def _moved(found: Found, store: Store) -> FileRecord | None:
    record = store.files.moved_here(found.identity)
    if record is None or not walk.is_gone(record.track.path):
        return None
    with store.transaction():
        store.files.move(record.track.path, found.path)
    return store.files.get(found.path)


def _keep_correction(track: Track, record: FileRecord, store: Store) -> None:
    """Notice a genre that somebody changed after us, in what is still the same recording.

    An older file, or one on another disk, is a copy from elsewhere and says nothing about ours.
    """
    seen, now = record.track.tags, track.tags
    before, after = record.track.identity, track.identity
    if after.device != before.device or after.mtime_ns < before.mtime_ns:
        return
    if seen.genres == now.genres or abs(seen.duration - now.duration) > SAME_RECORDING_S:
        return
    ours = store.journal.last(track.path)
    if ours and ours.change.after != now.genres:
        store.corrections.put(
            Correction(track.path, record.content_id, ours.change.after, now.genres)
        )


def _tags(found: Found) -> TrackTags | None:
    try:
        return tags.read(found.path)
    except TagError:
        return None
