"""The rules from a prediction to a decision, and albums."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.core import albums, genres
from tagger.core.domain import Action, FileIdentity, Prediction, Track, TrackTags
from tagger.core.policy import Policy
from tagger.core.vocabulary import Vocabulary

SURE = Prediction({"Rock": 0.9, "Metal": 0.06, "Baroque": 0.04}, "m")
TORN = Prediction({"Rock": 0.5, "Metal": 0.4, "Baroque": 0.1}, "m")
NEED = {"Rock": 0.8, "Metal": 0.8, "Baroque": None}


def decide(policy, prediction=SURE, existing=(), need=NEED):
    return policy.without_audio(existing) or policy.decide(prediction, existing, need)


def test_a_file_without_a_genre_gets_a_sure_genre():
    decision = decide(Policy())
    assert (decision.action, decision.genres) == (Action.SET, ("Rock",))
    assert decision.genre == "Rock"
    assert decision.confidence == 0.9


def test_an_unsure_prediction_is_not_written_and_gives_its_reason():
    decision = decide(Policy(), TORN)
    assert (decision.action, decision.genres, decision.genre) == (Action.ABSTAIN, (), None)
    assert "Rock at 50%" in decision.reason
    assert "80% needed" in decision.reason


def test_equal_probabilities_give_a_reason_without_a_genre():
    need = {"Rock": 0.8, "Metal": 0.8}
    speech = Prediction({"Rock": 0.515, "Metal": 0.485}, "m")
    torn = Prediction({"Rock": 0.53, "Metal": 0.47}, "m")
    nothing, something = (decide(Policy(), heard, need=need) for heard in (speech, torn))
    assert nothing.action is something.action is Action.ABSTAIN
    assert nothing.reason == "unsure: none of the 2 genres is prominent"
    assert something.reason == "unsure: Rock at 53%, 80% needed"


def test_a_genre_without_a_threshold_is_never_written():
    decision = decide(Policy(), Prediction({"Baroque": 0.99, "Rock": 0.01}, "m"))
    assert decision.action is Action.ABSTAIN


@pytest.mark.parametrize(
    ("mode", "existing", "action", "genres"),
    [
        ("empty", ("Folk",), Action.KEEP, ("Folk",)),
        ("add", ("Folk",), Action.ADD, ("Folk", "Rock")),
        ("add", (), Action.SET, ("Rock",)),
        ("add", ("rock",), Action.KEEP, ("rock",)),
        ("replace", ("Folk", "Pop"), Action.SET, ("Rock",)),
        ("replace", ("ROCK",), Action.KEEP, ("ROCK",)),
    ],
)
def test_each_mode_combines_old_and_new_genres_as_documented(mode, existing, action, genres):
    decision = decide(Policy(mode=mode), existing=existing)
    assert (decision.action, decision.genres) == (action, genres)


def test_a_genre_that_the_user_set_last_is_kept():
    decision = Policy(mode="replace").without_audio(("Sunday",), corrected=True)
    assert decision.action is Action.KEEP


@pytest.mark.parametrize("mode", ["empty", "add", "replace"])
def test_a_podcast_by_its_tags_is_kept_in_every_mode(mode):
    decision = Policy(mode=mode).without_audio((), spoken=True)
    assert (decision.action, decision.genres) == (Action.KEEP, ())
    assert decision.reason == "is a podcast or an audiobook by its tags"


def test_kept_genres_protect_their_files_in_any_spelling():
    policy = Policy(mode="replace", keep=frozenset([genres.key("Hip-Hop")]))
    assert decide(policy, existing=("hip hop",)).action is Action.KEEP


@pytest.mark.parametrize(
    "text", ["Christmas; Pop", "Pop/Christmas", "Pop, christmas", "Pop|Christmas"]
)
def test_a_kept_genre_in_a_list_protects_its_file(text):
    policy = Policy(mode="replace", keep=frozenset([genres.key("Christmas")]))
    assert decide(policy, existing=(text,)).action is Action.KEEP


def test_a_genre_in_a_list_is_not_added_again():
    policy = Policy(mode="add")
    assert decide(policy, existing=("Pop/Rock",)).action is Action.KEEP
    assert decide(policy, existing=("Folk, Pop",)).genres == ("Folk, Pop", "Rock")
    assert decide(Policy(mode="replace"), existing=("Rock, rock",)).action is Action.KEEP


@pytest.mark.parametrize("mode", ["empty", "add", "replace"])
@pytest.mark.parametrize("text", ["Other", "unknown", "<None>", "None/Other", "-", "?"])
def test_a_word_for_no_genre_counts_as_an_empty_field(mode, text):
    empty = frozenset(map(genres.key, ("Other", "Unknown", "None")))
    decision = decide(Policy(mode=mode, empty=empty), existing=(text,))
    assert (decision.action, decision.genres) == (Action.SET, ("Rock",))


def test_a_word_for_no_genre_beside_a_genre_is_no_empty_field():
    policy = Policy(empty=frozenset([genres.key("Other")]))
    assert decide(policy, existing=("Other", "Folk")).action is Action.KEEP
    added = decide(Policy(mode="add", empty=policy.empty), existing=("Other", "Folk"))
    assert added.genres == ("Folk", "Rock")


def test_genres_that_are_never_written_leave_the_file_alone():
    never = Vocabulary(never=frozenset([genres.key("Rock")]))
    assert decide(Policy(vocabulary=never)).action is Action.ABSTAIN


def test_a_genre_outside_the_wanted_genres_leaves_the_file_alone():
    jazz = Vocabulary(only=frozenset([genres.key("Jazz")]))
    decision = decide(Policy(vocabulary=jazz))
    assert decision.action is Action.ABSTAIN
    assert decision.reason.endswith("not among genres.only")


def test_the_users_word_counts_for_the_wanted_and_the_barred_genres():
    words = {genres.key("Rock"): "Krach"}
    krach = frozenset([genres.key("krach")])
    assert decide(Policy(vocabulary=Vocabulary(words, only=krach))).genres == ("Krach",)
    assert decide(Policy(vocabulary=Vocabulary(words, never=krach))).action is Action.ABSTAIN
    rock = frozenset([genres.key("Rock")])
    assert decide(Policy(vocabulary=Vocabulary(words, only=rock))).action is Action.ABSTAIN


def test_further_genres_and_parents_outside_the_wanted_genres_are_left_out():
    wanted = Vocabulary(only=frozenset([genres.key("Rock")]))
    policy = Policy(vocabulary=wanted, max_genres=2)
    assert decide(policy, TORN, need=dict.fromkeys(NEED, 0.3)).genres == ("Rock",)
    baroque = Vocabulary(only=frozenset([genres.key("Baroque")]))
    found = Prediction({"Baroque": 0.9, "Rock": 0.1}, "m")
    policy = Policy(vocabulary=baroque, parents=True)
    need = {"Baroque": 0.8, "Rock": 0.8}
    assert policy.decide(found, (), need).genres == ("Baroque",)


def test_a_genre_in_the_file_that_the_map_names_alike_is_not_added_again():
    words = Vocabulary({genres.key("Rock/Punk"): "Rock"})
    policy = Policy(mode="add", vocabulary=words)
    assert decide(policy, existing=("Rock/Punk",)).action is Action.KEEP


def test_the_users_own_parents_are_written_as_well():
    sunday = Prediction({"Sunday": 0.9, "Rock": 0.1}, "m")
    policy = Policy(parents=True, own_parents={genres.key("sunday"): "Progressive Rock"})
    decision = policy.decide(sunday, (), {"Sunday": 0.8, "Rock": 0.8})
    assert decision.genres == ("Sunday", "Progressive Rock", "Rock")


def test_own_names_parents_and_further_genres_are_written_together():
    vocabulary = Vocabulary({genres.key("Rock"): "Krach"})
    policy = Policy(vocabulary=vocabulary, max_genres=2, parents=True)
    need = dict.fromkeys(NEED, 0.3)
    assert decide(policy, TORN, need=need).genres == ("Krach", "Metal")
    assert decide(policy, need=need).genres == ("Krach",)
    baroque = Prediction({"Baroque": 0.9, "Rock": 0.1}, "m")
    assert decide(policy, baroque, need=need).genres == ("Baroque", "Classical")


def track(name, root="/music", **tags):
    return Track(Path(root, name), Path(root), FileIdentity(0, hash(name), 0, 0), TrackTags(**tags))


def sizes(*tracks):
    return sorted(len(group) for group in albums.group(tracks))


def test_album_and_album_artist_make_an_album_across_folders():
    tags = {"album": "One", "album_artist": "A"}
    assert sizes(track("cd1/1.mp3", **tags), track("cd2/1.mp3", **tags)) == [2]


def test_same_album_name_by_another_artist_is_another_album():
    assert sizes(
        track("x/1.mp3", album="Greatest Hits", album_artist="A"),
        track("x/2.mp3", album="Greatest Hits", album_artist="B"),
    ) == [1, 1]


def test_without_album_artist_the_folder_and_one_artist_count():
    one = [track(f"x/{n}.mp3", album="One", artist="A") for n in range(3)]
    assert sizes(*one) == [3]
    assert sizes(*one, track("y/1.mp3", album="One", artist="A")) == [1, 3]
    assert sizes(*one, track("x/9.mp3", album="One", artist="B")) == [1, 1, 1, 1]


def test_a_compilation_is_never_an_album():
    flagged = [track(f"x/{n}.mp3", album="Hits", album_artist="A", compilation=True) for n in "12"]
    various = [track(f"y/{n}.mp3", album="Hits", album_artist="Various Artists") for n in "12"]
    assert sizes(*flagged, *various) == [1, 1, 1, 1]


def test_tracks_of_two_guests_alone_are_of_a_compilation():
    hits = {"album": "Hits", "album_artist": "Some Label"}
    guests = [track(f"x/{name}.mp3", artist=name, **hits) for name in "AB"]
    assert sizes(*guests) == [1, 1]
    assert sizes(*guests, track("x/C.mp3", artist="Some Label", **hits)) == [3]
    assert sizes(*[track(f"x/{n}.mp3", artist="A", **hits) for n in "12"]) == [2]


@pytest.mark.parametrize(
    ("album_artist", "artists", "expected"),
    [
        ("Now", ("Snow Patrol", "Known"), [1, 1]),
        ("Now", ("Now & Ann", "Bo/Now"), [2]),
        ("\u5468\u6770", ("\u5468\u6770\u502b", "\u5468\u6770\u8cbb"), [2]),
    ],
)
def test_a_part_of_a_longer_word_is_no_album_artist(album_artist, artists, expected):
    tags = {"album": "Hits 3", "album_artist": album_artist}
    assert sizes(*(track(f"x/{n}.mp3", artist=n, **tags) for n in artists)) == expected


def test_a_folder_without_album_tags_is_an_album_by_one_named_artist_only():
    names = [f"0{n} - x.mp3" for n in range(1, 4)]
    assert sizes(*[track(f"by/{name}", artist="A") for name in names]) == [3]
    assert sizes(*[track(f"album/{name}") for name in names]) == [1, 1, 1]
    assert sizes(*[track(name, artist="A") for name in names]) == [1, 1, 1]
    mixed = [track("mix/01.mp3", artist="A"), track("mix/02.mp3"), track("mix/03.mp3")]
    assert sizes(*mixed) == [1, 1, 1]


@pytest.mark.parametrize(
    "name",
    [
        "VA",
        "[Various Artists]",
        "Verschiedene Interpreten",
        "Artistes Divers",
        "VARIOS ARTISTAS",
        "Vários Artistas",
        "AA. VV.",
        "Różni wykonawcy",
        "Разные исполнители",
        "ヴァリアス・アーティスト",
        "Soundtrack",
        "O.S.T.",
    ],
)
def test_a_compilation_is_never_an_album_in_any_language(name):
    assert sizes(*[track(f"x/{n}.mp3", album="Hits", album_artist=name) for n in "12"]) == [1, 1]
    assert sizes(*[track(f"x/{n}.mp3", album="Hits", artist=name) for n in "12"]) == [1, 1]


@pytest.mark.parametrize(
    "name",
    [
        "Unknown Album",
        "<unknown>",
        "Unbekanntes Album",
        "Album inconnu",
        "Álbum desconocido",
        "Неизвестный альбом",
        "不明なアルバム",
        "untitled",
    ],
)
def test_an_album_without_a_name_is_never_an_album(name):
    tags = {"album": name, "album_artist": "A", "artist": "A"}
    assert sizes(*[track(f"x/{n}.mp3", **tags) for n in "12"]) == [1, 1]
    assert sizes(*[track(f"x/{n}.mp3", album=name, artist="A") for n in "12"]) == [1, 1]


@pytest.mark.parametrize("name", ["Unknown Artist", "Unbekannter Künstler", "Artiste inconnu"])
def test_an_artist_without_a_name_makes_no_album(name):
    assert sizes(*[track(f"x/{n}.mp3", album="One", artist=name) for n in "12"]) == [1, 1]
    assert sizes(*[track(f"x/{n}.mp3", album="One", album_artist=name) for n in "12"]) == [1, 1]


def test_many_artists_under_one_album_artist_make_no_album():
    tags = {"album": "Mix", "album_artist": "DJ A"}
    guests = [track(f"x/{n}.mp3", artist=f"Guest {n}", **tags) for n in range(4)]
    assert sizes(*guests) == [1, 1, 1, 1]
    featured = [track(f"y/{n}.mp3", artist=f"DJ A feat. Guest {n}", **tags) for n in range(4)]
    assert sizes(*featured) == [4]
