"""The loss of sets, and mixtures of songs as examples of unknown genres."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx", reason="training needs the extra `train`")

from training.classifiers.mixtures import with_mixtures
from training.classifiers.softmax import fit_softmax, fit_vectors
from training.data.vectors import Vectors, artist_keys

GENRES = ("Jazz", "Metal", "Rock")


def corners(each: int = 60) -> Vectors:
    """Draw clips around one point for each genre."""
    labels = np.repeat(np.arange(3), each)
    noise = np.random.default_rng(0).normal(0, 0.5, (3 * each, 6))
    inputs = (6 * np.eye(3, 6)[labels] + noise).astype(np.float32)
    artists = artist_keys(f"artist {n}" for n in range(len(labels)))
    return Vectors(GENRES, inputs, np.eye(3, dtype=bool)[labels], labels % 2, artists)


def test_mixtures_of_two_genres_lie_between_their_songs_and_have_no_genre() -> None:
    songs = corners()
    weights = np.ones(len(songs))
    inputs, allowed, weighted = with_mixtures(songs.inputs, songs.allowed, weights, songs)
    mixed = inputs[len(songs) :]
    assert len(mixed) > 30
    assert not allowed[len(songs) :].any()
    assert weighted[len(songs) :].sum() == pytest.approx(0.2 * len(songs))
    jazz = mixed[:, 0]
    assert jazz.min() > 1  # Jazz and another genre, never Metal and Rock: they are a family
    assert jazz.max() < 5.5


def test_a_song_between_two_genres_is_less_sure_after_mixtures() -> None:
    songs = corners()
    between = np.array([[3, 3, 0, 0, 0, 0], [3, 0, 3, 0, 0, 0]], np.float32)
    plain = fit_softmax(songs.inputs, songs.allowed, np.ones(len(songs)))
    mixed = fit_vectors(songs)
    assert np.exp(mixed.scores(between)).max() < 0.9 * np.exp(plain.scores(between)).max()
    assert (mixed.scores(songs.inputs).argmax(axis=1) == songs.allowed.argmax(axis=1)).all()


def test_each_accepted_genre_of_a_clip_gets_a_part_of_its_probability() -> None:
    songs = corners()
    allowed = songs.allowed.copy()
    allowed[allowed[:, 1], 2] = True  # Metal is accepted as Rock, always
    fitted = fit_softmax(songs.inputs, allowed, np.ones(len(songs)))
    metal = np.exp(fitted.scores(songs.inputs[songs.allowed[:, 1]])).mean(axis=0)
    assert metal[1] > 0.3
    assert metal[2] > 0.3
