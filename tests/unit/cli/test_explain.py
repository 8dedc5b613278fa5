"""The words of an explanation agree with its decision."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagger.analysis.portrait import Portrait
from tagger.cli.report.explain import explanation_lines
from tagger.cli.report.plot import write_plot
from tagger.core.domain import Action, Decision, Features, Prediction
from tagger.errors import OutputError
from tagger.features.describe import TAGS, describe
from tagger.features.mel import RATE, log_mel
from tagger.pipeline.explain import Explanation
from tagger.pipeline.neighbours import Neighbour, learned

SURE = Prediction({"Rock": 0.9, "Pop": 0.1}, "m")
LOGITS = np.full(250, -5, np.float32)


def clicks(tempo, seconds=15, pitch=4000):
    """Make a click on each beat."""
    samples = np.zeros(RATE * seconds, np.float32)
    burst = np.sin(2 * np.pi * pitch * np.arange(2000) / RATE) * np.linspace(1, 0, 2000)
    for start in np.arange(0, len(samples) - 2000, RATE * 60 / tempo).astype(int):
        samples[start : start + 2000] += burst.astype(np.float32)
    return samples


def described(samples):
    return describe(samples, log_mel(samples, RATE).levels, LOGITS)


@pytest.fixture(scope="module")
def explanation():
    samples = clicks(120)
    levels = np.rint(255 * log_mel(samples, RATE).levels).astype(np.uint8)
    features = (Features("musicnn-3", LOGITS),)
    portrait = Portrait(SURE, features, described(samples), 15.0, levels, (SURE, SURE, SURE))
    decision = Decision(Action.SET, ("Rock",), "Rock at 90%", "Rock", 0.9)
    near = [Neighbour(Path("/m/näher.mp3"), ("Rock",), 0.93)]
    counts = Counter({"Rock": 8, "Pop": 2})
    weighed = portrait.prediction
    path = Path("/m/a.mp3")
    return Explanation(path, (), portrait, weighed, decision, 0.8, 0.9, None, near, counts)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Action.SET, "would write Rock"),
        (Action.ADD, "would write Rock"),
        (Action.KEEP, "would keep the genre"),
        (Action.ABSTAIN, "would leave the file alone"),
        (Action.SKIP, "would skip the file"),
    ],
)
def test_the_first_sentence_agrees_with_the_decision(explanation, action, words):
    decided = replace(
        explanation, genres=("Rock",), decision=Decision(action, ("Rock",), "because")
    )
    text = "\n".join(explanation_lines(decided))
    assert f"A scan {words}: because." in " ".join(text.split())


def test_no_genre_of_a_podcast_without_one_is_kept(explanation):
    kept = replace(explanation, decision=Decision(Action.KEEP, (), "is a podcast"))
    assert "A scan would leave the file alone: is a podcast." in "\n".join(explanation_lines(kept))


def test_the_lines_name_threshold_neighbours_and_sound(explanation):
    text = "\n".join(explanation_lines(explanation))
    assert "Rock needs 80%, and has 90%; then 90% of the written genres are right." in text
    assert "Nearest 10 tracks of the training data: 8 Rock, 2 Pop" in text
    assert " beats a minute" in text
    assert "no voice is likely" in text
    never = "\n".join(explanation_lines(replace(explanation, needed=None)))
    assert "Rock is never sure enough" in never


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (Prediction({"Rock": 0.55, "Pop": 0.42, "Jazz": 0.03}, "m"), "Rock 55%, Pop 42%"),
        (
            Prediction({"Rock": 0.9, "Pop": 0.1}, "m", "sounds like speech (0.9)"),
            "sounds like speech",
        ),
    ],
)
def test_the_lines_name_the_guesses_for_a_later_part(explanation, later, words):
    portrait = replace(explanation.portrait, later=later)
    text = "\n".join(explanation_lines(replace(explanation, portrait=portrait)))
    assert f"Guesses for 5 s from the middle of the rest: {words}" in text
    assert "middle of the rest" not in "\n".join(explanation_lines(explanation))


@pytest.mark.parametrize("tempo", [70, 100, 128])
def test_the_tempo_of_clicks_is_found(tempo):
    assert described(clicks(tempo)).tempo == pytest.approx(tempo, rel=0.04)


def test_a_steady_tone_is_described_by_its_pitch_and_without_a_beat():
    tone = np.sin(2 * np.pi * 440 * np.arange(10 * RATE) / RATE).astype(np.float32)
    found = described(tone)
    assert found.brightness < 1000
    assert found.dynamics < 3
    assert described(clicks(100, pitch=6000)).brightness > 2500


def test_a_voice_follows_the_tags():
    logits = LOGITS.copy()
    logits[200 + TAGS.index("male vocalists")] = 2
    samples = clicks(100)
    assert describe(samples, log_mel(samples, RATE).levels, logits).voice > 0.8


def test_the_plot_is_a_picture_and_an_impossible_path_is_an_error(explanation, tmp_path):
    path = tmp_path / "a.png"
    write_plot(path, explanation)
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(OutputError):
        write_plot(tmp_path / "gone/a.png", explanation)


def test_a_bundle_without_training_data_has_no_neighbours(tmp_path, explanation):
    assert not learned(explanation.portrait.features[0], tmp_path)
