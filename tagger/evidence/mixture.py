"""The genres of a library by the sound of its tracks, and predictions weighed by them. Pure.

A model expects each genre about as often as songs of all kinds have it. Few libraries are so even.
The share of each genre is estimated from the predictions for all tracks, which it weighs in turn:
expectation maximisation (Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a
classifier to new a priori probabilities"). The constants were chosen on left-out collections
(docs/research.md).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tagger.core.evidence import is_like_music

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tagger.core.domain import Prediction

LEAST_TRACKS = 10
"""A library of fewer tracks shows nothing."""
FEW = 20.0
"""The expected shares count as so many tracks, and as the part `EXPECTED` of the library."""
EXPECTED = 0.5
POWER = 0.5
"""Power of a genre's share relative to the expected share."""
MOST = 2.0
"""The largest weight of a genre: a single song of another genre keeps its genre."""
_ROUNDS = 10

Weights = dict[str, float]
"""By genre; a genre with the expected share has the weight 1."""


def weights(sounds: Sequence[Prediction], expected: Mapping[str, float]) -> Weights | None:
    """Return the weight of each genre in a library; None where too few tracks are known.

    Args:
        sounds: The predictions for tracks of the library, by one model.
        expected: The share of each genre that the model expects.

    """
    music = [sound for sound in sounds if not sound.sound and is_like_music(sound)]
    if len(music) < LEAST_TRACKS:
        return None
    genres = list(expected)
    rows = [_music(sound, genres) for sound in music]
    prior = FEW + EXPECTED * len(rows)
    total = prior + sum(map(sum, rows))
    found = [1.0] * len(genres)
    for _ in range(_ROUNDS):
        counts = [prior * expected[genre] for genre in genres]
        for row in rows:
            parts = [p * weight for p, weight in zip(row, found, strict=True)]
            scale = sum(row) / (sum(parts) or 1.0)
            counts = [count + scale * part for count, part in zip(counts, parts, strict=True)]
        found = [
            min(MOST, (count / total / expected[genre]) ** POWER)
            for genre, count in zip(genres, counts, strict=True)
        ]
    return dict(zip(genres, found, strict=True))


def weighed(sound: Prediction, by: Weights) -> Prediction:
    """Weigh a prediction by the genres of its library.

    The share that is even over the genres stays: the model shares out the probability of no music.
    """
    genres = list(sound.probabilities)
    even = min(sound.probabilities.values())
    parts = [p * by[genre] for p, genre in zip(_music(sound, genres), genres, strict=True)]
    scale = (1 - even * len(genres)) / (sum(parts) or 1.0)
    probabilities = {g: even + scale * part for g, part in zip(genres, parts, strict=True)}
    return replace(sound, probabilities=probabilities, by_itself=sound)


def _music(sound: Prediction, genres: Sequence[str]) -> list[float]:
    """Return the part of each probability that is above the even share."""
    even = min(sound.probabilities.values())
    return [sound.probabilities[genre] - even for genre in genres]
