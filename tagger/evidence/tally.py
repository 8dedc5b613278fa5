"""The genres of the owner's tracks, counted. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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

    def without(self, genres: tuple[str, ...]) -> Tally:
        """Return the tally without one track that has these genres."""
        if not genres or any(genre not in self.having for genre in genres):
            return self
        count = self.tracks - 1
        having, parts = Counter(self.having), {}
        for genre, share in self.shares.items():
            part = share * self.tracks - (1 / len(genres) if genre in genres else 0.0)
            if count and part > 1e-9:
                parts[genre] = part / count
        having.subtract(genres)
        return Tally(count, +having, parts)

    @property
    def top(self) -> str:
        """The genre of most tracks."""
        return max(self.shares, key=lambda genre: (self.shares[genre], genre))

    @property
    def is_of_many(self) -> bool:
        """Whether the tracks have so many genres that their name belongs to many people."""
        even = 1 / sum(share**2 for share in self.shares.values())
        return self.tracks >= MANY and even > MOST_GENRES_OF_ONE
