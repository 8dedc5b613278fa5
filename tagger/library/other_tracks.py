"""The owner's genres on the other tracks of an artist or album, read once for many tracks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tagger.store import Keys
    from tagger.store.labels import Genres, Labelled, Labels

K = TypeVar("K")


class OtherTracks:
    """Reads the tracks of each artist and album once; for a block of tracks, not for a run."""

    def __init__(self, labels: Labels, most_of_artist: int, most_of_album: int) -> None:
        """Read from a store.

        Args:
            labels: The owner's genres.
            most_of_artist: The number of tracks of an artist that count at most.
            most_of_album: The number of tracks of an album that count at most.

        """
        self._labels = labels
        self._most_of_artist = most_of_artist
        self._most_of_album = most_of_album
        self._by_name: dict[tuple[int | None, str], list[Labelled]] = {}
        self._by_id: dict[tuple[int | None, str], list[Labelled]] = {}
        self._by_album: dict[int | None, list[Labelled]] = {}

    def of_artist(self, keys: Keys, without: Path) -> list[Genres]:
        """Return the genres of other tracks of an artist; `without` is the track itself."""
        most, one = self._most_of_artist, (keys.artist, keys.artist_id)
        by_name = _once(self._by_name, one, lambda: self._labels.of_artist(keys, most + 1))
        found = _others(by_name, without, most)
        if keys.artist_id:
            by_id = _once(self._by_id, one, lambda: self._labels.of_artist_id(keys, most + 1))
            found += _others(by_id, without, most)
        return found

    def of_album(self, keys: Keys, without: Path) -> list[Genres]:
        """Return the genres of other tracks of an album; `without` is the track itself."""
        most = self._most_of_album
        rows = _once(self._by_album, keys.album, lambda: self._labels.of_album(keys, most + 1))
        return _others(rows, without, most)


def _once(
    known: dict[K, list[Labelled]], key: K, read: Callable[[], list[Labelled]]
) -> list[Labelled]:
    if key not in known:
        known[key] = read()
    return known[key]


def _others(rows: list[Labelled], without: Path, most: int) -> list[Genres]:
    own = os.fsencode(without)
    return [genres for path, genres in rows if path != own][:most]
