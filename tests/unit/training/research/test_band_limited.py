"""Band-limited copies are taught, and only taught: they are never asked and never cross a split."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from gtzan_like import write_gtzan

pytest.importorskip("sklearn", reason="scikit-learn (extra `train`) is not installed")
pytest.importorskip("onnx", reason="onnx (extra `train`) is not installed")

from tagger.features.mel import N_MELS, RATE, hz_to_mel, mel_to_hz
from training.classifiers.svm_lda import Lda
from training.evaluation.cross_validation import FOLDS
from training.models.ensemble import log_loss, train
from training.models.recipe import Recipe
from training.research import build_default
from training.research.band_limited import CUTS, augment
from training.research.datasets import read_gtzan
from training.research.degradations import band_limited

if TYPE_CHECKING:
    from training.research.datasets import LevelDataset

pytestmark = pytest.mark.slow  # the making of the default model
SPEC = "statistics-1"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> LevelDataset:
    return read_gtzan(write_gtzan(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def copied(plain: LevelDataset) -> LevelDataset:
    return augment(plain)


@dataclass(frozen=True, eq=False)
class Attentive:
    """Notes what it is fitted to and what it is asked, fit by fit."""

    candidate: Lda
    lessons: list = field(default_factory=list)
    spec: str = SPEC
    name: str = "attentive"

    def fit(self, inputs, labels, genres):
        self.lessons.append((inputs, labels, []))
        return Noting(self.candidate.fit(inputs, labels, genres), self.lessons[-1][2])


@dataclass(frozen=True, eq=False)
class Noting:
    fitted: object
    asked: list

    def scores(self, inputs):
        self.asked.append(inputs)
        return self.fitted.scores(inputs)


def whose(data):
    """Tell clips by their features, uncut and copied: a clip's index by a row's bytes."""
    everything = np.arange(len(data))
    taught, _ = data.training_data(SPEC, everything)
    uncut, copies = taught[: len(data)], taught[len(data) :]
    return ({row.tobytes(): clip for clip, row in enumerate(part)} for part in (uncut, copies))


def test_every_copy_is_silent_above_its_cutoff(plain, copied):
    top = hz_to_mel(np.array([RATE / 2]))[0]
    centres = mel_to_hz(np.linspace(0, top, N_MELS + 2))[1:-1]
    seen = set()
    for clip, copy in zip(copied.levels, copied.augmented_levels, strict=True):
        cut = [limit for limit in CUTS if not copy[centres > limit].any()]
        limit = min(cut)
        assert np.array_equal(copy[centres <= limit], clip[centres <= limit])
        seen.add(limit)
    assert seen == set(CUTS)
    assert np.array_equal(copied.augmented_levels, augment(plain).augmented_levels)
    assert np.array_equal(copied.levels, plain.levels)


def test_training_without_copies_uses_the_clips_alone(plain):
    members = np.array([3, 5, 8])
    inputs, labels = plain.training_data(SPEC, members)
    assert np.array_equal(inputs, plain.inputs[SPEC][members])
    assert np.array_equal(labels, plain.labels[members])


def test_copies_are_trained_with_their_clips_and_never_evaluated(copied):
    members = np.flatnonzero(copied.known)
    attentive = Attentive(Lda(components=20))
    ensemble = train(Recipe(((attentive,),), repeats=2, guards=()), copied, members)
    uncut, copies = whose(copied)
    assert len(attentive.lessons) == 2 * FOLDS + 1
    for inputs, labels, asked in attentive.lessons:
        half = len(inputs) // 2
        clips = [uncut[row.tobytes()] for row in inputs[:half]]
        assert [copies[row.tobytes()] for row in inputs[half:]] == clips
        assert np.array_equal(labels, np.tile(copied.labels[clips], 2))
        held = [uncut[row.tobytes()] for rows in asked for row in rows]
        assert not set(copied.artists[clips]) & set(copied.artists[held])
    # What calibrates, pools and promises is each clip, once a repeat, and no copy.
    assert np.array_equal(ensemble.held_out.members, np.tile(members, 2))
    assert ensemble.held_out.log_probabilities.shape == (2 * len(members), 10)


def faint(data):
    """Make the genres hard to tell: a quarter of their shape, and noise of every clip's own."""
    random = np.random.default_rng(1)
    shape = data.levels.mean(axis=2, keepdims=True) - 120
    noise = random.normal(0, 20, shape.shape) + random.normal(0, 25, data.levels.shape)
    levels = (120 + shape / 4 + noise).clip(0, 255).astype(np.uint8)
    return replace(data, levels=levels)


def test_copies_keep_a_narrow_band_from_deciding(plain):
    clips = faint(plain)
    fit, test = clips.members("kereliuk", "train", "valid"), clips.members("kereliuk", "test")
    narrow = replace(clips, levels=np.stack([band_limited(clip, 6_000) for clip in clips.levels]))

    def loss(taught):
        ensemble = train(Recipe(((Lda(components=20),),), repeats=1, guards=()), taught, fit)
        return log_loss(ensemble.log_probabilities(narrow, test), narrow.labels[test])

    assert loss(augment(clips)) < 0.8 * loss(clips)


def test_the_manifest_names_the_training_with_copies(plain, copied, tmp_path):
    recipe = Recipe(((Lda(components=20),),), repeats=1, guards=())
    said = {}
    for name, data in {"plain": plain, "copied": copied}.items():
        manifest = build_default.build_gtzan(
            recipe, data, tmp_path / name, date(2026, 1, 2), build_default.Measures()
        )
        assert manifest.training.tracks == len(data) - 1
        said[name] = manifest.training.recipe
    assert "nothing above 5 or 6.5 or 8 kHz, drawn at random" in said["copied"]
    assert "taught twice" not in said["plain"]
