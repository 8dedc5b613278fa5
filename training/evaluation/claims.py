"""Decisions on clips that a model was not fitted to, and their precision.

The rules are those of `tagger.core.decide`. The likeliest genre is written where it is sure enough,
else the likeliest family. A written genre is right where it, or a genre of its family, is accepted:
Rock is right for punk. No album gets a genre that less than half of its tracks have first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.core.pooling import LEAST
from tagger.core.thresholds import OperatingPoint, OperatingPoints
from training.evaluation.bootstrap import ArtistBootstrap
from training.evaluation.metrics import ALBUM_TRACKS, CAUTION, LEAST_WRITTEN, PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tagger.core.families import Families
    from tagger.core.pooling import Pooling

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Indices = NDArray[np.intp]

_GRID = np.arange(0.99, 0.3, -0.005)


@dataclass(frozen=True, eq=False)
class Claims:
    """A genre and a family for each clip, the confidence in them, and whether they are right."""

    sources: NDArray[Any]
    confidence: Array
    """Of the likeliest genre, shape (clips,); 0 where it may not be written."""
    right: Mask
    family_confidence: Array
    """Of the likeliest family, 0 where a genre outside is likelier or it may not be written."""
    family_right: Mask

    def of(self, clips: NDArray[Any]) -> Claims:
        """Return the claims of some clips, by index or mask."""
        return Claims(
            self.sources[clips],
            self.confidence[clips],
            self.right[clips],
            self.family_confidence[clips],
            self.family_right[clips],
        )

    def genres_of(self, clips: Mask) -> Claims:
        """Return the claims where some clips get their likeliest genre, and no clip anything else.

        Args:
            clips: Which clips, shape (clips,).

        """
        confidence = np.where(clips, self.confidence, 0.0)
        return Claims.of_genres(self.sources, confidence, self.right)

    @classmethod
    def of_genres(cls, sources: NDArray[Any], confidence: Array, right: Mask) -> Claims:
        """Return claims of genres alone, of which no clip gets a family.

        Args:
            sources: See `Claims`, as are `confidence` and `right`; each of shape (clips,).
            confidence: Of the likeliest genre.
            right: Whether it is right.

        """
        nothing = np.zeros(len(right))
        return cls(sources, confidence, right, nothing, nothing.astype(bool))

    @classmethod
    def joined(cls, parts: Sequence[Claims]) -> Claims:
        """Put the claims of several parts together."""
        return cls(
            np.concatenate([part.sources for part in parts]),
            np.concatenate([part.confidence for part in parts]),
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.family_confidence for part in parts]),
            np.concatenate([part.family_right for part in parts]),
        )

    def written(self, threshold: float | None) -> Mask:
        """Return which clips get a genre or a family."""
        if threshold is None:
            return np.zeros(len(self.right), bool)
        return np.maximum(self.confidence, self.family_confidence) >= threshold

    def rightly(self, threshold: float | None) -> Mask:
        """Return which clips get a genre or a family that is right for them."""
        genre = self.confidence >= (np.inf if threshold is None else threshold)
        return self.written(threshold) & np.where(genre, self.right, self.family_right)

    def outcome(self, threshold: float | None) -> tuple[float | None, float]:
        """Return the precision at a threshold, None where no clip is written; then the coverage."""
        written, right = self.written(threshold), self.rightly(threshold)
        precision = float(right.sum() / written.sum()) if written.any() else None
        return precision, float(written.mean())


@dataclass(frozen=True, eq=False)
class Scale:
    """The genres of a model as columns."""

    genres: tuple[str, ...]
    families: Families

    def columns(self, head: str) -> list[int]:
        """Return the columns of a family."""
        return [self.genres.index(member) for member in self.families[head]]

    def merged(self, probabilities: Array) -> Array:
        """Give each family the probability of its members together, see `families.merged`."""
        result = probabilities.copy()
        for head in self.families:
            columns = self.columns(head)
            result[:, columns] = 0
            result[:, self.genres.index(head)] = probabilities[:, columns].sum(axis=1)
        return result

    def within(self, genres: Indices, head: str) -> Mask:
        """Return which genres are of a family."""
        return np.isin(genres, self.columns(head))


def track_claims(
    probabilities: Array, allowed: Mask, sources: NDArray[Any], scale: Scale
) -> Claims:
    """Judge every clip by itself.

    Args:
        probabilities: Shape (clips, genres).
        allowed: The genres that are right for each clip, shape (clips, genres).
        sources: The collection of each clip.
        scale: The genres and families.

    """
    rows = np.arange(len(probabilities))
    top = probabilities.argmax(axis=1)
    family = scale.merged(probabilities)
    widest = family.argmax(axis=1)
    family_right, is_family = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    right = allowed[rows, top]
    for head in scale.families:
        place, accepted = scale.genres.index(head), allowed[:, scale.columns(head)].any(axis=1)
        chosen = widest == place
        is_family |= chosen
        family_right |= chosen & accepted
        right = np.where(top == place, accepted, right)
    confidence = np.where(is_family, family[rows, widest], 0.0)
    return Claims(sources, probabilities[rows, top], right, confidence, family_right)


def album_claims(
    probabilities: Array,
    allowed: Mask,
    sources: NDArray[Any],
    scale: Scale,
    grouping: tuple[Sequence[Indices], Pooling],
) -> Claims:
    """Judge every clip of an album by the pooled prediction.

    Args:
        probabilities: By clip and genre, shape (clips, genres).
        allowed: Whether a genre is right for a clip, shape (clips, genres).
        sources: The source of each clip, shape (clips,).
        scale: The genres and their families.
        grouping: The clips of each album, and the pooling of their predictions.

    """
    albums, pooling = grouping
    pooled = probabilities.copy()
    own = probabilities.argmax(axis=1)
    genre_allowed, family_allowed = np.ones(len(own), bool), np.ones(len(own), bool)
    for album in albums:
        row = np.array(pooling.probabilities(logs(probabilities[album]).tolist()))
        pooled[album] = row
        genre_allowed[album] = 2 * (own[album] == row.argmax()).sum() >= len(album)
        head = scale.genres[int(scale.merged(row[np.newaxis])[0].argmax())]
        if head in scale.families:
            family_allowed[album] = 2 * scale.within(own[album], head).sum() >= len(album)
    claims = track_claims(pooled, allowed, sources, scale)
    members = np.concatenate(albums)
    return Claims(
        sources[members],
        np.where(genre_allowed, claims.confidence, 0)[members],
        claims.right[members],
        np.where(family_allowed, claims.family_confidence, 0)[members],
        claims.family_right[members],
    )


def operating_points(
    claims: Claims, besides: Claims | None = None, least: int = LEAST_WRITTEN
) -> OperatingPoints:
    """Find the lowest threshold that keeps each of PRECISIONS in CAUTION of the resamples.

    Whole sources are drawn (Efron's bootstrap by cluster): the clips of one are alike.

    Args:
        claims: Of all clips.
        besides: Of some clips, of which the promise must hold by themselves, without resamples.
        least: The least number of clips above a threshold.

    """
    bootstrap = ArtistBootstrap.of(claims.sources)
    lowest: dict[float, float] = {}
    for threshold in _GRID:
        written, right = claims.written(threshold), claims.rightly(threshold)
        if written.sum() < least:
            continue
        drawn = bootstrap.sums(written)
        shares = bootstrap.sums(right) / np.maximum(drawn, 1)
        kept = float(np.percentile(shares[drawn > 0], 100 * (1 - CAUTION)))
        if besides is not None:
            alone = besides.written(threshold).sum()
            kept = min(kept, besides.rightly(threshold).sum() / alone) if alone else 0.0
        lowest |= {p: round(float(threshold), 4) for p in PRECISIONS if kept >= p}
    points = [
        OperatingPoint(p, lowest[p], round(float(claims.written(lowest[p]).mean()), 4))
        for p in PRECISIONS
        if p in lowest
    ]
    return OperatingPoints(tuple(points))


def album_indices(artists: NDArray[Any], sources: NDArray[Any], known: Mask) -> list[Indices]:
    """Group the clips of one artist in one source, two to ALBUM_TRACKS together.

    Args:
        artists: The artist of each clip.
        sources: The collection of each clip.
        known: Whether the artist is known.

    """
    _, artist = np.unique(artists, return_inverse=True)
    _, source = np.unique(sources, return_inverse=True)
    _, group = np.unique(np.stack([artist, source], 1), axis=0, return_inverse=True)
    albums: list[Indices] = []
    for one in np.unique(group[known]):
        tracks = np.flatnonzero((group == one) & known)
        if len(tracks) > 1:
            albums += np.array_split(tracks, -(-len(tracks) // ALBUM_TRACKS))
    return [album for album in albums if len(album) > 1]


def logs(probabilities: Array) -> Array:
    """Return logarithms bounded as those of `tagger.core.pooling`."""
    logarithms: Array = np.log(np.maximum(probabilities, LEAST))
    return logarithms
