"""Reading the tags and the sound of a file, and comparing them with a snapshot."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tagger.core.domain import GENRE
from tagger.tags import edit, recent
from tagger.tags.boundary import boundary
from tagger.tags.fingerprint import stream_fingerprint
from tagger.tags.parsed import ParsedFile, track_tags
from tagger.tags.values import GenreSnapshot

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.core.domain import TrackTags


def read(path: Path, field: str = GENRE) -> TrackTags:
    """Read a file's tags; the content decides the container, not the name.

    `field` is the field that tagger writes. Genres are names in file order; numbers are resolved,
    and lists are split. If the container's own tag has no genre, the other tags of the file are
    read.

    Raises UnsupportedContainerError (not a supported audio file), CorruptTagsError (the
    tags cannot be parsed), TagError (gone, no permission, an error of the device).
    """
    with boundary(path), open(path, "rb", opener=_unblocked) as file:
        parsed = ParsedFile(file, path)
        found = track_tags(parsed, field)
        recent.keep(path, parsed.parse)
        return found


def sound(path: Path) -> str | None:
    """Return the fingerprint of a file's sound, None where FFmpeg cannot open the file.

    Raises TagError as `read` does.
    """
    with boundary(path), open(path, "rb", opener=_unblocked) as file:
        return stream_fingerprint(file)


def sound_of(snapshot: str, path: Path) -> str:
    """Return the fingerprint of the sound of the file that a snapshot was taken of.

    Args:
        snapshot: `GenreEdit.snapshot`.
        path: The file, for the error.

    Raises:
        CorruptTagsError: the snapshot is damaged.

    """
    return GenreSnapshot.decoded(snapshot, path).sound


def _unblocked(path: str, flags: int) -> int:
    """Open without waiting for a writer, because the file may have become a FIFO."""
    return os.open(path, flags | os.O_NONBLOCK)


def is_restored(path: Path, snapshot: str) -> bool:
    """Return whether the tags of a file have the form of the time before a write.

    Their genres and their sizes are compared, so that an original that was copied again is
    distinguished from a file whose genre the user deleted.

    Args:
        path: The file.
        snapshot: `GenreEdit.snapshot` of the write.

    Raises:
        TagError: as `read` raises it, or the snapshot is damaged.

    """
    before = GenreSnapshot.decoded(snapshot, path)
    with boundary(path), open(path, "rb", opener=_unblocked) as file:
        container = ParsedFile(file, path).container
        return edit.states(container, before.values) == before.tags
