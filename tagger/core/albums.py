"""Groups of tracks that form one album and are decided together. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from tagger.core.placeholders import is_no_artist, is_unknown_album

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from tagger.core.domain import Track

LARGEST_ALBUM = 60
"""Tracks; more in one folder is a collection, not an album."""
MOST_GUESTS = 2
"""Artists other than the album artist; more artists make a compilation."""


def group(tracks: Iterable[Track]) -> list[tuple[Track, ...]]:
    """Split tracks into albums and single tracks, in the order of their first track.

    The tracks of an album have the same album and album artist in their tags. Without an album
    artist, they have the same album, folder and artist. Without an album, they are the files of one
    folder by one artist. A compilation, and an album or artist without a name, is never an album.
    Tracks of several artists, none of them the album artist, are of a compilation by a label.
    """
    groups: dict[Hashable, list[Track]] = defaultdict(list)
    for track in tracks:
        groups[key(track)].append(track)
    found: list[tuple[Track, ...]] = []
    for members in groups.values():
        found += [tuple(members)] if _are_one(members) else [(track,) for track in members]
    return found


def key(track: Track) -> Hashable:
    """Return a key that the tracks of one album have in common."""
    tags = track.tags
    if tags.compilation or is_no_artist(tags.album_artist) or is_unknown_album(tags.album):
        return track.path
    if tags.album and tags.album_artist:
        return track.root, _folded(tags.album), _folded(tags.album_artist)
    return track.path.parent, _folded(tags.album)


def _are_one(members: list[Track]) -> bool:
    """Return whether tracks with the same key are one album."""
    if len(members) > LARGEST_ALBUM or any(is_no_artist(track.tags.artist) for track in members):
        return False
    tags = members[0].tags
    artists = {_folded(track.tags.artist) for track in members}
    if tags.album and tags.album_artist:
        named = artists - {""}
        guests = {artist for artist in named if not is_within(_folded(tags.album_artist), artist)}
        of_a_label = len(guests) > 1 and guests == named
        return not of_a_label and len(guests) <= MOST_GUESTS
    if len(artists) > 1:
        return False
    return bool(tags.album or (tags.artist and members[0].path.parent != members[0].root))


def is_within(name: str, credit: str) -> bool:
    """Return whether whole words of a credit are a name: "Now" is not within "Snow Patrol".

    Scripts without letter case, such as Chinese, have no spaces between words.
    """
    if name not in credit or name.lower() == name.upper():
        return name in credit
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", credit))


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
