"""The bootstrap over artists (Efron 1979): artists are drawn, not clips.

Clips by one artist are alike, so a resample of clips would give intervals that are too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class ArtistBootstrap:
    """Resamples of the artists of some clips; the same clips give the same resamples."""

    group: NDArray[np.intp]
    """Artist of each clip as a number, shape (clips,)."""
    counts: NDArray[np.int64]
    """Number of times each artist is drawn, shape (resamples, artists)."""

    @classmethod
    def of(cls, artists: NDArray[Any], resamples: int = RESAMPLES) -> ArtistBootstrap:
        """Draw from the artists of clips, shape (clips,), as often as there are artists."""
        names, group = np.unique(artists, return_inverse=True)
        even = np.full(len(names), 1 / len(names))
        counts = np.random.default_rng(0).multinomial(len(names), even, size=resamples)
        return cls(group, counts)

    @property
    def artists(self) -> int:
        """Number of artists."""
        return int(self.counts.shape[1])

    def sums(self, values: NDArray[Any]) -> Array:
        """Sum a value of each clip, shape (clips,), over every resample, shape (resamples,)."""
        by_artist = np.bincount(self.group, values.astype(np.float64), self.artists)
        sums: Array = self.counts.astype(np.float64) @ by_artist
        return sums

    def ratio_interval(
        self, part: NDArray[Any], whole: NDArray[Any] | None = None
    ) -> tuple[float, float]:
        """Return the 95% interval of sum(part) / sum(whole).

        `part` and `whole` have a value for each clip, shape (clips,); `whole` is 1 where it is not
        given. Resamples without any `whole` are left out; the sum of `whole` is not 0.
        """
        totals = self.sums(np.ones(len(part)) if whole is None else whole)
        ratios = self.sums(part)[totals > 0] / totals[totals > 0]
        low, high = np.percentile(ratios, [2.5, 97.5])
        return float(low), float(high)
