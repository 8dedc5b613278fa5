"""The genres of a library by the sound of its tracks, and predictions weighed by them. Pure.

A model expects each genre about as often as songs of all kinds have it, and each genre to sound
as it does elsewhere. Few libraries are so. Two steps fit predictions to a library:

- The log-probabilities of a track are averaged with those of the tracks that have its genres.
- The share of each genre is estimated from all predictions, which it weighs in turn: expectation
  maximisation (Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a classifier to
  new a priori probabilities").

The constants were chosen on left-out collections (docs/research.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tagger.core.evidence import is_like_music

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tagger.core.domain import Prediction

    Row = list[float]
    """A number for each genre."""

LEAST_TRACKS = 10
"""A library of fewer tracks shows nothing."""
MEAN_WEIGHT = 0.5
"""Weight of the mean of the tracks of a genre beside the track itself."""
MEMBERSHIP = 3.0
"""Power of a track's probabilities, by which the track counts for the mean of each genre."""
FEW_OF_GENRE = 2.0
"""The track itself counts as so many tracks in the mean of each genre."""
FEW = 20.0
"""The expected shares count as so many tracks, and as the part `EXPECTED` of the library."""
EXPECTED = 0.5
POWER = 0.5
"""Power of a genre's share relative to the expected share."""
MOST = 2.0
"""The largest weight of a genre: a single song of another genre keeps its genre."""
_LEAST = 1e-4
"""The least probability in a mean."""
_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Mixture:
    """What the sound of its tracks shows about a library; one number for each genre in a row."""

    genres: tuple[str, ...]
    means: tuple[Row, ...]
    """The mean log-probabilities of the tracks of each genre, times their part of the mean."""
    own: Row
    """The part of the track itself in the mean of each genre."""
    weights: Row


def learn(sounds: Sequence[Prediction], expected: Mapping[str, float]) -> Mixture | None:
    """Return the mixture of a library; None where too few tracks are known.

    Args:
        sounds: The predictions for tracks of the library, by one model; any with other genres, as
            a damaged database may have, are left out.
        expected: The share of each genre that the model expects.

    """
    genres = tuple(expected)
    rows = [
        [sound.probabilities[genre] for genre in genres]
        for sound in sounds
        if sound.probabilities.keys() == expected.keys()
        and not sound.sound
        and is_like_music(sound)
    ]
    if len(rows) < LEAST_TRACKS:
        return None
    means, own = _means(rows)
    averaged = [_averaged(row, means, own) for row in rows]
    return Mixture(genres, means, own, _weights(averaged, list(expected.values())))


def weighed(sound: Prediction, library: Mixture) -> Prediction:
    """Fit a prediction to its library.

    The share that is even over the genres is not weighed: the model shares out the probability of
    no music. A sound that is like no music stays as it is.
    """
    if not is_like_music(sound):
        return sound
    row = [sound.probabilities[genre] for genre in library.genres]
    averaged = _averaged(row, library.means, library.own)
    even = min(averaged)
    parts = [(p - even) * weight for p, weight in zip(averaged, library.weights, strict=True)]
    scale = (1 - even * len(parts)) / (sum(parts) or 1.0)
    shares = zip(library.genres, parts, strict=True)
    probabilities = {genre: even + scale * part for genre, part in shares}
    return replace(sound, probabilities=probabilities, by_itself=sound)


def _means(rows: Sequence[Row]) -> tuple[tuple[Row, ...], Row]:
    """Return `Mixture.means` and `Mixture.own` of the probabilities of tracks."""
    counts = [0.0] * len(rows[0])
    sums = [[0.0] * len(counts) for _ in counts]
    for row in rows:
        logs, shares = _logs(row), _shares(row)
        for genre, share in enumerate(shares):
            counts[genre] += share
            sums[genre] = [
                total + share * log for total, log in zip(sums[genre], logs, strict=True)
            ]
    pairs = list(zip(sums, counts, strict=True))
    means = tuple([total / (count + FEW_OF_GENRE) for total in of] for of, count in pairs)
    return means, [FEW_OF_GENRE / (count + FEW_OF_GENRE) for count in counts]


def _averaged(row: Row, means: Sequence[Row], own: Row) -> Row:
    """Average the log-probabilities of a track with the means of its genres."""
    logs, shares = _logs(row), _shares(row)
    itself = sum(share * part for share, part in zip(shares, own, strict=True))
    mean = [itself * log for log in logs]
    for share, of in zip(shares, means, strict=True):
        mean = [total + share * log for total, log in zip(mean, of, strict=True)]
    scores = [
        (1 - MEAN_WEIGHT) * log + MEAN_WEIGHT * other for log, other in zip(logs, mean, strict=True)
    ]
    return _normal([math.exp(score) for score in scores])


def _weights(rows: Sequence[Row], expected: Row) -> Row:
    """Return `Mixture.weights` of the averaged probabilities of tracks."""
    parts = [[p - min(row) for p in row] for row in rows]
    prior = FEW + EXPECTED * len(rows)
    total = prior + sum(map(sum, parts))
    found = [1.0] * len(expected)
    for _ in range(_ROUNDS):
        counts = [prior * share for share in expected]
        for part in parts:
            weighted = [p * weight for p, weight in zip(part, found, strict=True)]
            scale = sum(part) / (sum(weighted) or 1.0)
            counts = [n + scale * p for n, p in zip(counts, weighted, strict=True)]
        found = [
            min(MOST, (count / total / share) ** POWER)
            for count, share in zip(counts, expected, strict=True)
        ]
    return found


def _logs(row: Row) -> Row:
    return [math.log(max(p, _LEAST)) for p in row]


def _shares(row: Row) -> Row:
    """Return how much a track counts for each genre."""
    return _normal([p**MEMBERSHIP for p in row])


def _normal(row: Row) -> Row:
    total = sum(row)
    return [p / total for p in row]
