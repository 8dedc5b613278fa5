"""FMA's clips on our bands, and models asked about a source that they never heard."""

from __future__ import annotations

import csv
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn (extra `train`) is not installed")
pytest.importorskip("onnx", reason="onnx (extra `train`) is not installed")

from tagger.features.mel import RATE, mel_filters
from training.errors import TrainingDataError
from training.research.datasets import read_fma_small
from training.research.transfer import SHARED, WAYS, fma_small_student, fma_to_gtzan, gtzan_to_fma

pytestmark = pytest.mark.slow  # the making of the default model
FMA_GENRES = ("Folk", "Hip-Hop", "Pop", "Rock")
OUR_NAMES = {"Hip-Hop": "hiphop", "Pop": "pop", "Rock": "rock"}


def write_fma(folder, levels, genres):
    """Write clips of FMA's form, two by each artist, all for training."""
    number = np.arange(len(levels))
    np.savez(
        folder / "fma_small_logmel.npz",
        level=levels,
        track_id=number,
        genre=genres,
        artist_id=number // 2,
        split=np.full(len(levels), "training"),
    )


def write_gtzan(folder, levels, genres):
    rows = [
        {"id": f"{n}", "genre": OUR_NAMES[genre], "artist": f"{n // 2}"}
        for n, genre in enumerate(genres)
    ]
    np.savez(folder / "gtzan_logmel.npz", level=levels, id=[row["id"] for row in rows])
    names = ["id", "genre", "artist", "foleiss_1", "foleiss_2", "foleiss_3", "kereliuk"]
    with (folder / "gtzan_splits.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names, restval="train")
        writer.writeheader()
        writer.writerows(rows)


def spectra(genres, bands, columns, top):
    """Noise with a hump whose height tells the genre."""
    random = np.random.default_rng(0)
    places = [bands * (0.15 + 0.1 * FMA_GENRES.index(genre)) for genre in genres]
    humps = np.exp(-(((np.arange(128) - np.array(places)[:, None]) / 8) ** 2))
    noise = random.uniform(0, 0.3, (len(genres), 128, columns))
    return ((noise + 0.6 * humps[:, :, None]) * top).astype(np.uint8)


def test_fma_is_read_on_our_bands_and_scale(tmp_path):
    # 105.6 of FMA's 128 bands stand where our 127 stand, below 11,025 Hz.
    tone = 5000.0
    levels = np.zeros((1, 128, 128), np.uint8)
    theirs = int(np.argmax(mel_filters()[:, round(tone / RATE * 2048)]))
    high = round(theirs * 105.6 / 127)
    levels[0, high - 1 : high + 2] = 63
    write_fma(tmp_path, levels, ["Rock"])
    data = read_fma_small(tmp_path)
    assert data.levels.max() == 4 * 63
    assert abs(int(data.levels[0, :, 0].argmax()) - theirs) <= 2
    assert data.members("fma_small", "train").tolist() == [0]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("asked", [gtzan_to_fma, fma_to_gtzan])
def test_a_model_finds_shared_genres_in_the_other_data_set(tmp_path, asked, way):
    theirs = [FMA_GENRES[n % 4] for n in range(64)]
    ours = [SHARED[n % 3] for n in range(60)]
    write_fma(tmp_path, spectra(theirs, 105.6, 128, 63), theirs)
    write_gtzan(tmp_path, spectra(ours, 127, 387, 255), ours)
    figure = asked(tmp_path, way)
    assert figure.tracks == (48 if asked is gtzan_to_fma else 60)
    assert figure.accuracy > 0.9


def test_a_transfer_that_needs_torch_is_refused_without_it(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "training.research.distillation", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(TrainingDataError, match=r"needs torch.*tagger-by-ear\[cnn\]"):
        fma_small_student(tmp_path)
