"""FMA-small with networks that another network taught: from the files to two parts' answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (extra `cnn`)")
pytest.importorskip("sklearn", reason="needs scikit-learn (extra `train`)")

from training.errors import TrainingDataError
from training.evaluation.metrics import track_predictions
from training.research import distillation as taught
from training.research.cnn import train as cnn
from training.research.datasets import read_fma_small, read_vggish

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow  # the making of the default model
GENRES = ("Folk", "Pop", "Rock")
EACH = 40


@pytest.fixture
def fma(tmp_path: Path) -> Path:
    """Clips whose bright band tells the genre, two by each artist; the last fifth is the test."""
    random = np.random.default_rng(0)
    labels = np.tile(np.repeat(np.arange(len(GENRES)), 2), EACH // 2)
    count = len(labels)
    levels = random.integers(0, 24, (count, 128, 128), dtype=np.uint8)
    for clip, label in zip(levels, labels, strict=True):
        clip[15 + 30 * label : 30 + 30 * label] += 30
    number = np.arange(count)
    np.savez(
        tmp_path / "fma_small_logmel.npz",
        level=levels,
        track_id=number,
        genre=np.array(GENRES)[labels],
        artist_id=number // 2,
        split=np.where(number < 0.8 * count, "training", "test"),
    )
    vggish = random.normal(0, 1, (count, 128)) + 3 * labels[:, np.newaxis]
    vggish[5] = np.nan
    np.savez(tmp_path / "fma_small_vggish.npz", track_id=number, embedding=vggish)
    return tmp_path


def test_held_out_artists_weigh_the_classifiers_and_the_test_part_is_predicted(fma):
    fits = []

    def train(network, training_data, schedule):
        fits.append(training_data)
        return cnn.train(network, training_data, schedule)

    short = replace(taught.SCHEDULE, steps=15, batch=16)
    with joblib.parallel_config(backend="threading"):
        data, held_out, unheard = taught.student(fma, short, train)
    asked = np.concatenate([held_out.members, unheard.members])
    learned = np.setdiff1d(np.arange(len(data)), asked)
    assert not set(data.artists[learned]) & set(data.artists[asked])
    assert len(fits) == taught.NETWORKS
    for training_data in fits:
        np.testing.assert_array_equal(training_data.levels, data.levels[learned])
        np.testing.assert_array_equal(training_data.teacher, read_vggish(fma, data)[learned])
    assert unheard.members.tolist() == data.members("fma_small", "test").tolist()
    assert track_predictions(data, unheard).accuracy > 0.9


def test_embeddings_of_other_clips_are_refused(fma):
    with np.load(fma / "fma_small_vggish.npz") as archive:
        content = dict(archive)
    np.savez(fma / "fma_small_vggish.npz", **{**content, "track_id": content["track_id"][::-1]})
    with pytest.raises(TrainingDataError, match="not of the clips"):
        read_vggish(fma, read_fma_small(fma))
