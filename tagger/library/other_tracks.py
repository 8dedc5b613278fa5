"""The owner's genres on the other tracks of an artist or album, read once for many tracks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tagger.core.albums import LARGEST_ALBUM
from tagger.evidence.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from tagger.library.genre_words import GenreWords
    from tagger.store import Keys
    from tagger.store.labels import Genres, Labelled, Labels


MOST_OF_ARTIST = 500
"""Tracks of one artist that count at most."""


class OtherTracks:
    """Reads the tracks of each artist and album once; for a block of tracks, not for a run."""

    def __init__(self, labels: Labels, words: GenreWords) -> None:
        """Read the owner's genres, and count them by their words."""
        self._labels = labels
        self._words = words
        self._known: dict[Hashable, _Tracks] = {}

    def of_artist(self, keys: Keys, without: Path) -> Tally:
        """Count the genres of other tracks of an artist; `without` is the track itself.

        The sound can neither confirm nor refuse a genre such as Christmas or Live, which may be
        that of one album. Such a genre counts where the owner gave most tracks of the artist one.
        """
        key, most = ("artist", keys.artist, keys.artist_id), MOST_OF_ARTIST
        if (known := self._known.get(key)) is None:
            rows = [self._labels.of_artist(keys, most + 1)]
            if keys.artist_id:
                rows.append(self._labels.of_artist_id(keys, most + 1))
            if not self._labels.cover_half(keys):
                rows = [self._modelled(tracks) for tracks in rows]
            known = self._known[key] = _Tracks(rows, most, self._words)
        return known.without(os.fsencode(without))

    def of_album(self, keys: Keys, without: Path) -> Tally:
        """Count the genres of other tracks of an album; `without` is the track itself."""
        key = "album", keys.album
        if (known := self._known.get(key)) is None:
            rows = [self._labels.of_album(keys, LARGEST_ALBUM + 1)]
            known = self._known[key] = _Tracks(rows, LARGEST_ALBUM, self._words)
        return known.without(os.fsencode(without))

    def _modelled(self, rows: list[Labelled]) -> list[Labelled]:
        return [(path, tuple(filter(self._words.is_modelled, genres))) for path, genres in rows]


class _Tracks:
    """The tracks of one artist or album, in one list or in several."""

    def __init__(self, lists: list[list[Labelled]], most: int, words: GenreWords) -> None:
        self._lists = lists
        self._most = most
        self._words = words
        self._paths = {path for rows in lists for path, _ in rows}
        self._whole: Tally | None = None

    def without(self, own: bytes) -> Tally:
        """Count the genres of all but one track; at most `most` tracks of each list count."""
        if own in self._paths:
            return self._tally(own)
        if self._whole is None:  # for each track without a genre of its owner
            self._whole = self._tally(own)
        return self._whole

    def _tally(self, own: bytes) -> Tally:
        found: list[Genres] = []
        for rows in self._lists:
            found += [genres for path, genres in rows if path != own][: self._most]
        return Tally.of(map(self._words.counting, found))
