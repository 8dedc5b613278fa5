"""The comparison of a new model with the active model."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="training needs the extra `train`")

from tagger.core.domain import Prediction
from training.data.dataset import Dataset
from training.evaluation.compare import PARENT, Right, compare, worth

ARTISTS = np.arange(20).astype(str)


class Answering:
    """A model that gives these answers, one for each clip."""

    specs = ()

    def __init__(self, *answers):
        self._answers = answers

    def predict(self, tracks):
        assert len(tracks) == len(self._answers)
        return [Prediction({genre: 1.0}, "m") for genre in self._answers]


def test_the_label_is_worth_more_than_its_parent_and_another_genre_nothing():
    data = Dataset(
        ids=np.array(["a", "b", "c", "d"]),
        labels=np.zeros(4, int),
        genres=("House", "Rock"),
        artists=np.array(["a", "b", "c", "d"]),
        inputs={},
    )
    model = Answering("house", "Electronic", "Rock", "House")
    found = worth(
        model, data, np.arange(4), lambda genre: {"House": ("Electronic",)}.get(genre, ())
    )
    assert found.tolist() == [1, PARENT, 0, 1]
    assert Right.of(found) == Right(0.75, 0.5)


def test_a_model_that_names_the_label_is_not_worse_than_one_that_names_its_parent():
    new = np.array([1.0] * 10 + [PARENT] * 7 + [0.0] * 3)
    current = np.array([PARENT] * 18 + [0.0] * 2)
    found = compare(new, current, ARTISTS)
    assert found.holds
    assert "85.0% (50.0% by your own label) right against 90.0%" in found.reason
    assert not compare(current, new, ARTISTS).holds


def test_a_model_that_is_right_less_often_is_worse():
    current = np.array([1.0] * 18 + [0.0] * 2)
    new = np.array([1.0] * 14 + [0.0] * 6)
    found = compare(new, current, ARTISTS)
    assert not found.holds
    assert found.reason.startswith("worse than the current model: 70.0% right against 90.0%")
