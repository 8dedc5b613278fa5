"""The genres of a library by its sound, and predictions weighed by them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.core.domain import Prediction
from tagger.evidence import mixture

GENRES = ("Blues", "Country", "Folk", "Jazz", "Metal", "Pop", "Reggae", "Rock")
EVEN = dict.fromkeys(GENRES, 1 / len(GENRES))


def sound(no_music=0.0, **shares):
    """Return a prediction: a share that is even over the genres, and the rest by genre."""
    left = (1 - no_music) / sum(shares.values())
    return Prediction(
        {g: no_music / len(GENRES) + left * shares.get(g, 0.0) for g in GENRES}, "test"
    )


def sure(genre, number):
    return [sound(0.1, **{genre: 1.0})] * number


def test_a_small_library_shows_nothing():
    assert mixture.learn(sure("Jazz", mixture.LEAST_TRACKS - 1), EVEN) is None
    assert mixture.learn(sure("Jazz", mixture.LEAST_TRACKS), EVEN)


def weights(library, expected=EVEN):
    found = mixture.learn(library, expected)
    return dict(zip(found.genres, found.weights, strict=True))


def test_a_library_with_the_expected_genres_weighs_each_genre_alike():
    library = [one for genre in GENRES for one in sure(genre, 20)]
    assert list(weights(library).values()) == pytest.approx([1] * len(GENRES))


def test_the_genre_of_most_tracks_weighs_most_and_no_genre_more_than_the_limit():
    by = weights([*sure("Jazz", 300), *sure("Pop", 30)])
    assert by["Jazz"] == mixture.MOST
    assert by["Jazz"] > by["Pop"] > by["Folk"] > 0.5


def test_a_genre_that_the_model_expects_often_needs_more_tracks_for_the_same_weight():
    by = weights([*sure("Jazz", 50), *sure("Pop", 50)], EVEN | {"Jazz": 0.2, "Pop": 0.05})
    assert by["Pop"] > by["Jazz"]


def test_unsure_tracks_follow_the_sure_tracks_of_their_library():
    by = weights([*sure("Jazz", 40), *[sound(0.1, Jazz=0.5, Blues=0.5)] * 40])
    assert by["Jazz"] > by["Blues"]


@pytest.mark.parametrize(
    "noise",
    [
        sound(0.9, Metal=1.0),
        Prediction(sound(Metal=1.0).probabilities, "test", "rain"),
        Prediction({"damaged": 1.0}, "test"),
    ],
)
def test_noise_speech_and_damaged_rows_do_not_count(noise):
    library = sure("Jazz", 60)
    assert mixture.learn([*library, *[noise] * 60], EVEN) == mixture.learn(library, EVEN)


def test_the_order_of_the_tracks_does_not_matter():
    library = [*sure("Jazz", 30), *sure("Pop", 20), sound(0.2, Rock=0.6, Pop=0.4)]
    mixed = random.Random(3).sample(library, len(library))
    assert weights(mixed) == pytest.approx(weights(library))


def test_a_sound_like_no_music_stays_as_it_is():
    library = mixture.learn(sure("Metal", 1000), EVEN)
    noise = sound(0.8, Metal=0.5, Rock=0.5)
    assert mixture.weighed(noise, library) is noise


def test_a_track_is_as_sure_as_the_other_tracks_of_its_genre():
    others = [one for genre in GENRES if genre != "Jazz" for one in sure(genre, 20)]
    unsure = sound(0.1, Jazz=0.6, Blues=0.4)
    found = [
        mixture.weighed(unsure, mixture.learn([*others, *jazz], EVEN)).probabilities["Jazz"]
        for jazz in (sure("Jazz", 20), [unsure] * 20)
    ]
    assert found[0] > unsure.confidence + 0.1
    assert found[1] <= unsure.confidence


def test_a_sure_track_of_another_genre_keeps_its_genre_in_a_library_of_one_genre():
    library = mixture.learn(sure("Metal", 1000), EVEN)
    assert mixture.weighed(sound(0.1, Jazz=0.9, Metal=0.1), library).genre == "Jazz"


def test_a_weighed_prediction_has_the_prediction_by_itself():
    alone = sound(0.1, Jazz=0.55, Blues=0.45)
    weighed = mixture.weighed(alone, mixture.learn(sure("Blues", 50), EVEN))
    assert weighed.by_itself is alone
    assert weighed.genre == "Blues"


SHARES = st.lists(st.floats(0, 1), min_size=8, max_size=8).filter(lambda p: sum(p) > 0)


@given(st.lists(SHARES, min_size=10, max_size=30), SHARES)
def test_any_predictions_are_weighed_to_probabilities(library, one):
    def prediction(shares):
        total = sum(shares)
        return Prediction({g: p / total for g, p in zip(GENRES, shares, strict=True)}, "test")

    known = mixture.learn([prediction(shares) for shares in library], EVEN)
    if known is None:
        return
    weighed = mixture.weighed(prediction(one), known)
    assert sum(weighed.probabilities.values()) == pytest.approx(1)
    assert min(weighed.probabilities.values()) >= 0
    assert all(0 < weight <= mixture.MOST for weight in known.weights)
