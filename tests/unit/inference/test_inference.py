from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import bundles
import golden
import numpy as np
import pytest
import signals

from tagger.audio.decode import Recording, read_clip
from tagger.core.domain import Features, Prediction
from tagger.core.pooling import pool
from tagger.errors import ModelError
from tagger.features.efficientat import EMBEDDING
from tagger.features.efficientat import SIZE as EFFICIENTAT_SIZE
from tagger.features.mel import RATE
from tagger.features.specs import extract_all
from tagger.inference import read_manifest
from tagger.inference.bundle import load
from tagger.system.resources import data_path


def features_of(samples, model):
    return extract_all(model.specs, Recording.of(samples, RATE))


def edit_manifest(folder, **changes):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(manifest))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return bundles.make_bundle(tmp_path / "bundle")


def test_the_default_model_gives_its_golden_probabilities():
    expected = json.loads(golden.FILE.read_text())
    given = golden.predictions()
    assert given["model"] == expected["model"], "a new model: run tests/support/golden.py"
    for name, probabilities in expected["predictions"].items():
        assert given["predictions"][name] == pytest.approx(probabilities, abs=2e-3)


@pytest.mark.parametrize("decibels", [-20, 6])
def test_a_louder_or_softer_clip_has_the_same_prediction(decibels):
    model = load(golden.DEFAULT)
    samples = signals.melody(30.0)
    changed = samples * np.float32(10 ** (decibels / 20))
    one, other = model.predict([features_of(samples, model), features_of(changed, model)])
    assert one.probabilities == pytest.approx(other.probabilities, abs=2e-3)


READING = Path("/usr/share/pocketsphinx/test/data/librivox")
"""A voice at 16 kHz that the model was not taught."""
NO_MUSIC = {
    "tone": lambda t: np.sin(2 * np.pi * 440 * t),
    "hum": lambda t: np.sign(np.sin(2 * np.pi * 50 * t)),
    "siren": lambda t: np.sin(2 * np.pi * 600 * t + 200 * np.sin(2 * np.pi * t / 2)),
    "hiss": lambda t: np.random.default_rng(1).normal(0, 0.1, len(t)),
    "beeps": lambda t: np.sin(2 * np.pi * 1000 * t) * (t % 1 < 0.1),
    "brown": lambda t: np.cumsum(np.random.default_rng(2).normal(0, 1e-3, len(t))),
    "waves": lambda t: (
        np.random.default_rng(3).normal(0, 0.2, len(t)) * (1.1 + np.sin(2 * np.pi * t / 8))
    ),
    "clicks": lambda t: (t % 0.5 < 0.001).astype(float),
}


def assert_left_alone(samples):
    model = load(golden.DEFAULT)
    (prediction,) = model.predict([features_of(samples.astype(np.float32), model)])
    genre, confidence = prediction.ranked[0]
    assert confidence < model.manifest.tracks.threshold(0.9, genre)


@pytest.mark.parametrize("sound", NO_MUSIC)
def test_the_default_model_is_unsure_of_sounds_that_are_no_music(sound):
    assert_left_alone(NO_MUSIC[sound](np.arange(30 * RATE) / RATE))


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs the Debian package espeak-ng")
@pytest.mark.parametrize("voice", ["en-us", "de", "es", "en-gb+f3"])
def test_the_default_model_is_unsure_of_speech(voice, tmp_path):
    text = "It was the best of times, it was the worst of times. " * 12
    said = tmp_path / "said.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-w", said, text], check=True)
    assert_left_alone(read_clip(said).samples)


@pytest.mark.skipif(not READING.exists(), reason="needs the Debian package pocketsphinx-testdata")
def test_the_default_model_is_unsure_of_a_recorded_book(tmp_path):
    said = tmp_path / "said.wav"
    with wave.open(str(said), "wb") as whole:
        whole.setparams((1, 2, 16_000, 0, "NONE", ""))
        for path in sorted(READING.glob("*.wav")):
            with wave.open(str(path)) as part:
                whole.writeframes(part.readframes(part.getnframes()))
    assert_left_alone(read_clip(said).samples)


def test_the_default_bundle_is_small_and_says_how_it_was_measured():
    manifest = read_manifest(golden.DEFAULT)
    sizes = {path.name: path.stat().st_size for path in golden.DEFAULT.iterdir()}
    assert sum(sizes.values()) < 10_000_000
    assert sizes["training.npz"] < 4_000_000
    assert len(manifest.genres) == 16
    assert manifest.families == {
        "Electronic": ("Electronic", "Ambient"),
        "Rock": ("Rock", "Metal", "Punk"),
    }
    assert list(manifest.expected) == list(manifest.genres)
    assert sum(manifest.expected.values()) == pytest.approx(1, abs=1e-3)
    assert manifest.evaluation["in_library"].split.endswith("each collection is a library")
    figure = manifest.evaluation["left_out"]
    low, high = figure.interval
    assert low < figure.accuracy < high
    assert figure.written is not None
    assert figure.written.precision >= 0.9
    assert figure.album_written is not None
    assert figure.album_written.precision >= 0.9
    assert figure.command in (golden.DEFAULT / "MODEL_CARD.md").read_text()


def test_a_prediction_does_not_depend_on_the_rest_of_its_batch(folder):
    model = load(folder)
    tracks = [features_of(signals.melody(s), model) for s in (3.0, 12.0, 30.0)]
    together = model.predict(tracks)
    assert together == [model.predict([track])[0] for track in tracks]
    assert [len(p.probabilities) for p in together] == [2, 2, 2]
    assert model.predict([]) == []


def test_missing_or_misshapen_features_are_refused(folder):
    model = load(folder)
    with pytest.raises(ModelError, match="levels-1"):
        model.predict([[]])
    with pytest.raises(ModelError, match="cannot be run"):
        model.predict([[Features("levels-1", np.zeros((3, 3), np.uint8))]])


def test_features_without_finite_probabilities_are_refused():
    model = load(golden.DEFAULT)
    vectors = features_of(signals.melody(3.0), model)
    broken = [Features(vector.spec, np.full_like(vector.values, np.nan)) for vector in vectors]
    with pytest.raises(ModelError, match="no valid probabilities"):
        model.predict([broken])


class Evil:
    """Opens a file as soon as it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_pickled_file_is_refused_and_never_run(folder, tmp_path):
    payload = pickle.dumps(Evil(tmp_path / "ran"))
    (folder / "model.onnx").write_bytes(payload)
    with pytest.raises(ModelError, match="SHA-256"):
        load(folder)

    edit_manifest(folder, files={"model.onnx": hashlib.sha256(payload).hexdigest()})
    with pytest.raises(ModelError, match="not a valid ONNX"):
        load(folder)
    assert not (tmp_path / "ran").exists()


def test_a_changed_network_is_refused(folder):
    network = bytearray((folder / "model.onnx").read_bytes())
    network[-1] ^= 1
    (folder / "model.onnx").write_bytes(network)
    with pytest.raises(ModelError, match="SHA-256"):
        load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"format": "1"},
        {"inputs": {"levels": "levels-99"}},
        {"inputs": {"levels": "statistics-1"}},
        {"inputs": {"other": "levels-1"}},
        {"inputs": {}},
        {"inputs": {"levels": "levels-1", "more": "levels-1"}},
        {"genres": ["One", "Two", "Three"]},
        {"genres": ["Twice", "Twice"]},
        {"genres": ["Line\nbreak", "Rock"]},
        {"genres": ["", "Rock"]},
        {"genres": "Rock"},
        {"files": {}},
        {"files": {"model.onnx": "0" * 64}},
        {"files": {"model.onnx": "short"}},
        {"files": {"../../etc/passwd": "0" * 64}},
        {"files": {"/etc/passwd": "0" * 64}},
        {"files": {"..": "0" * 64}},
        {"pooling": {"exponent": 3.0, "max_tracks": 8}},
        {"tracks": {"overall": [{"precision": 0.9, "threshold": 1.5, "coverage": 0.5}]}},
        {"expected": {"Classical": 1.0}},
        {"expected": {"Classical": 1.0, "Metal": 0.0}},
        {"created": "yesterday"},
        {"surprise": 1},
    ],
    ids=json.dumps,
)
def test_an_invalid_manifest_is_refused_in_one_line(folder, changes):
    edit_manifest(folder, **changes)
    with pytest.raises(ModelError) as caught:
        load(folder)
    assert caught.value.path == folder
    assert caught.value.hint
    assert not set("\n$`") & set(caught.value.reason)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_manifest_is_refused(folder, damage):
    (folder / "manifest.json").write_bytes(damage)
    with pytest.raises(
        ModelError, match=r"manifest\.json: (is no JSON|expected a table)"
    ) as caught:
        load(folder)
    assert caught.value.hint


def test_every_truncation_of_a_manifest_is_refused(folder):
    whole = (folder / "manifest.json").read_bytes()
    for end in range(0, len(whole) - 1, 7):
        (folder / "manifest.json").write_bytes(whole[:end])
        with pytest.raises(ModelError):
            load(folder)


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx"])
def test_a_missing_or_oversized_file_is_refused(folder, name):
    path = folder / name
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(ModelError, match=name):
        load(folder)
    path.mkdir()
    with pytest.raises(ModelError, match=f"{name} is not a file"):
        load(folder)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(ModelError, match=f"{name} is not a file"):
        load(folder)
    path.unlink()
    with path.open("wb") as file:
        file.write(content)
        file.truncate(300 << 20)
    with pytest.raises(ModelError, match="larger than"):
        load(folder)


def test_a_manifest_is_read_without_its_network(folder):
    (folder / "model.onnx").unlink()
    assert read_manifest(folder).id == "test-1"


def test_a_target_between_two_precisions_takes_the_higher_threshold(folder):
    manifest = read_manifest(folder)
    assert manifest.tracks.threshold(0.9, "Metal") == 0.8
    assert manifest.albums.threshold(0.5, "Metal") == 0.8
    assert manifest.tracks.threshold(0.95, "Metal") is None


def test_a_genre_with_its_own_threshold_uses_it(tmp_path):
    points = {"Metal": [{"precision": 0.9, "threshold": 0.97, "coverage": 0.1}], "Classical": []}
    manifest = read_manifest(bundles.make_bundle(tmp_path / "bundle", thresholds=points))
    assert manifest.tracks.threshold(0.9, "Metal") == 0.97
    assert manifest.tracks.threshold(0.9, "Classical") is None


def prediction(metal, model="test-1"):
    return Prediction({"Classical": 1 - metal, "Metal": metal}, model)


def test_an_album_is_the_mean_of_its_log_probabilities(folder):
    manifest = read_manifest(folder)
    assert pool([prediction(0.7)], manifest.pooling) == prediction(0.7)
    # Odds of 4 and 9 to 1: their geometric mean 6, sharpened by 2 ** 0.5.
    pooled = pool([prediction(4 / 5), prediction(9 / 10)], manifest.pooling)
    assert pooled.probabilities["Metal"] == pytest.approx(1 / (1 + 6 ** -(2**0.5)))
    many = pool([prediction(0.7)] * 60, manifest.pooling)
    assert many.probabilities == pytest.approx(
        pool([prediction(0.7)] * 8, manifest.pooling).probabilities
    )


def test_certain_tracks_that_disagree_can_be_pooled(folder):
    pooled = pool([prediction(0.0), prediction(1.0)], read_manifest(folder).pooling)
    assert pooled.probabilities["Metal"] == pytest.approx(0.5)


def test_no_predictions_and_predictions_of_two_models_are_refused(folder):
    manifest = read_manifest(folder)
    with pytest.raises(ValueError, match="nothing"):
        pool([], manifest.pooling)
    with pytest.raises(ValueError, match="different models"):
        pool([prediction(0.5), prediction(0.5, "other-1")], manifest.pooling)


def test_reading_a_manifest_imports_no_numpy():
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from tagger.inference import read_manifest\n"
        "assert read_manifest(Path(sys.argv[1])).inputs\n"
        "print(*sorted({'numpy', 'onnxruntime', 'tagger.features.specs'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", script, data_path("models/default")]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "\n"


def logits(music, speech):
    """Return the features of `efficientat-1` for a clip with these logits."""
    values = np.zeros(EFFICIENTAT_SIZE, np.float32)
    values[EMBEDDING:] = -9
    values[EMBEDDING : EMBEDDING + 2] = music, speech
    return Features("efficientat-1", values)


def test_a_clip_without_music_is_described_and_another_is_not():
    model = load(data_path("models/default-efficientat"))
    musicnn = Features("musicnn-3", np.zeros(250, np.float32))
    song, reading = model.predict([[musicnn, logits(3, -2)], [musicnn, logits(-3, 2)]])
    assert song.sound == ""
    assert reading.sound == "sounds like speech (0.9)"
    assert load(golden.DEFAULT).predict([[musicnn]])[0].sound == ""


def test_a_manifest_with_a_threshold_for_music_needs_the_network(folder):
    edit_manifest(folder, music=0.5)
    with pytest.raises(ModelError, match="music needs an input of efficientat-1"):
        read_manifest(folder)
