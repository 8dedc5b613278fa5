"""A folder of playlists: which files tagger made, and their safe replacement."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.errors import PlaylistError
from tagger.playlists.formats import FORMATS
from tagger.system import atomic
from tagger.system.next_steps import disk_step
from tagger.system.spelling import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tagger.playlists.values import Playlist

HINT = "set playlists.folder to another folder, or playlists.enabled to false"
"""The next step where a folder of playlists cannot be used."""
_LARGEST = 64 * 2**20  # bytes; far above any playlist of tagger


@dataclass(frozen=True, slots=True)
class OwnPlaylist:
    """A playlist that tagger made."""

    playlist: Playlist
    """Its name and mark, without entries."""
    sha256: str
    """Of the file (hex)."""


@dataclass(frozen=True, slots=True)
class FolderContents:
    """The contents of a folder."""

    own: Mapping[Path, OwnPlaylist]
    foreign: frozenset[str]
    """The folded names of all other files."""


def names(name: str, suffix: str) -> Iterator[str]:
    """Yield the possible file names of a playlist by its name, the preferred file name first."""
    slug = genres.slug(name)
    yield f"{slug}{suffix}"
    yield f"{slug} (tagger){suffix}"
    for number in itertools.count(2):
        yield f"{slug} (tagger {number}){suffix}"


def read_folder(folder: Path, recorded: Mapping[Path, str]) -> FolderContents:
    """Read a folder; a missing folder is empty.

    tagger made a file that has a mark and the file name for its playlist's name. tagger also
    made a file whose content has the hash of its path in `recorded` (SHA-256, hex). tagger never
    made a link.

    Raises:
        PlaylistError: the folder cannot be read, or a playlist that tagger may have made.
    """
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        paths = []
    except OSError as error:
        hint = disk_step(error, HINT)
        raise PlaylistError(f"cannot be read: {error.strerror}", folder, hint) from error
    own = {path: playlist for path in paths if (playlist := _own(path, recorded))}
    return FolderContents(own, frozenset(fold(path.name) for path in paths if path not in own))


def check_place(folder: Path) -> None:
    """Check that a folder exists, or that no file is in its place; permissions are not checked.

    Raises:
        PlaylistError: `folder`, or a path above it, is a file.
    """
    for path in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            if stat.S_ISDIR(path.stat().st_mode):
                return
            raise PlaylistError("is a file, so no folder of playlists is possible", path, HINT)


def digest(data: bytes) -> str:
    """Return the SHA-256 (hex) of a playlist, as recorded in the store."""
    return hashlib.sha256(data).hexdigest()


def replace(path: Path, data: bytes, *, create: bool) -> None:
    """Write a playlist in one step; a replaced file keeps its mode.

    Args:
        path: The playlist.
        data: Its content.
        create: Expect that no file is there.

    Raises:
        OSError: the playlist could not be written; the old file is unchanged.
    """
    if create and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, "another program has just created it", path)
    atomic.replace_file(path, data, tidy=False)  # `publish` tidies the folder


def fits(path: Path, name: str) -> bool:
    """Return whether tagger may have given this file name to a playlist of this name."""
    slug = re.escape(fold(genres.slug(name)))
    return re.fullmatch(rf"{slug}( \(tagger( \d+)?\))?", fold(path.stem)) is not None


def _own(path: Path, recorded: Mapping[Path, str]) -> OwnPlaylist | None:
    if path.suffix.lower() not in FORMATS:
        return None
    try:
        data = _read(path)
    except OSError as error:
        if isinstance(error, PermissionError) and path not in recorded:
            return None  # of another user
        # taken for a foreign file, it would stay beside its successor
        hint = "check its permissions and the disk, or delete it"
        raise PlaylistError(f"cannot be read: {error.strerror}", path, hint) from error
    if data is None:
        return None
    own = OwnPlaylist(FORMATS[path.suffix.lower()].parse(data), digest(data))
    if own.playlist.mark and fits(path, own.playlist.name):
        return own
    return own if recorded.get(path) == own.sha256 else None


def _read(path: Path) -> bytes | None:
    """Read a regular file; None for other kinds, for too large files and for a removed file.

    Raises OSError for a file that cannot be read.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with open(path, "rb", opener=_without_following) as file:
            small = os.fstat(file.fileno()).st_size <= _LARGEST
            return file.read(_LARGEST) if small else None
    except FileNotFoundError:
        return None


def _without_following(path: str, flags: int) -> int:
    """Open no link, and never wait for the writer of a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
