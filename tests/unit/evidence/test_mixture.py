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
    assert mixture.weights(sure("Jazz", mixture.LEAST_TRACKS - 1), EVEN) is None
    assert mixture.weights(sure("Jazz", mixture.LEAST_TRACKS), EVEN)


def test_a_library_with_the_expected_genres_weighs_each_genre_alike():
    library = [one for genre in GENRES for one in sure(genre, 20)]
    assert list(mixture.weights(library, EVEN).values()) == pytest.approx([1] * len(GENRES))


def test_the_genre_of_most_tracks_weighs_most_and_no_genre_more_than_the_limit():
    by = mixture.weights([*sure("Jazz", 300), *sure("Pop", 30)], EVEN)
    assert by["Jazz"] == mixture.MOST
    assert by["Jazz"] > by["Pop"] > by["Folk"] > 0.5


def test_a_genre_that_the_model_expects_often_needs_more_tracks_for_the_same_weight():
    library = [*sure("Jazz", 50), *sure("Pop", 50)]
    expected = EVEN | {"Jazz": 0.2, "Pop": 0.05}
    by = mixture.weights(library, expected)
    assert by["Pop"] > by["Jazz"]


def test_unsure_tracks_follow_the_sure_tracks_of_their_library():
    unsure = [sound(0.1, Jazz=0.5, Blues=0.5)] * 40
    by = mixture.weights([*sure("Jazz", 40), *unsure], EVEN)
    assert by["Jazz"] > by["Blues"]


@pytest.mark.parametrize(
    "noise", [sound(0.9, Metal=1.0), Prediction(sound(Metal=1.0).probabilities, "test", "rain")]
)
def test_noise_and_speech_do_not_count(noise):
    library = sure("Jazz", 60)
    assert mixture.weights([*library, *[noise] * 60], EVEN) == mixture.weights(library, EVEN)


def test_the_order_of_the_tracks_does_not_matter():
    library = [*sure("Jazz", 30), *sure("Pop", 20), sound(0.2, Rock=0.6, Pop=0.4)]
    mixed = random.Random(3).sample(library, len(library))
    assert mixture.weights(mixed, EVEN) == pytest.approx(mixture.weights(library, EVEN))


def test_the_share_of_no_music_stays_in_a_library_of_one_genre():
    by = mixture.weights(sure("Metal", 1000), EVEN)
    weighed = mixture.weighed(sound(0.6, Metal=0.5, Rock=0.5), by)
    assert min(weighed.probabilities.values()) == pytest.approx(0.6 / len(GENRES))
    assert weighed.probabilities["Metal"] > weighed.probabilities["Rock"]


def test_a_sure_track_of_another_genre_keeps_its_genre_in_a_library_of_one_genre():
    by = mixture.weights(sure("Metal", 1000), EVEN)
    assert mixture.weighed(sound(0.1, Jazz=0.9, Metal=0.1), by).genre == "Jazz"


def test_a_weighed_prediction_has_the_prediction_by_itself():
    alone = sound(0.1, Jazz=0.6, Blues=0.4)
    weighed = mixture.weighed(alone, mixture.weights(sure("Blues", 50), EVEN))
    assert weighed.by_itself is alone
    assert weighed.genre == "Blues"


SHARES = st.lists(st.floats(0, 1), min_size=8, max_size=8).filter(lambda p: sum(p) > 0)


@given(st.lists(SHARES, min_size=10, max_size=30), SHARES)
def test_any_predictions_are_weighed_to_probabilities(library, one):
    def prediction(shares):
        total = sum(shares)
        return Prediction({g: p / total for g, p in zip(GENRES, shares, strict=True)}, "test")

    by = mixture.weights([prediction(shares) for shares in library], EVEN)
    alone = prediction(one)
    weighed = mixture.weighed(alone, by or EVEN)
    assert sum(weighed.probabilities.values()) == pytest.approx(1)
    least = min(alone.probabilities.values())
    assert min(weighed.probabilities.values()) >= least - 1e-9
    assert all(0 < weight <= mixture.MOST for weight in (by or {}).values())
