"""The list of known artists that comes with tagger, and names in credits."""

from __future__ import annotations

import csv
from importlib.resources import files
from itertools import pairwise

import pytest

from tagger.core import genres
from tagger.core.domain import TrackTags
from tagger.evidence.artists import COLUMNS, Artist, ArtistList
from tagger.evidence.credits import LATER, list_level
from tagger.evidence.names import credited, fold, is_nobody, library_artist
from tagger.library.known_artists import open_list

KNOWN = set(
    "Ambient|Blues|Classical|Country|Electronic|Folk|Hip-Hop|Jazz|Latin|Metal|Pop|Punk|R&B|Reggae"
    "|Rock|World".split("|")
)


@pytest.fixture(scope="module")
def known():
    return open_list(None)


def test_the_list_is_sorted_unique_after_folding_and_of_known_genres():
    text = files("tagger.evidence").joinpath("artists.csv").read_text("utf-8")
    header, *rows = csv.reader(text.splitlines())
    assert tuple(header) == COLUMNS
    keys = [fold(row[0]) for row in rows]
    assert len(keys) > 46_000
    assert all(one < other for one, other in pairwise(keys))
    for name, accept, _, namesakes in rows:
        assert accept
        assert set(accept.split("|")) <= KNOWN, name
        assert namesakes in ("", "yes"), name
        assert not is_nobody(name), name
        assert not genres.is_known(name), name


def test_every_line_of_the_list_is_found_by_its_name(known):
    text = files("tagger.evidence").joinpath("artists.csv").read_text("utf-8")
    for name, accept, *_ in list(csv.reader(text.splitlines()))[1::97]:
        found = known.find(name)
        assert found is not None
        assert found.accept == tuple(accept.split("|"))
    assert known.find("Nobody At All Here") is None


@pytest.mark.parametrize(
    "other",
    ["the beatles", "BEATLES", "Beatles, The", "Béatles", "Ｂｅａｔｌｅｓ"],  # noqa: RUF001
)
def test_spellings_of_one_name_fold_alike(other):
    assert fold(other) == fold("The Beatles")


def test_names_that_differ_in_marks_or_are_marks_alone_stay_apart():
    assert fold("!!!") == "!!!"
    assert fold("ハンバート") != fold("ハンハート")
    assert fold("Florence + The Machine") == fold("Florence and the Machine")
    assert fold("A$AP Rocky") == fold("ASAP Rocky")


@pytest.mark.parametrize(
    ("credit", "first"),
    [
        ("Simon & Garfunkel", "Simon & Garfunkel"),
        ("Earth, Wind & Fire", "Earth, Wind & Fire"),
        ("Tyler, The Creator", "Tyler, the Creator"),
        ("Slayer feat. Shakira", "Slayer"),
        ("Slayer ft Shakira", "Slayer"),
        ("Slayer & Shakira", "Slayer"),
        ("Slayer, Shakira", "Slayer"),
        ("Slayer x Shakira", "Slayer"),
        ("Slayer vs. Shakira", "Slayer"),
        ("Slayer; Shakira", "Slayer"),
        ("Davis, Miles", "Miles Davis"),
    ],
)
def test_a_credit_begins_with_the_listed_name(known, credit, first):
    found = next(artist for name in credited(credit) if (artist := known.find(name)))
    assert fold(found.name) == fold(first)


@pytest.mark.parametrize("credit", ["Various Artists", "Unknown Artist", "Jazz", "", "VA"])
def test_a_credit_of_nobody_has_no_name(credit):
    assert list(credited(credit)) == []


@pytest.mark.parametrize(
    "name",
    [
        *("VV.AA.", "Различные исполнители", "Various Artists - Pop", "Track Artist", "-", "???"),
        *("Trad.", "Track 01", "Audio Track 3", "Piste 4", "www.example.com"),
        *("(null)", "Anonyme", "Artistas Varios", "TV Soundtrack"),
    ],
)
def test_a_name_in_place_of_an_artist_is_nobody(name):
    assert is_nobody(name)


def test_signs_may_be_the_name_of_a_band():
    assert not is_nobody("!!!")


def test_the_first_named_artist_counts_most(known):
    level = list_level(TrackTags(artist="Slayer & Alfred Brendel"), known, KNOWN)
    assert level is not None
    assert level.shares["Metal"] == pytest.approx(0.75)
    assert level.shares["Classical"] == pytest.approx(0.25)


@pytest.mark.parametrize("credit", ["Ann Bo & Band", "Ann Bo, Dream", "Ann Bo mit Angels"])
def test_a_word_of_a_credit_is_no_artist_of_another_spelling(known, credit):
    assert list_level(TrackTags(artist=credit), known, KNOWN) is None


@pytest.mark.parametrize(("title", "counts"), [("Air", True), ("Air (Metal Cover)", False)])
def test_the_composer_does_not_count_for_a_version_in_another_genre(known, title, counts):
    tags = TrackTags(artist="Ann Bo", title=title, composer="Johann Sebastian Bach")
    assert (list_level(tags, known, KNOWN) is not None) is counts


@pytest.mark.parametrize(
    ("artist", "composer", "counts"),
    [
        ("Ann Bo", "George Gershwin", False),
        ("Alfred Brendel", "George Gershwin", True),
        ("Ann Bo", "Franz Schubert", True),
    ],
)
def test_a_composer_of_several_genres_counts_beside_a_classical_performer_alone(
    known, artist, composer, counts
):
    level = list_level(TrackTags(artist=artist, composer=composer), known, KNOWN)
    alone = list_level(TrackTags(artist=composer), known, KNOWN)
    assert (level == alone) is counts


@pytest.mark.parametrize(
    ("remix", "counts"),
    [("Love", False), ("Chicago", False), ("Avicii", True), ("Arvo Pärt", True)],
)
def test_a_word_of_a_title_is_a_remixer_only_as_a_listed_dj(known, remix, counts):
    level = list_level(TrackTags(title=f"Song ({remix} Remix)"), known, KNOWN)
    assert (level is not None) is counts


@pytest.mark.parametrize(
    ("credit", "strength"),
    [
        ("Slayer", 1.0),
        ("Davis, Miles", 1.0),
        ("Davis, Miles feat. Ann Bo", 1.0),
        ("Ann Bo & Slayer", LATER),
        ("Ann Bo, Slayer", LATER),
    ],
)
def test_a_listed_name_after_an_unlisted_name_is_weaker(known, credit, strength):
    level = list_level(TrackTags(artist=credit), known, KNOWN)
    assert level is not None
    assert level.strength == strength


@pytest.mark.parametrize("credit", ["Ann Bo & The Band", "Ann Bo & beyonce", "Beatles feat. Ann"])
def test_a_name_of_one_word_is_found_in_a_credit(known, credit):
    assert list_level(TrackTags(artist=credit), known, KNOWN) is not None


def test_namesakes_share_their_genres_evenly_and_a_users_line_is_first(known):
    own = ArtistList(b"name,accept,style,namesakes\n", [Artist("Ann Bo", ("Jazz", "Blues"))])
    level = list_level(TrackTags(artist="ann bo"), own, KNOWN)
    assert level is not None
    assert level.shares["Jazz"] > level.shares["Blues"]
    namesakes = known.find("A Tribe Called Red")
    assert namesakes is not None
    assert len(set(namesakes.shares().values())) == 1


@pytest.mark.parametrize(
    ("album_artist", "artist", "counted"),
    [
        ("Now", "Snow Patrol", "Snow Patrol"),
        ("Yes", "Eyes of Ann feat. Bo", "Eyes of Ann"),
        ("The Beatles", "Beatles & Ann Bo", "The Beatles"),
        ("Beatles, The", "Ann Bo & The Beatles", "Beatles, The"),
        ("Miles Davis", "Miles Davis Quintet", "Miles Davis"),
        ("AC/DC", "ACDC", "AC/DC"),
        ("", "Ann Bo", "Ann Bo"),
    ],
)
def test_a_track_counts_for_its_album_artist_only_where_the_credit_has_that_name(
    album_artist, artist, counted
):
    assert library_artist(TrackTags(artist=artist, album_artist=album_artist)) == counted


@pytest.mark.parametrize(
    ("tags", "path", "text"),
    [
        (TrackTags(title="Slayer - Raining Blood"), [], " by the title: Metal"),
        (TrackTags(artist="VA", title="Slayer - Song"), [], " by the title: Metal"),
        (TrackTags(), ["03 Slayer - Song"], " by the file name: Metal"),
        (TrackTags(artist="Unknown"), ["03_-_Slayer_-_Song"], " by the file name: Metal"),
        (TrackTags(), ["Slayer feat. Ann Bo - Song"], " by the file name: Metal"),
        (TrackTags(), ["50 Cent - Song"], " by the file name: Hip-Hop"),
        (TrackTags(), ["01", "Slayer - Album"], " by the folder Slayer - Album: Metal"),
        (TrackTags(), ["01", "Album", "Iron Maiden"], " by the folder Iron Maiden: Metal, Rock"),
        (TrackTags(), ["01", "Iron Maiden"], " by the folder Iron Maiden: Metal, Rock"),
        (TrackTags(), ["01", "CD 1", "Album", "Iron Maiden"], None),
        (TrackTags(), ["01", "Album", "Slayer"], None),  # a folder may have the name of a band
        (TrackTags(), ["01", "Country", "Hip Hop - Rap"], None),
        (TrackTags(), ["Song - Slayer"], None),  # and so may a song
        (TrackTags(), ["Band - Song"], None),  # not The Band
        (TrackTags(), ["Iron Maiden"], None),
        (TrackTags(), ["01", "2001 - 2002"], None),
        (TrackTags(title="Punk - Slayer"), ["01"], None),
        (TrackTags(artist="Ann Bo", title="Slayer - Song"), ["Slayer - Song"], None),
        (TrackTags(album_artist="Ann Bo", title="Slayer - Song"), [], None),
    ],
)
def test_the_list_reads_the_names_of_a_file_without_an_artist(known, tags, path, text):
    level = list_level(tags, known, KNOWN, path)
    assert (level and level.text) == (text and f"artists list{text}")
