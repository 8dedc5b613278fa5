"""Families of genres, and the rules for what an album may be called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.core.decide import DecisionRules, decide_together
from tagger.core.domain import Action, FileIdentity, Prediction, Track, TrackTags
from tagger.core.families import families, merged
from tagger.core.policy import Policy
from tagger.core.pooling import Pooling

if TYPE_CHECKING:
    from tagger.core.policy import Mode

GENRES = ("Jazz", "Metal", "Pop", "Punk", "Rock")
NEED = dict.fromkeys(GENRES, 0.8)
RULES = DecisionRules(Policy(), Pooling(0.1, 8), NEED, NEED, True, families(GENRES))


def track(number: int) -> Track:
    path = Path(f"/music/{number}.mp3")
    return Track(path, path.parent, FileIdentity(0, number, 0, 0), TrackTags())


def predicted(*probabilities: float) -> Prediction:
    return Prediction(dict(zip(GENRES, probabilities, strict=True)), "m")


def test_families_hold_the_genres_of_a_model_below_another_genre_of_it() -> None:
    assert families(GENRES) == {"Rock": ("Rock", "Metal", "Punk")}
    assert families(["Ambient", "Electronic", "House"]) == {
        "Electronic": ("Electronic", "Ambient", "House")
    }
    assert families(["Classical", "Baroque"]) == {"Classical": ("Classical", "Baroque")}
    assert families(["Metal", "Jazz"]) == {}


def test_a_merged_prediction_keeps_the_sum() -> None:
    prediction = merged(predicted(0.1, 0.3, 0.05, 0.05, 0.5), families(GENRES))
    assert prediction.probabilities == pytest.approx({"Jazz": 0.1, "Pop": 0.05, "Rock": 0.85})


def test_a_sure_genre_is_written_before_its_family() -> None:
    (decision,) = decide_together({track(1): predicted(0, 0.85, 0, 0.1, 0.05)}, RULES).values()
    assert decision.genres == ("Metal",)


def test_a_sure_family_is_written_where_its_genre_is_open_and_the_reason_says_so() -> None:
    (decision,) = decide_together({track(1): predicted(0.05, 0.45, 0, 0.3, 0.2)}, RULES).values()
    assert decision.genres == ("Rock",)
    assert decision.confidence == pytest.approx(0.95)
    assert "family" in decision.reason
    assert "Metal 45%" in decision.reason


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_a_likely_genre_of_the_family_stays_in_a_file(mode: Mode) -> None:
    prediction = predicted(0.05, 0.45, 0, 0.49, 0.01)
    rules = replace(RULES, policy=Policy(mode=mode))
    for genre, stays in (("Punk", True), ("Metal", True), ("Jazz", False), ("Other", False)):
        one = replace(track(1), tags=TrackTags((genre,)))
        (decision,) = decide_together({one: prediction}, rules).values()
        assert (decision.action is Action.KEEP) is stays, genre


def test_an_unsure_family_is_not_written() -> None:
    (decision,) = decide_together({track(1): predicted(0.3, 0.3, 0, 0.2, 0.2)}, RULES).values()
    assert decision.action is Action.ABSTAIN


shares = st.lists(st.floats(0.001, 1), min_size=len(GENRES), max_size=len(GENRES))


@given(st.lists(shares, min_size=2, max_size=9))
def test_an_album_gets_no_genre_that_less_than_half_of_its_tracks_have_first(
    rows: list[list[float]],
) -> None:
    predictions = {
        track(number): predicted(*[value / sum(row) for value in row])
        for number, row in enumerate(rows)
    }
    decided = decide_together(predictions, RULES)
    for one, decision in decided.items():
        if not decision.genres:
            continue
        (genre,) = decision.genres
        members = RULES.families.get(genre, (genre,))
        own = predictions[one]
        alone = decide_together({one: own}, RULES)[one]
        if alone.genres != decision.genres:
            together = [t for t, d in decided.items() if d.reason == decision.reason]
            first = sum(predictions[t].genre in members for t in together)
            assert 2 * first >= len(together)


def test_an_album_of_four_guesses_alike_stays_a_guess() -> None:
    guesses = {track(n): predicted(0.1, 0.1, 0.44, 0.16, 0.2) for n in range(4)}
    decided = decide_together(guesses, RULES)
    assert {decision.action for decision in decided.values()} == {Action.ABSTAIN}
