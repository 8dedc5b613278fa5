"""From lists of tracks to the playlists of one target. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from tagger.errors import PlaylistError
from tagger.playlists import m3u
from tagger.playlists.values import Entry, Playlist

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tagger.playlists.locations import Locate
    from tagger.playlists.values import Listed, TrackList


@dataclass(frozen=True, slots=True)
class Composed:
    """The playlists of a target, and the tracks that none of them can contain."""

    playlists: tuple[Playlist, ...]
    by_genre: Mapping[str, Mapping[str, PlaylistError]]
    """The tracks that a list cannot contain, by file; complete when its entries were read."""

    @property
    def left_out(self) -> dict[str, PlaylistError]:
        """The tracks that a list cannot contain, by file."""
        return {file: error for one in self.by_genre.values() for file, error in one.items()}


class _Entries:
    """The entries of one list, made when they are read: a library has too many for the memory."""

    def __init__(
        self, tracks: TrackList, locate: Locate, left_out: dict[str, PlaylistError]
    ) -> None:
        self._list = tracks
        self._locate = locate
        self._left_out = left_out

    def __iter__(self) -> Iterator[Entry]:
        for track in self._list.tracks:
            try:
                yield _entry(track, self._locate)
            except PlaylistError as error:
                self._left_out[track.file] = PlaylistError(error.reason, track.path, error.hint)

    def __bool__(self) -> bool:
        """Return whether there is any; without an entry, each track is left out."""
        return any(map(self._has_entry, self._list.read())) or any(True for _ in self)

    def _has_entry(self, track: Listed) -> bool:
        try:
            _entry(track, self._locate)
        except PlaylistError:
            return False
        return True


def compose(
    lists: Iterable[TrackList], locate: Locate, known: Mapping[str, str] | None = None
) -> Composed:
    """Make the playlist of each list.

    Args:
        lists: The lists.
        locate: Returns the location of a track for the target.
        known: The SHA-256 (hex) of each playlist that is known without its entries, by genre.

    """
    digests, left_out = known or {}, defaultdict[str, dict[str, PlaylistError]](dict)
    playlists = (
        Playlist(
            one.name,
            _Entries(one, locate, left_out[one.genre]),
            one.genre,
            one.special,
            one.texts,
            sha256=digests.get(one.genre, ""),
        )
        for one in lists
    )
    return Composed(tuple(one for one in playlists if one.sha256 or one.entries), left_out)


def rules(lists: Iterable[TrackList], order: str) -> Composed:
    """Make the smart playlist of each genre's list; the player finds the tracks.

    `order` is an order of `[playlists]`.
    """
    found = (
        Playlist(one.name, (), one.genre, texts=one.texts, order=order)
        for one in lists
        if one.genre
    )
    return Composed(tuple(found), {})


def _entry(track: Listed, locate: Locate) -> Entry:
    location = locate(track.file)
    m3u.check(location)
    tags = track.tags
    title = tags.title or PurePath(track.file).stem
    label = f"{tags.artist} - {title}" if tags.artist else title
    known = 0 < tags.duration < math.inf
    return Entry(location, label, round(tags.duration) if known else None)
