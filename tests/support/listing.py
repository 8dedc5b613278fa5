"""The lists of made-up tracks."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tagger.playlists.lists import Names, genre_lists
from tagger.store.files import Combination
from tagger.store.rows import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tagger.config import PlaylistSettings
    from tagger.playlists import Listed, TrackList


def lists_of(
    tracks: Mapping[Listed, tuple[str, ...]], settings: PlaylistSettings, names: Names | None = None
) -> list[TrackList]:
    """Return the list of each genre of tracks with these genres."""
    found: dict[tuple[str, ...], list[Listed]] = defaultdict(list)
    for track, genres in tracks.items():
        found[genres].append(track)
    combinations = [
        Combination(json_text(genres), genres, len(some), 0) for genres, some in found.items()
    ]

    def read(wanted: Iterable[Combination]) -> list[Listed]:
        return [track for one in wanted for track in found[one.genres]]

    return genre_lists(combinations, read, settings, names or Names())
