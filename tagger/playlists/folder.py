"""A folder of playlists as it is: whose each file is, and replacing one safely."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.errors import PlaylistError
from tagger.playlists import m3u
from tagger.system import atomic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SUFFIXES = (".m3u", ".m3u8")
_LARGEST = 64 * 2**20  # bytes; nothing that we write comes near


@dataclass(frozen=True, slots=True)
class Ours:
    """A playlist that tagger made."""

    genre: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """What a folder holds."""

    ours: Mapping[Path, Ours]
    foreign: frozenset[str]
    """Everything else's names, folded."""


def names(genre: str, suffix: str) -> Iterator[str]:
    """Yield the file names that a genre's playlist may have, the preferred one first."""
    slug = genres.slug(genre)
    yield f"{slug}{suffix}"
    yield f"{slug} (tagger){suffix}"
    for number in itertools.count(2):
        yield f"{slug} (tagger {number}){suffix}"


def folded(name: str) -> str:
    """Reduce a file name to what file systems that ignore case and composition compare."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def contents(folder: Path, known: Mapping[Path, str]) -> Contents:
    """Look at a folder; one that is not there is empty.

    A file is ours if it carries our manifest line and a name that we give, or if it is, byte
    for byte, what `known` (SHA-256 by path) says that we wrote there. A link is never ours.

    Raises:
        PlaylistError: the folder cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        paths = []
    except OSError as error:
        raise PlaylistError(f"cannot be read: {error.strerror}", folder) from error
    ours = {path: mine for path in paths if (mine := _ours(path, known))}
    return Contents(ours, frozenset(folded(path.name) for path in paths if path not in ours))


def digest(data: bytes) -> str:
    """Return the SHA-256 (hex) by which the record knows a content."""
    return hashlib.sha256(data).hexdigest()


def replace(path: Path, data: bytes, *, create: bool) -> None:
    """Put `data` at `path` in one step, as a new file or in place of one, whose mode stays.

    Raises:
        OSError: it could not be done, and nothing changed.
    """
    if create and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, "somebody else has just made it", path)
    atomic.replace_file(path, data)


def _ours(path: Path, known: Mapping[Path, str]) -> Ours | None:
    if path.suffix.lower() not in SUFFIXES or (data := _read(path)) is None:
        return None
    genre = m3u.parse(data).genre
    if genre and _may_be_named(path, genre):
        return Ours(genre, data)
    return Ours(genre, data) if known.get(path) == digest(data) else None


def _may_be_named(path: Path, genre: str) -> bool:
    slug = re.escape(folded(genres.slug(genre)))
    return re.fullmatch(rf"{slug}( \(tagger( \d+)?\))?", folded(path.stem)) is not None


def _read(path: Path) -> bytes | None:
    """Read a regular file; None for anything else, or one that is too large or closed to us."""
    try:
        with open(path, "rb", opener=_without_following) as file:
            status = os.fstat(file.fileno())
            regular = stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST
            return file.read(_LARGEST) if regular else None
    except OSError:
        return None


def _without_following(path: str, flags: int) -> int:
    """Open neither what a link points to nor, for ever, a pipe that nobody writes into."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
