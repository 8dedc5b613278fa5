"""The convolutional network and what is built on one: it learns, exports and repeats itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from training.research.cnn.train import FittedCnn

torch = pytest.importorskip("torch", reason="needs torch (extra `cnn`)")
pytest.importorskip("sklearn", reason="needs scikit-learn (extra `train`)")

import onnxruntime  # noqa: E402

from training.classifiers.novelty import DistanceGuard  # noqa: E402
from training.classifiers.svm_lda import Lda  # noqa: E402
from training.export import bundle  # noqa: E402
from training.models.ensemble import Ensemble, HeldOut  # noqa: E402
from training.research.cnn import train  # noqa: E402
from training.research.cnn.augment import Augmentation, augmented, mixed  # noqa: E402
from training.research.cnn.network import Network  # noqa: E402
from training.research.cnn.train import GENRES, TEACHER, Cnn, Schedule, TrainingData  # noqa: E402

pytestmark = pytest.mark.slow  # the making of the default model
QUICK = Schedule(30, batch=8, columns=40, rate=2e-3)


def clips(genres: int = 2, each: int = 12, columns: int = 48):
    """Noise with a bright band at a height of each genre's own."""
    random = np.random.default_rng(0)
    labels = np.arange(genres * each) % genres
    levels = random.integers(0, 120, (len(labels), 128, columns), dtype=np.uint8)
    for clip, genre in zip(levels, labels, strict=True):
        clip[20 + 40 * genre : 40 + 40 * genre] += 120
    return levels, labels


@pytest.fixture(scope="module")
def fitted() -> FittedCnn:
    levels, labels = clips()
    return Cnn(QUICK).fit(levels, labels, 2)


def run(graph, levels):
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    return session.run(["scores"], {"features": levels})[0]


def test_the_network_learns_separable_genres(fitted):
    levels, labels = clips()
    assert (fitted.scores(levels).argmax(axis=1) == labels).mean() > 0.9


def test_the_network_learns_the_embedding_of_its_teacher():
    levels, labels = clips()
    heard = np.stack([3.0 * labels, 5 - labels], axis=1).astype(np.float32)
    teacher = heard.copy()
    teacher[::3] = np.nan
    torch.manual_seed(0)
    network = Network({GENRES: 2, TEACHER: 2})
    taught = train.train(network, TrainingData(levels, labels, 2, teacher), QUICK)
    guessed = train.scores(taught, levels, TEACHER)
    for guess, truth in zip(guessed[::3].T, heard[::3].T, strict=True):
        assert np.corrcoef(guess, truth)[0, 1] > 0.8
    assert train.embeddings(taught, levels).shape == (len(levels), network.size)


@pytest.mark.parametrize("columns", [48, 37])
def test_graph_equals_network_at_any_length(fitted, columns):
    levels = clips()[0][:5, :, :columns]
    np.testing.assert_allclose(run(fitted.graph(), levels), fitted.scores(levels), atol=1e-4)


def test_two_fits_with_one_seed_give_one_network():
    levels, labels = clips()
    schedule = Schedule(3, batch=8, columns=40)
    once, again = (Cnn(schedule).fit(levels, labels, 2).scores(levels) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_an_ensemble_with_it_is_one_graph(fitted):
    levels, labels = clips()
    statistics = np.random.default_rng(1).normal(labels[:, None], 1, (len(labels), 1032))
    statistics = statistics.astype(np.float32)
    linear = Lda(components=5)
    parts = (linear.fit(statistics, labels, 2), fitted)
    held_out = HeldOut(np.arange(0), np.empty((0, 2)))
    guard = DistanceGuard().fit(statistics).with_limit(0.9)
    ensemble = Ensemble((linear, Cnn(QUICK)), parts, np.array([0.5, 0.25]), (guard,), held_out)
    session = onnxruntime.InferenceSession(bundle.network(ensemble, 2))
    (given,) = session.run(["probabilities"], {"levels": levels, "statistics": statistics})
    total = 0.5 * parts[0].scores(statistics) + 0.25 * parts[1].scores(levels)
    total *= guard.trust(guard.measure(statistics))
    wanted = np.exp(total) / np.exp(total).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(given, wanted, atol=1e-3)


def test_augmentation_stays_within_levels_and_changes_every_clip():
    levels = torch.from_numpy(clips()[0] / np.float32(255))
    changed = augmented(levels, Augmentation(), torch.Generator().manual_seed(0))
    assert changed.shape == levels.shape
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert (changed != levels).flatten(1).any(dim=1).all()


def test_mixing_keeps_labels_beside_their_levels():
    values = torch.arange(8.0)
    levels, labels = values[:, None, None].expand(8, 4, 4), values[:, None]
    mixture, wanted = mixed((levels, labels), Augmentation(), np.random.default_rng(0))
    torch.testing.assert_close(mixture.mean(dim=(1, 2)), wanted[:, 0])
