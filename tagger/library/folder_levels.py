"""The evidence of folders: the genre of the artists below them, and the genre in their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.evidence import folders, weigh
from tagger.evidence.tally import Artists, Tally
from tagger.evidence.weigh import Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tagger.library.genre_words import GenreWords
    from tagger.store.labels import Labels

MOST_BELOW = 2000
"""Files below one folder that are counted at most."""
MOST_FOLDERS = 1000
"""Folders whose counts are kept in memory."""
NAME_ARTISTS = 5
"""How many artists the name of a folder counts for, beside the artists below it."""
ONE_GENRE = 0.9
"""The share of one genre below a folder whose name is no genre."""
FOLDER_HALF = 3
"""The number of artists below a folder whose weight is half of the trust in folders."""


class FolderLevels:
    """Returns what the folders above a track show of its genre; each folder is counted once."""

    def __init__(
        self,
        labels: Labels,
        words: GenreWords,
        names: Mapping[str, str],
        min_tracks: int,
        of_all: str,
    ) -> None:
        """Count the artists below folders of one library.

        Args:
            labels: The owner's genres.
            words: The spellings of the genres, and their names in the model.
            names: The user's names of folders, folded, with their genres.
            min_tracks: The least artists below a folder whose name is no genre.
            of_all: The genre of nearly all artists, which shows nothing; empty for none.

        """
        self._labels = labels
        self._words = words
        self._names = names
        self._min_tracks = min_tracks
        self._of_all = of_all
        self._artists: dict[Path, Artists] = {}
        """The artists below each folder."""
        self._known: dict[tuple[tuple[Path, ...], int | None], list[Level]] = {}
        """The levels, the nearest first, for the tracks of each artist in a folder."""

    def levels(self, above: tuple[Path, ...], artist: int | None) -> list[Level]:
        """Return the nearest folder of one genre, and the nearest that is named for a genre.

        Args:
            above: The folders above a track, see `folders.above`.
            artist: The key of the artist of the track, who does not count; None for no artist.

        """
        if (known := self._known.get((above, artist))) is None:
            if len(self._known) >= MOST_FOLDERS:
                self._known.clear()
            known = self._known[above, artist] = self._levels_of(above, artist)
        return known

    def _levels_of(self, above: tuple[Path, ...], artist: int | None) -> list[Level]:
        """Return the levels of folders, the nearest first, by all artists but one.

        An album is filed as a whole, and the owner may have tagged few albums so far. So artists
        count instead of tracks, and a folder of mostly unknown artists has no genre.
        """
        by_content: Level | None = None
        for folder in above:
            artists = self._below(folder)
            tally = artists.without(artist)
            if named := self._named(folder):
                level = self._named_level(folder, named, tally)
                return [*([by_content] if by_content else []), level]
            one = (
                tally.tracks and tally.shares[tally.top] >= ONE_GENRE and tally.top != self._of_all
            )
            many = artists.are_known and tally.tracks >= self._min_tracks
            if by_content is None and one and many:
                by_content = self._folder_level(folder, tally)
        return [by_content] if by_content else []

    def _folder_level(self, folder: Path, tally: Tally) -> Level:
        strength = tally.tracks / (tally.tracks + FOLDER_HALF)
        text = tally.text("artists", f"in the folder {folder.name}")
        return Level("folder", self._words.spread(tally.shares), strength, text, dict(tally.having))

    def _named_level(self, folder: Path, named: Sequence[str], tally: Tally) -> Level:
        total = tally.tracks + NAME_ARTISTS
        shares = {genre: share * tally.tracks / total for genre, share in tally.shares.items()}
        for genre in named:
            shares[genre] = shares.get(genre, 0.0) + NAME_ARTISTS / len(named) / total
        text = f"the folder {folder.name} is named for {', '.join(named)}"
        if tally.tracks:
            text += f", {tally.text('artists', 'there')}"
        strength = weigh.strength(total)
        return Level("folder name", self._words.spread(shares), strength, text, dict(tally.having))

    def _named(self, folder: Path) -> tuple[str, ...]:
        found = folders.genres_of(folder.name, self._names)
        return tuple(dict.fromkeys(map(self._words.name, found)))

    def _below(self, folder: Path) -> Artists:
        """Count the artists of the files below a folder."""
        if folder not in self._artists:
            if len(self._artists) >= MOST_FOLDERS:
                self._artists.pop(next(iter(self._artists)))
            rows = self._labels.below(folder, MOST_BELOW)
            named = ((artist, self._words.counting(genres)) for artist, genres in rows)
            self._artists[folder] = Artists.of(named)
        return self._artists[folder]
