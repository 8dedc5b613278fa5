"""The values of this room: lists of tracks, and the playlists of one target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tagger.config import PlaylistTarget
    from tagger.store.files import Combination


Roots = tuple[Path, ...]
"""The resolved roots of one library."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One folder of playlists, and the library whose tracks it lists."""

    folder: Path
    target: PlaylistTarget
    roots: Roots


class ListedTags(Struct, frozen=True, gc=False):
    """The part of `TrackTags` that playlists need; a list has many of them in memory."""

    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    duration: float = 0.0
    """Seconds; 0 if unknown."""


class Listed(Struct, frozen=True, gc=False):
    """A track of a library, as playlists need it."""

    file: str
    """The resolved path; an object of `Path` takes four times the memory."""
    tags: ListedTags
    added: float = 0.0
    """The modification time when tagger first found the file, Unix seconds."""

    @property
    def path(self) -> Path:
        """The resolved path."""
        return Path(self.file)


@dataclass(frozen=True, slots=True)
class TrackList:
    """The tracks of one playlist, for every target and player."""

    name: str
    read: Callable[[], Iterable[Listed]]
    """Returns the tracks in any order. A library has too many tracks for the memory."""
    genre: str = ""
    """The genre of the tracks; empty for a special list."""
    special: str = ""
    """`undecided` or `recent`; empty for a genre."""
    texts: tuple[str, ...] = ()
    """The texts in the files that name the genre, for a smart playlist.

    The parts of a list as well: Navidrome reads `Rock/Pop` as two genres, other players as one.
    """
    combinations: Sequence[Combination] = ()
    """The genres of the tracks; empty for a special list."""
    in_order: Callable[[Iterable[Listed]], tuple[Listed, ...]] = tuple
    """Returns the tracks in the order of the list."""

    @property
    def tracks(self) -> tuple[Listed, ...]:
        """The tracks in order, read each time."""
        return self.in_order(self.read())

    @property
    def mark(self) -> str:
        """See `Playlist.mark`."""
        return mark(self.genre, self.special)


class Entry(Struct, frozen=True, gc=False):
    """A track in a playlist; a library has many."""

    location: str
    """The path that the player opens."""
    label: str = ""
    """The player's label, `Artist - Title`."""
    seconds: int | None = None
    """The duration, None when unknown."""


@dataclass(frozen=True, slots=True)
class Playlist:
    """A playlist of one target."""

    name: str
    entries: Iterable[Entry]
    """In order; they can be read again."""
    genre: str = ""
    """The genre of a playlist that tagger made; empty for other playlists."""
    special: str = ""
    """The special list that tagger made; empty for other playlists."""
    texts: tuple[str, ...] = ()
    """See `TrackList.texts`."""
    order: str = "path"
    """The order of a smart playlist, as in `[playlists]`; other playlists are in order."""
    sha256: str = ""
    """Of its file (hex), where that is known without the entries."""

    @property
    def mark(self) -> str:
        """The identity of a playlist that tagger made; empty for other playlists."""
        return mark(self.genre, self.special)


GENRE, SPECIAL = "genre=", "list="
"""The two kinds of marks."""


def mark(genre: str, special: str) -> str:
    """Return the mark of a genre's or of a special list; empty for neither."""
    if special:
        return SPECIAL + special
    return GENRE + genre if genre else ""


def marked(text: str) -> tuple[str, str]:
    """Return the genre and the special list of a mark; both are empty for another text."""
    if text.startswith(SPECIAL):
        return "", text.removeprefix(SPECIAL)
    return (text.removeprefix(GENRE) if text.startswith(GENRE) else ""), ""
