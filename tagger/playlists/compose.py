"""From lists of tracks to the playlists of one target. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.errors import PlaylistError
from tagger.playlists import m3u
from tagger.playlists.values import Entry, Playlist

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tagger.playlists.locations import Locate
    from tagger.playlists.values import Listed, TrackList


@dataclass(frozen=True, slots=True)
class Composed:
    """The playlists of a target, and the tracks that none of them can contain."""

    playlists: tuple[Playlist, ...]
    left_out: tuple[PlaylistError, ...]


def compose(lists: Iterable[TrackList], locate: Locate) -> Composed:
    """Make the playlist of each list; `locate` returns the location of a track for the target."""
    playlists, left_out = [], {}
    for one in lists:
        entries = []
        for track in one.tracks:
            try:
                entries.append(_entry(track, locate))
            except PlaylistError as error:
                left_out[track.path] = PlaylistError(error.reason, track.path, error.hint)
        if entries:
            playlists.append(Playlist(one.name, tuple(entries), one.genre, one.special, one.texts))
    return Composed(tuple(playlists), tuple(left_out.values()))


def rules(lists: Iterable[TrackList], order: str) -> Composed:
    """Make the smart playlist of each genre's list; the player finds the tracks.

    `order` is an order of `[playlists]`.
    """
    found = (
        Playlist(one.name, (), one.genre, texts=one.texts, order=order)
        for one in lists
        if one.genre
    )
    return Composed(tuple(found), ())


def _entry(track: Listed, locate: Locate) -> Entry:
    location = locate(track.path)
    m3u.check(location)
    tags = track.tags
    title = tags.title or track.path.stem
    label = f"{tags.artist} - {title}" if tags.artist else title
    known = math.isfinite(tags.duration) and tags.duration > 0
    return Entry(location, m3u.fold_spaces(label), round(tags.duration) if known else None)
