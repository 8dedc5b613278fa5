"""Which tracks are one album, so that they are decided together. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from tagger.core.domain import Track

VARIOUS_ARTISTS = frozenset(["various artists", "various", "va", "v.a.", "v/a", "diverse"])
LARGEST_ALBUM = 60
"""Tracks; more in one folder is a collection, not an album."""
_TRACK_NUMBER = re.compile(r"\d{1,3}(?=[\s._-]|$)|\d-\d{2}(?=[\s._-]|$)")


def group(tracks: Iterable[Track]) -> list[tuple[Track, ...]]:
    """Split tracks into albums and single tracks, in the order of their first track.

    The tracks of an album have the same album and album artist in their tags. Without an album
    artist, they have the same album, folder and artist. Without an album, they are the numbered
    files of one folder, or its files by one artist. A compilation is never an album.
    """
    groups: dict[Hashable, list[Track]] = defaultdict(list)
    for track in tracks:
        groups[key(track)].append(track)
    return [
        album for members in groups.values() for album in (_album(members) or _singles(members))
    ]


def key(track: Track) -> Hashable:
    """Return a key that the tracks of one album have in common."""
    tags = track.tags
    if tags.compilation or _folded(tags.album_artist) in VARIOUS_ARTISTS:
        return track.path
    if tags.album and tags.album_artist:
        return track.root, _folded(tags.album), _folded(tags.album_artist)
    return track.path.parent, _folded(tags.album)


def _album(members: list[Track]) -> list[tuple[Track, ...]] | None:
    if len(members) > LARGEST_ALBUM:
        return None
    if members[0].tags.album and members[0].tags.album_artist:
        return [tuple(members)]
    artists = {_folded(track.tags.artist) for track in members}
    if len(artists) > 1 or artists & VARIOUS_ARTISTS:
        return None
    if not members[0].tags.album and not _is_album_folder(members):
        return None
    return [tuple(members)]


def _is_album_folder(members: list[Track]) -> bool:
    if members[0].path.parent == members[0].root:
        return False
    return bool(members[0].tags.artist) or all(
        _TRACK_NUMBER.match(track.path.stem) for track in members
    )


def _singles(members: list[Track]) -> list[tuple[Track, ...]]:
    return [(track,) for track in members]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
