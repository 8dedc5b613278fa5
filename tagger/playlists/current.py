"""Whether the playlists of a folder are current, without a look at any track.

The state of a folder is a digest of the store's revision, the settings, and the status of every
file in the folder. With the same state as after the last refresh, each playlist would be the same.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import msgspec

from tagger import __version__
from tagger.playlists.publish import PlaylistAction, PlaylistChange

if TYPE_CHECKING:
    from tagger.config import Settings
    from tagger.playlists.values import Shelf
    from tagger.store import Store


def state_of(settings: Settings, shelf: Shelf, revision: int) -> str:
    """Return the state of a folder of playlists; empty if the folder cannot be read.

    Args:
        settings: The settings of the lists.
        shelf: The folder.
        revision: The revision of the store from which its playlists are made.

    """
    try:
        with os.scandir(shelf.folder) as entries:
            files = sorted(_status(entry) for entry in entries)
    except OSError:
        return ""
    behind = (
        __version__,
        revision,
        settings.playlists,
        settings.genres,
        settings.training.parents,
        shelf,
        shelf.target.music_directory.resolve(),
        files,
    )
    text = msgspec.json.encode(behind, enc_hook=os.fsencode, order="deterministic")
    return hashlib.sha256(text).hexdigest()


def unchanged(shelf: Shelf, store: Store) -> list[PlaylistChange]:
    """Return the playlists of a folder whose state is the same as after the last refresh."""
    known = store.playlists.in_folder(shelf.folder)
    changes = [
        PlaylistChange(path, PlaylistAction.UNCHANGED, genre, sha256=sha)
        for path, (sha, genre) in known.items()
    ]
    return sorted(changes, key=lambda change: (not change.genre, change.genre))


def _status(entry: os.DirEntry[str]) -> tuple[bytes, int, int, int, int, int]:
    found = entry.stat(follow_symlinks=False)
    times = found.st_mtime_ns, found.st_ctime_ns
    return os.fsencode(entry.name), found.st_mode, found.st_ino, found.st_size, *times
