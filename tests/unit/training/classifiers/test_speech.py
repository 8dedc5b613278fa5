"""Speech: its vectors, the guard that is taught them, and what is left of genres then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import media
import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn (extra `train`) is not installed")
pytest.importorskip("onnx", reason="onnx (extra `train`) is not installed")

from tagger.config import Settings
from tagger.core.decide import decide_together
from tagger.core.domain import Features, FileIdentity, Track, TrackTags
from tagger.inference.bundle import load
from tagger.pipeline.build import decision_rules
from tagger.system.resources import data_path
from training.classifiers import speech_data
from training.classifiers.speech import SpeechGuard
from training.classifiers.svm_lda import EMBEDDING, Lda
from training.data.dataset import Dataset
from training.errors import TrainingDataError
from training.models.ensemble import train
from training.models.recipe import Recipe
from training.research.datasets import read_gtzan
from training.research.make_speech import make_speech
from training.research.nonmusic import NONMUSIC

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data"


def talking(spec=EMBEDDING):
    known = speech_data.read_speech()
    return known.inputs[spec][: known.clips]


@pytest.mark.parametrize("bundle", ["default", "default-efficientat"])
@pytest.mark.parametrize(
    ("kind", "most"),
    [("speech", 0), ("speech in a room", 0), ("speech, narrow band", 0), ("noise", 1)],
)
def test_speech_of_the_training_data_gets_no_genre_and_noise_hardly_ever(bundle, kind, most):
    model = load(data_path(f"models/{bundle}"))
    rules = decision_rules(Settings(), model.manifest)
    with np.load(NONMUSIC) as arrays:
        inputs = {spec: arrays[spec].astype(np.float32) for spec in model.specs}
        kinds = arrays["kinds"].tolist()
    clips = [place for place, name in enumerate(kinds) if name.split(":")[0] == kind]
    assert len(clips) >= 150
    track = Track(Path("/m/clip.wav"), Path("/m"), FileIdentity(0, 0, 0, 0), TrackTags())
    predictions = model.predict(
        [[Features(spec, inputs[spec][clip]) for spec in model.specs] for clip in clips]
    )
    decisions = [decide_together({track: p}, rules)[track] for p in predictions]
    assert sum(decision.action.writes for decision in decisions) <= most


@pytest.fixture(scope="module")
def music() -> NDArray[np.floating]:
    """Embeddings of a twelfth of GTZAN's clips."""
    gtzan = read_gtzan(SHARED)
    some = replace(gtzan, levels=gtzan.levels[np.flatnonzero(gtzan.known)[::12]])
    return some.inputs[EMBEDDING]


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
@pytest.mark.parametrize("collection", ["asterisk", "klettres", "hedgewars"])
def test_speech_of_held_out_voices_is_rejected_and_music_is_not(collection, music):
    heard, unheard = music[::2], music[1::2]
    guard = SpeechGuard(without=collection).fit(heard)
    guard = guard.with_limit(float(np.quantile(guard.measure(unheard), 0.97)))
    known = speech_data.read_speech()
    voices = known.inputs[EMBEDDING][known.collections == collection]
    assert guard.trust(guard.measure(voices)).max() < 0.1
    assert (guard.trust(guard.measure(unheard)) > 0.9).mean() > 0.9


def made_music(random, clips, place):
    """Vectors that are not like speech, around a place of their own."""
    voices = talking()
    away = voices.mean(axis=0) + place * voices.std(axis=0)
    return away + random.normal(0, 1, (clips, len(away))) * voices.std(axis=0)


def taught(**genres):
    """A data set of vectors by genre, four clips an artist."""
    names = tuple(genres)
    labels = np.repeat(np.arange(len(names)), [len(clips) for clips in genres.values()])
    count = len(labels)
    return Dataset(
        ids=np.arange(count).astype(str),
        labels=labels,
        genres=names,
        artists=np.array([f"{label}-{n // 4}" for n, label in enumerate(labels)]),
        inputs={EMBEDDING: np.concatenate(list(genres.values())).astype(np.float32)},
    )


RECIPE = Recipe(((Lda(spec=EMBEDDING, components=20),),), repeats=1, guards=(SpeechGuard(),))


def confidence(data, vectors):
    ensemble = train(RECIPE, data, np.arange(len(data)))
    return np.exp(ensemble.predict({EMBEDDING: vectors})).max(axis=1)


@pytest.mark.slow
def test_only_a_model_with_a_speech_genre_names_speech():
    random = np.random.default_rng(0)
    folk, dub = made_music(random, 80, 4), made_music(random, 80, 8)
    voices = talking()
    assert confidence(taught(Folk=folk, Dub=dub), voices).max() < 0.6
    named = confidence(taught(Folk=folk, Dub=dub, Reading=voices[::2]), voices[1::2])
    assert (named > 0.9).mean() > 0.75


def test_vectors_are_made_of_voices_joined_and_cut(tmp_path):
    recordings = tmp_path / "recordings"
    for voice, files in (("long", 5), ("short", 1)):
        folder = recordings / "radio" / voice
        folder.mkdir(parents=True)
        for n in range(files):
            media.make(folder / f"{n}.wav", "wav", seconds=13, rate=8000)
    (recordings / "radio" / "long" / "list.txt").write_text("no sound\n")
    made = tmp_path / "speech.npz"
    assert make_speech(recordings, made) == 2  # 65 s are two clips, 13 s none
    read = speech_data.read_speech(made)
    assert read.collections.tolist() == ["radio"] * 4
    assert {spec: len(values) for spec, values in read.inputs.items()} == dict.fromkeys(
        speech_data.SPECS, 4
    )
    assert all(np.isfinite(values).all() for values in read.inputs.values())


def test_a_folder_without_recordings_of_speech_is_refused(tmp_path):
    with pytest.raises(TrainingDataError, match="COLLECTION/VOICE"):
        make_speech(tmp_path, tmp_path / "speech.npz")
