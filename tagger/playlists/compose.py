"""Playlists from tracks by genre. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.errors import PlaylistError
from tagger.playlists import m3u

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tagger.core.domain import TrackTags
    from tagger.playlists.locations import Locate


@dataclass(frozen=True, slots=True)
class Composed:
    """All playlists of a library, and the tracks that no playlist can contain."""

    playlists: tuple[m3u.Playlist, ...]
    left_out: tuple[PlaylistError, ...]


def compose(
    genres: Mapping[str, Iterable[tuple[Path, TrackTags]]], locate: Locate, *, min_tracks: int = 1
) -> Composed:
    """Make a playlist of each genre's tracks, in the order of their paths.

    `genres` contains the tracks by genre, and `locate` returns the location of a track in a
    playlist. A genre with fewer than `min_tracks` or a blank name gets no playlist.
    """
    by_name: dict[str, dict[Path, TrackTags]] = {}
    for genre, tracks in genres.items():
        by_name.setdefault(m3u.fold_spaces(genre), {}).update(tracks)
    by_name.pop("", None)
    playlists, left_out = [], {}
    for genre, members in sorted(by_name.items()):
        entries = []
        for path, tags in sorted(members.items(), key=lambda member: member[0].parts):
            try:
                entries.append(_entry(path, tags, locate))
            except PlaylistError as error:
                left_out[path] = PlaylistError(error.reason, path, error.hint)
        if len(entries) >= min_tracks:
            playlists.append(m3u.Playlist(genre, tuple(entries), genre))
    return Composed(tuple(playlists), tuple(left_out.values()))


def _entry(path: Path, tags: TrackTags, locate: Locate) -> m3u.Entry:
    location = locate(path)
    m3u.check(location)
    title = tags.title or path.stem
    label = f"{tags.artist} - {title}" if tags.artist else title
    known = math.isfinite(tags.duration) and tags.duration > 0
    return m3u.Entry(location, m3u.fold_spaces(label), round(tags.duration) if known else None)
