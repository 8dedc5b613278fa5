"""Left-out collections as libraries."""

from __future__ import annotations

import numpy as np
import pytest

from training.research.libraries import weighed

GENRES = ("Blues", "Country", "Folk", "Jazz", "Metal", "Pop", "Reggae", "Rock")
EVEN = np.full(len(GENRES), 1 / len(GENRES))
UNSURE = [0.28, 0.02, 0.02, 0.58, 0.02, 0.02, 0.02, 0.04]


def row(genre):
    """Return the probabilities of a clip of one genre."""
    return [0.9 if one == genre else 0.1 / (len(GENRES) - 1) for one in GENRES]


def test_a_collection_is_weighed_by_its_own_genres_alone():
    clips = [*[row("Jazz")] * 20, UNSURE, *[row("Blues")] * 20, UNSURE, UNSURE]
    sources = np.array(["jazz"] * 21 + ["blues"] * 21 + ["small"])
    found = weighed(np.array(clips), sources, GENRES, EVEN)
    jazz, blues = GENRES.index("Jazz"), GENRES.index("Blues")
    assert found.sum(axis=1) == pytest.approx(np.ones(len(clips)))
    assert found[20, jazz] > UNSURE[jazz]
    assert found[41, blues] > UNSURE[blues]
    assert found[42] == pytest.approx(UNSURE)
