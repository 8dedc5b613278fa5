"""How loud a recording is has no say in its genre."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import signals

from tagger.audio.decode import Recording, read_clip
from tagger.features.specs import extract_all
from tagger.inference.bundle import load

if TYPE_CHECKING:
    from tagger.inference import Model

ROOT = Path(__file__).resolve().parents[2]
CLIPS = ROOT.parent / "shared" / "data" / "gtzan_clips"
GAINS_DB = (-20, -7, 3, 6)
ROUNDING = 0.005
"""Of a probability: a level next to a rounding border may fall to either side of it."""


@pytest.fixture(scope="module")
def model() -> Model:
    return load(ROOT / "models" / "default")


def predict(model, samples, gain_db=0.0):
    heard = Recording.of(samples * np.float32(10 ** (gain_db / 20)), signals.RATE)
    return model.predict([extract_all(model.specs, heard)])[0]


def assert_the_same(model, samples):
    quiet = predict(model, samples)
    for gain in GAINS_DB:
        other = predict(model, samples, gain)
        assert other.genre == quiet.genre
        for genre, probability in quiet.probabilities.items():
            assert other.probabilities[genre] == pytest.approx(probability, abs=ROUNDING)


@pytest.mark.parametrize("brightness", [1, 6])
def test_a_tone_with_another_gain_has_the_same_prediction(model, brightness):
    assert_the_same(model, signals.melody(12.0, brightness))


def test_music_with_another_gain_has_the_same_prediction(model):
    clips = sorted(CLIPS.glob("*.flac"))
    if not clips:
        pytest.skip(f"needs the clips in {CLIPS}")
    for path in clips[::4]:
        assert_the_same(model, read_clip(path, length=15.0).samples)


def test_a_file_saved_20_db_softer_gets_the_same_prediction(model, tmp_path):
    melody = signals.melody(12.0) / 2
    heard = []
    for gain in (1.0, 0.1):
        path = tmp_path / f"{gain}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(signals.RATE)
            file.writeframes(np.rint(melody * gain * 32767).astype("<i2").tobytes())
        heard.append(predict(model, read_clip(path).samples))
    assert heard[0].genre == heard[1].genre
