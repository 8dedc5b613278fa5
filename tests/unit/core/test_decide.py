"""How the tracks of one album are decided together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tagger import config
from tagger.core.decide import decide_together
from tagger.core.domain import Action, FileIdentity, Prediction, Track, TrackTags
from tagger.core.evidence import Evidence, posterior
from tagger.core.pooling import pool
from tagger.evidence.weigh import DEFAULT_TRUST, Level, base, weigh
from tagger.inference import read_manifest
from tagger.pipeline.build import decision_rules

if TYPE_CHECKING:
    from tagger.core.decide import DecisionRules


@pytest.fixture
def deciding(bundle: Path) -> DecisionRules:
    return decision_rules(config.Settings(), read_manifest(bundle))


def track(number, genres=()):
    path = Path(f"/music/{number}.mp3")
    return Track(path, path.parent, FileIdentity(0, number, 0, 0), TrackTags(genres))


def heard(*classical):
    return {
        track(number): Prediction({"Classical": p, "Metal": 1 - p}, "test-1")
        for number, p in enumerate(classical)
    }


def actions(deciding, *classical):
    decided = decide_together(heard(*classical), deciding)
    return [decided[track(number)].action for number in range(len(classical))]


def test_one_track_is_decided_by_itself(deciding):
    assert actions(deciding, 0.81) == [Action.SET]
    assert actions(deciding, 0.79) == [Action.ABSTAIN]


def test_unsure_tracks_of_one_album_that_agree_get_its_genre(deciding):
    assert actions(deciding, 0.7, 0.75, 0.72, 0.74) == [Action.SET] * 4


def test_tracks_that_disagree_leave_their_album_without_a_genre(deciding):
    assert actions(deciding, 0.7, 0.3, 0.7, 0.3) == [Action.ABSTAIN] * 4


def test_a_sure_outlier_keeps_its_own_genre_and_the_album_keeps_its(deciding):
    decided = decide_together(heard(0.95, 0.9, 0.95, 0.1), deciding)
    assert [d.genres for _, d in sorted(decided.items(), key=lambda i: i[0].path)] == [
        ("Classical",),
        ("Classical",),
        ("Classical",),
        ("Metal",),
    ]
    assert "2 more" in decided[track(0)].reason


def test_non_music_gets_no_genre_and_does_not_count_for_its_album(deciding):
    tracks = heard(0.95, 0.7, 0.75, 0.72)
    speech = Prediction({"Classical": 0.95, "Metal": 0.05}, "test-1", "sounds like speech (0.9)")
    decided = decide_together(tracks | {track(0): speech}, deciding)
    assert decided[track(0)].action is Action.ABSTAIN
    assert decided[track(0)].reason == "sounds like speech (0.9)"
    alone = {one: prediction for one, prediction in tracks.items() if one != track(0)}
    assert {one: decided[one] for one in alone} == decide_together(alone, deciding)


def test_each_track_of_an_album_is_decided_by_its_own_genres_and_evidence(deciding):
    jazz = Evidence("artist", "9 of 9 other tracks of Ann Bo are Jazz", {"Jazz": 1.0}, {"Jazz": 9})
    given = (((), jazz), (("Pop",), jazz), (("Pop",), None), (("Pop",), None), ((), jazz))
    sound = Prediction({"Classical": 0.9, "Metal": 0.1}, "test-1")
    tracks = [track(number, genres) for number, (genres, _) in enumerate(given)]
    evidence = {track(n, genres): found for n, (genres, found) in enumerate(given) if found}
    decided = decide_together(dict.fromkeys(tracks, sound), deciding, evidence)
    pooled = pool([sound] * len(tracks), deciding.pooling)
    assert list(decided.values()) == [
        deciding.decide(one, pooled, len(tracks), evidence.get(one)) for one in tracks
    ]
    assert decided[tracks[0]] != decided[tracks[1]] != decided[tracks[2]]


def test_a_number_takes_the_place_of_the_models_threshold(bundle):
    settings = config.Settings(tags=config.TagSettings(min_confidence=0.6))
    assert actions(decision_rules(settings, read_manifest(bundle)), 0.61) == [Action.SET]


def test_a_precision_that_the_model_cannot_reach_writes_nothing(bundle):
    settings = config.Settings(tags=config.TagSettings(target_precision=0.99))
    assert actions(decision_rules(settings, read_manifest(bundle)), 1.0) == [Action.ABSTAIN]


def test_evidence_names_no_genre_where_the_sound_is_like_no_music(deciding):
    def sound(even: float) -> Prediction:
        each = even / 10
        rest = 1 - even
        return Prediction({f"Genre {n}": each + rest * (n == 1) for n in range(10)}, "test-1")

    prior = {f"Genre {n}": 0.91 if n == 0 else 0.01 for n in range(10)}
    evidence = Evidence("artist", "9 of 9 other tracks of Ann Bo are Genre 0", prior, {})
    rules = replace(deciding, track_thresholds=dict.fromkeys(prior, 0.8))
    noise = rules.decide(track(1), sound(0.75), evidence=evidence)
    assert noise.action is Action.ABSTAIN
    assert "are Genre 0, but the sound is like no music" in noise.reason
    assert rules.decide(track(1), sound(0.65), evidence=evidence).genres == ("Genre 0",)


@pytest.mark.parametrize(("share", "written"), [(0.6, ()), (0.3, ("Jazz",))])
def test_weak_evidence_does_not_contradict_a_sure_sound(deciding, share, written):
    genres = ("Classical", "Jazz", "Pop", "Reggae", "World", "Blues", "Latin", "Country")
    even = {genre: (1 - share) / len(genres) for genre in genres}
    evidence = Evidence("artist", "of Ann Bo are Pop", even | {"Pop": even["Pop"] + share}, {})
    rules = replace(deciding, track_thresholds=dict.fromkeys(genres, 0.5))
    sound = Prediction({genre: 0.93 if genre == "Jazz" else 0.01 for genre in genres}, "test-1")
    assert rules.decide(track(1), sound, evidence=evidence).genres == written


@pytest.mark.parametrize(
    ("owned", "listed", "blues", "written"),
    [
        ("Blues", "Metal", 0.1, ()),
        ("Blues", "Metal", 0.4, ("Blues",)),  # the sound is on the owner's side
        ("Blues", "Blues", 0.1, ("Blues",)),
        ("Schlager", "Metal", 0.1, ("Schlager",)),
        ("Soundtrack", "Metal", 0.1, ("Soundtrack",)),
    ],
)
def test_a_genre_that_a_program_wrote_by_default_is_not_spread(
    deciding, owned, listed, blues, written
):
    genres = ("Metal", "Blues", "Jazz", "Pop")
    levels = [
        Level("list", {listed: 1.0}, 1.0, f"artists list: {listed}", {listed: 1.0}),
        Level("artist", {owned: 1.0}, 1.0, f"9 of 9 other tracks of Ann Bo are {owned}"),
    ]
    evidence = weigh(levels, base({}, genres), DEFAULT_TRUST | {"list": 0.1})
    rules = replace(deciding, track_thresholds=dict.fromkeys(genres, 0.9))
    rest = (1 - blues) / 3
    sound = Prediction(dict.fromkeys(genres, rest) | {"Blues": blues}, "test-1")
    decision = rules.decide(track(1), sound, evidence=evidence)
    assert decision.genres == written
    if not written:
        assert decision.reason.startswith("9 of 9 other tracks of Ann Bo are Blues; artists list: ")
        assert decision.reason.endswith("; undecided, they disagree")


@pytest.mark.parametrize(
    ("source", "metal", "written"),
    [
        ("list", 0.01, ()),
        ("list", 0.03, ("Metal",)),
        ("title", 0.03, ()),
        ("title", 0.05, ("Metal",)),
    ],
)
def test_list_and_title_do_not_name_a_family_that_is_improbable_by_the_sound(
    deciding, source, metal, written
):
    genres = ("Metal", "Classical", "Jazz", "Folk", "Pop")
    tribute = Level(source, {"Metal": 1.0}, 1.0, "artists list: Metal", {"Metal": 1.0})
    evidence = weigh([tribute], base({}, genres), DEFAULT_TRUST)
    rules = replace(deciding, track_thresholds=dict.fromkeys(genres, 0.9))
    rest = (0.6 - metal) / 3
    probabilities = dict.fromkeys(genres, rest) | {"Metal": metal, "Classical": 0.4}
    decision = rules.decide(track(1), Prediction(probabilities, "test-1"), evidence=evidence)
    assert decision.genres == written
    if not written:
        assert decision.reason == (
            "artists list: Metal; sound: Classical 40%; undecided, they disagree"
        )


@pytest.mark.parametrize(("source", "genre"), [("list", "R&B"), ("artist", "Pop")])
def test_the_sound_weighs_less_beside_the_list_than_beside_the_owners_genres(source, genre):
    sound = Prediction({"R&B": 0.1, "Pop": 0.7, "Rock": 0.2}, "test")
    evidence = Evidence(source, "", {"R&B": 0.7, "Pop": 0.25, "Rock": 0.05}, {})
    assert posterior(sound, evidence).genre == genre


def one_genre(bundle, *classical, evidence=None):
    settings = config.Settings(tags=config.TagSettings(per_album=True))
    rules = decision_rules(settings, read_manifest(bundle))
    decided = decide_together(heard(*classical), rules, evidence)
    return {decision.genres for decision in decided.values()}


def test_one_genre_for_each_album_has_the_evidence_of_most_tracks(bundle):
    prior = {"Classical": 0.05, "Metal": 0.95}
    guest = Evidence("list", "artists list: Metal", prior, {})
    unsure = (0.6, 0.6, 0.6)
    first, *others = (track(number) for number in range(3))
    assert one_genre(bundle, *unsure, evidence={first: guest}) == {()}
    assert one_genre(bundle, *unsure, evidence=dict.fromkeys(others, guest)) == {("Metal",)}


def test_one_genre_for_each_album_counts_a_sure_outlier_for_its_album(bundle):
    assert one_genre(bundle, 0.95, 0.9, 0.95, 0.1) == {("Classical",)}


def test_one_genre_for_each_album_leaves_an_album_without_a_majority_alone(bundle):
    assert len(one_genre(bundle, 0.99, 0.01, 0.01)) == 1
    assert one_genre(bundle, 0.7, 0.3, 0.7, 0.3) == {()}


def test_one_genre_for_each_album_leaves_a_single_track_as_it_is(bundle):
    assert one_genre(bundle, 0.95) == {("Classical",)}
