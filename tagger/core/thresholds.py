"""The confidence that a genre needs for a promised precision."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from tagger.core.genres import LONGEST_NAME

Share = Annotated[float, Meta(ge=0, le=1)]
Word = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""One line of text."""


class OperatingPoint(Struct, frozen=True, forbid_unknown_fields=True):
    """The precision of all predictions at or above a threshold."""

    precision: Share
    threshold: Share
    coverage: Share
    """Share of the held-out tracks at or above the threshold."""


class OperatingPoints(Struct, frozen=True, forbid_unknown_fields=True):
    """The operating points that held-out data supports, by rising precision."""

    overall: tuple[OperatingPoint, ...]
    genres: dict[Word, tuple[OperatingPoint, ...]] = {}
    """For genres that need a higher threshold than the overall one."""

    def threshold(self, target_precision: float, genre: str) -> float | None:
        """Return the confidence that a likeliest genre needs.

        It is the threshold of the next higher precision that the held-out data supports. None:
        the data supports no such precision, so the genre is never written.

        Args:
            target_precision: Share of written genres that is promised to be right, 0 to 1.
            genre: The likeliest genre.

        """
        for point in self.genres.get(genre, self.overall):
            if point.precision >= target_precision:
                return point.threshold
        return None
