"""The genres of the owner's tracks and artists, counted. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.core.evidence import family

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

MANY = 10
"""Tracks from which on the spread of a name's genres shows that it is nobody's."""
MOST_GENRES_OF_ONE = 4.0
"""The effective number of genres (inverse Simpson index) that one artist may have."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The genres of some tracks."""

    tracks: int
    having: Mapping[str, int]
    """The number of tracks that have each genre."""
    shares: Mapping[str, float]
    """The share of each genre; a track with several genres counts for each in part."""

    @classmethod
    def of(cls, tracks: Iterable[tuple[str, ...]]) -> Tally:
        """Count tracks by their genres; a track without any is left out."""
        having: Counter[str] = Counter()
        parts: dict[str, float] = {}
        count = 0
        for genres in tracks:
            count += bool(genres)
            having.update(genres)
            for genre in genres:
                parts[genre] = parts.get(genre, 0.0) + 1 / len(genres)
        return cls(count, having, {genre: part / count for genre, part in parts.items()})

    @property
    def top(self) -> str:
        """The genre of most tracks."""
        return max(self.shares, key=lambda genre: (self.shares[genre], genre))

    @property
    def is_mixed(self) -> bool:
        """Whether less than half of the pairs of tracks have a family of genres in common."""
        families: Counter[str] = Counter()
        for genre, tracks in self.having.items():
            families[family(genre)] += tracks
        alike = sum(math.comb(min(tracks, self.tracks), 2) for tracks in families.values())
        return 2 * alike < math.comb(self.tracks, 2)

    @property
    def is_of_many(self) -> bool:
        """Whether the tracks have so many genres that their name belongs to many people."""
        even = 1 / sum(share**2 for share in self.shares.values())
        return self.tracks >= MANY and even > MOST_GENRES_OF_ONE

    def text(self, kind: str, where: str) -> str:
        """Return the genres of most tracks in words; `kind` is `tracks` or `artists`."""
        common = sorted(genre for genre, number in self.having.items() if number == self.tracks)
        names = ", ".join(common) or self.top
        return f"{self.having[self.top]} of {self.tracks} other {kind} {where} are {names}"


@dataclass(frozen=True, slots=True)
class Artists:
    """The artists of some tracks, each counted once."""

    genres: Mapping[Hashable, str]
    """The genre of most tracks of each artist; without the artists whose tracks have none."""
    number: int
    """All artists."""
    tally: Tally
    """The genres of all artists."""

    @classmethod
    def of(cls, tracks: Iterable[tuple[Hashable, tuple[str, ...]]]) -> Artists:
        """Count the artists of tracks; each track is an artist and its genres."""
        by_artist: defaultdict[Hashable, list[tuple[str, ...]]] = defaultdict(list)
        for artist, genres in tracks:
            by_artist[artist].append(genres)
        tallies = {artist: Tally.of(found) for artist, found in by_artist.items()}
        tops = {artist: tally.top for artist, tally in tallies.items() if tally.tracks}
        return cls(tops, len(by_artist), Tally.of((genre,) for genre in tops.values()))

    @property
    def are_known(self) -> bool:
        """Whether at least half of the artists have a genre: enough for a sample of all."""
        return 2 * len(self.genres) >= self.number

    def without(self, artist: Hashable) -> Tally:
        """Count the genres of all artists but one."""
        if artist not in self.genres:
            return self.tally
        return Tally.of((genre,) for other, genre in self.genres.items() if other != artist)
