"""Genres that a model does not know, and how much of their music it would call something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn (extra `train`) is not installed")
pytest.importorskip("onnx", reason="onnx (extra `train`) is not installed")

from training.classifiers.svm_lda import EMBEDDING, Lda
from training.data.dataset import Dataset
from training.models.recipe import Recipe
from training.research.unknown_genres import PROMISES, unknown_written

if TYPE_CHECKING:
    from training.research.unknown_genres import Unknown

pytestmark = pytest.mark.slow  # the making of the default model
EACH = 60
PLACES = {"Dub": (6, 0), "Folk": (0, 6), "Polka": (0, 5.5), "Waltz": (-6, -6)}
"""Where genres lie: Polka beside Folk, Waltz far from all others and between none."""


def made_clips():
    random = np.random.default_rng(0)
    count = EACH * len(PLACES)
    vectors = random.normal(0, 1, (count, 8))
    vectors[:, :2] += np.repeat(list(PLACES.values()), EACH, axis=0)
    labels = np.repeat(np.arange(len(PLACES)), EACH)
    return Dataset(
        ids=np.arange(count).astype(str),
        labels=labels,
        genres=tuple(PLACES),
        artists=np.array([f"{label}-{n // 4}" for n, label in enumerate(labels)]),
        inputs={EMBEDDING: vectors.astype(np.float32)},
    )


@pytest.fixture(scope="module")
def measured() -> dict[tuple[str, float], Unknown]:
    recipe = Recipe(((Lda(spec=EMBEDDING, components=8),),), guards=())
    data = made_clips()
    everything = unknown_written(recipe, data, np.arange(len(data)))
    return {(m.genre, m.promise): m for m in everything}


def test_every_genre_is_left_out_for_every_promise(measured):
    assert measured.keys() == {(genre, promise) for genre in PLACES for promise in PROMISES}
    assert {m.clips for m in measured.values()} == {EACH}


def test_an_unknown_genre_is_predicted_as_its_neighbor(measured):
    polka, folk = measured["Polka", 0.9], measured["Folk", 0.9]
    assert (polka.called, folk.called) == ("Folk", "Polka")
    assert polka.written > 0.9 < polka.albums


def test_known_genres_are_still_written(measured):
    # Folk and Polka can hardly be told apart: where both are taught, half of them is left alone.
    assert measured["Polka", 0.9].known > 0.9
    assert measured["Dub", 0.9].known < measured["Polka", 0.9].known


def test_a_higher_promise_writes_no_more(measured):
    for genre in PLACES:
        shares = [measured[genre, promise].written for promise in PROMISES]
        assert shares == sorted(shares, reverse=True)
