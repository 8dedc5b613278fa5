"""Mixtures of songs as examples of unknown genres.

A point between two songs of different genres (mixup, Zhang et al. 2018, arXiv 1710.09412) is like a
song of neither. The model learns it as no music (outlier exposure, Hendrycks et al. 2019, arXiv
1812.04606). So a song between the genres of the model leaves no genre likely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.core.families import families

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.data.vectors import Vectors

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

PER_SONG = 0.6
"""Pairs that are drawn for each song; pairs with a genre or a family in common are left out."""
WEIGHT = 0.2
"""Weight of all mixtures together, relative to all music of the base."""
_SHARES = (0.35, 0.65)
"""Bounds of the share of the first song."""


def with_mixtures(
    inputs: NDArray[Any], allowed: Mask, weights: Array, base: Vectors
) -> tuple[NDArray[Any], Mask, Array]:
    """Add mixtures of the base's songs to clips whose first are those of the base.

    Args:
        inputs: Features, shape (clips, features).
        allowed: The genres that are right for each clip, shape (clips, genres).
        weights: How much each clip counts, shape (clips,); songs are drawn by it.
        base: The clips of the default model.

    Returns the three with rows for the mixtures, which have no genre.

    """
    rng = np.random.default_rng(0)
    songs = np.flatnonzero(base.music)
    chances = weights[songs] / weights[songs].sum()
    pairs = round(PER_SONG * len(songs))
    one, other = rng.choice(songs, (2, pairs), p=chances)
    wide = _widened(base.allowed, base.genres)
    apart = ~(wide[one] & wide[other]).any(axis=1)
    share = rng.uniform(*_SHARES, pairs)[apart, np.newaxis]
    mixed = share * base.inputs[one[apart]] + (1 - share) * base.inputs[other[apart]]
    each = WEIGHT * weights[songs].sum() / max(len(mixed), 1)
    return (
        np.concatenate([inputs, mixed]),
        np.concatenate([allowed, np.zeros((len(mixed), allowed.shape[1]), bool)]),
        np.concatenate([weights, np.full(len(mixed), each)]),
    )


def _widened(allowed: Mask, genres: Sequence[str]) -> Mask:
    """Accept all genres of a family where one is accepted."""
    wide = allowed.copy()
    for members in families(genres).values():
        columns = [genres.index(member) for member in members]
        wide[:, columns] = allowed[:, columns].any(axis=1, keepdims=True)
    return wide
