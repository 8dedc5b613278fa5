"""Whether playlists are current, without a look at any track.

The state of a folder is a digest of the store's revision, the settings, and the status of every
file in the folder. With the same state as after the last refresh, each playlist would be the same.
So would a playlist with the same state of its list: the settings, and the revisions of its tracks.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import msgspec

from tagger import __version__
from tagger.playlists.publish import PlaylistAction, PlaylistChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tagger.config import Settings
    from tagger.playlists.values import Shelf, TrackList
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
    return _digest(settings, shelf, revision, settings.genres, settings.training.parents, files)


def states_of(settings: Settings, shelf: Shelf, lists: Iterable[TrackList]) -> dict[str, str]:
    """Return the state of each genre's list in a folder of playlists, by genre.

    Args:
        settings: The settings behind each playlist.
        shelf: The folder and its target.
        lists: The lists of the library; special lists are left out.

    """
    return {
        one.genre: _digest(settings, shelf, one.name, one.genre, one.texts, one.combinations)
        for one in lists
        if one.genre
    }


def unchanged(shelf: Shelf, store: Store) -> list[PlaylistChange]:
    """Return the playlists of a folder whose state is the same as after the last refresh."""
    known = store.playlists.in_folder(shelf.folder)
    changes = [
        PlaylistChange(path, PlaylistAction.UNCHANGED, one.genre, sha256=one.sha256)
        for path, one in known.items()
    ]
    return sorted(changes, key=lambda change: (not change.genre, change.genre))


def _digest(settings: Settings, shelf: Shelf, *further: object) -> str:
    music = shelf.target.music_directory.resolve()
    behind = (__version__, settings.playlists, shelf, music, *further)
    text = msgspec.json.encode(behind, enc_hook=os.fsencode, order="deterministic")
    return hashlib.sha256(text).hexdigest()


def _status(entry: os.DirEntry[str]) -> tuple[bytes, int, int, int, int, int]:
    found = entry.stat(follow_symlinks=False)
    times = found.st_mtime_ns, found.st_ctime_ns
    return os.fsencode(entry.name), found.st_mode, found.st_ino, found.st_size, *times
