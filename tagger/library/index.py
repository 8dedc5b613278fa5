"""The index of files: which are new, changed, moved, or corrected by the user.

No file is opened here: the tags of new and changed files come from `pipeline.indexing`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from tagger.core.domain import GENRE, OtherField, Track, TrackTags
from tagger.errors import TagError
from tagger.library import absence, walk
from tagger.store import Correction
from tagger.store.files import FOLDERS_IN_ONE_QUERY, IN_ONE_QUERY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tagger.library.walk import Found, Listing
    from tagger.store import Store
    from tagger.store.files import RecordedState

SAME_RECORDING_S = 0.5
"""Durations closer than this, in seconds, are taken for the same recording's."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A file that was found, and the row of the same file."""

    found: Found
    known: Track | None
    """The file as it was indexed last, under this path or the path that it was moved from."""

    @property
    def current(self) -> Track | None:
        """The indexed track where nothing changed since, else None."""
        known, found = self.known, self.found
        if known and (known.identity, known.root) == (found.identity, found.root):
            return known
        return None

    @property
    def unchanged(self) -> bool:
        """Whether the file has the content of its earlier row."""
        return self.known is not None and self.known.identity.same_content(self.found.identity)

    def track(self, tags: TrackTags) -> Track:
        """Return the file as a track with these tags, and with its sound if it is known."""
        found, known = self.found, self.known
        content = known.content if known and self.unchanged else None
        return Track(found.path, found.root, found.identity, tags, content)


def recorded(
    listings: Iterable[Listing], store: Store
) -> Iterator[tuple[Listing, list[RecordedState | None]]]:
    """Yield each folder with the row of each of its files, None for a file without a row.

    A walk is read some folders ahead, with one query for them.
    """
    left = iter(listings)
    while some := list(islice(left, FOLDERS_IN_ONE_QUERY)):
        folders = [_in_bytes(listing) for listing in some]
        known = store.files.states([(folder, names) for folder, names in folders if names])
        for listing, (folder, names) in zip(some, folders, strict=True):
            yield listing, [known.get(folder + name) for name in names]


def _in_bytes(listing: Listing) -> tuple[bytes, list[bytes]]:
    """Return a folder with a slash at its end, and the names of its files."""
    folder = os.fsencode(listing.folder).rstrip(b"/") + b"/"
    names = os.fsencode("/".join([name for name, _ in listing.files]))
    return folder, names.split(b"/") if names else []


def look_up(found: Found, store: Store) -> Lookup:
    """Find the row of a file; the row of a moved file follows it to its new path."""
    known = store.files.get(found.path)
    if known is None or not known.identity.same_content(found.identity):
        known = _moved(found, store, known) or known
    return Lookup(found, known)


def look_up_all(files: Iterable[Found], store: Store) -> Iterator[Lookup]:
    """Yield the lookup of each file; unchanged files need one query for a block of them."""
    left = iter(files)
    while some := list(islice(left, IN_ONE_QUERY)):
        known = store.files.among([found.path for found in some])
        for found in some:
            lookup = Lookup(found, known.get(found.path))
            if lookup.known is None:
                yield Lookup(found, _moved(found, store))
            else:  # the index of another file of the block may have changed the device in its row
                yield lookup if lookup.current else look_up(found, store)


def put(lookup: Lookup, tags: TrackTags, store: Store, *, renewed: bool = False) -> Track:
    """Index a file, and note a genre that the user changed after tagger wrote it.

    Args:
        lookup: The file and its earlier row.
        tags: Its tags now.
        store: The state database.
        renewed: The file was copied again, so a missing genre is not the user's wish.

    """
    found, known = lookup.found, lookup.known
    track = lookup.track(tags)
    with store.transaction():
        if known and lookup.unchanged and known.identity.device != found.identity.device:
            store.files.renumber(found.root, known.identity.device, found.identity.device)
        if renewed:
            store.corrections.forget(found.path)
        elif known and not lookup.unchanged:
            _keep_correction(track, known, store)
        store.files.put(track)
    return track


def put_unreadable(lookup: Lookup, field: str, store: Store) -> Track:
    """Index a file whose tags cannot be parsed as a track without tags.

    Its duration stays, so that the next change is compared with the same recording.

    Args:
        lookup: The file and its earlier row.
        field: The field that tagger writes.
        store: The state database.

    """
    duration = lookup.known.tags.duration if lookup.known else 0.0
    other = None if field == GENRE else OtherField(field)
    track = lookup.track(TrackTags(duration=duration, other=other))
    store.files.put(track)
    return track


def lost_genre(lookup: Lookup, tags: TrackTags, store: Store) -> str | None:
    """Return the snapshot of the last write, if its genre is gone from a changed file.

    Args:
        lookup: The file and its earlier row.
        tags: Its tags now.
        store: The state database.

    """
    found, known = lookup.found, lookup.known
    if known is None or tags.in_field or not known.tags.in_field:
        return None
    now, before = found.identity, known.identity
    entry = store.journal.last(found.path, tags.field)
    if entry is None or (now.size, now.inode) == (before.size, before.inode):
        return None  # edited in place, in the space of the tag
    return entry.change.snapshot


def _moved(found: Found, store: Store, known: Track | None = None) -> Track | None:
    """Return the row of a file that moved here; the row of this path gets the old path.

    So each file of an album with new numbers finds its row, in any order. An editor may rename a
    file and write an edited copy under its name: both have the writes then. Some file systems give
    a file another number at any time, so a number alone shows no move.
    """
    moved = store.files.in_state(found.identity)
    if moved is None or not absence.is_elsewhere(moved, absence.Lost()):
        return None
    renumbered = known is not None and known.identity[2:] == found.identity[2:]
    if renumbered and not walk.is_gone(moved.path):
        return None
    with store.transaction():
        if known is None and _is_new(moved.path, store):
            store.files.copy(moved.path, found.path)
        else:
            store.files.exchange(moved.path, found.path)
    return store.files.get(found.path)


def _is_new(path: Path, store: Store) -> bool:
    """Return whether a file is at a path, and has no row at any path."""
    try:
        return store.files.in_state(walk.identity_of(path)) is None
    except TagError:
        return False


def _keep_correction(track: Track, known: Track, store: Store) -> None:
    """Record a genre that the user changed after tagger, in the same recording.

    The way back to the genre of tagger is the last change of a correction, and a choice as well. An
    older file, or a file on another disk, is a copy from elsewhere and no correction.
    """
    seen, now = known.tags, track.tags
    before, after = known.identity, track.identity
    if after.device != before.device or after.mtime_ns < before.mtime_ns:
        return
    if seen.field != now.field or seen.in_field == now.in_field:
        return
    if abs(seen.duration - now.duration) > SAME_RECORDING_S:
        return
    ours = store.journal.last(track.path, now.field)
    changed = ours and ours.change.after != now.in_field
    if ours and (changed or store.corrections.has(track.path)):
        correction = Correction(track.path, known.content, ours.change.after, now.in_field)
        store.corrections.put(correction)
