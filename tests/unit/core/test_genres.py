from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.id3 import TCON

from tagger.core import genres

id3_text = st.text("0123456789()RXC²٣ aé/", min_size=1, max_size=6)
any_name = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("hip hop", "Hip-Hop"),
        ("HipHop", "Hip-Hop"),
        ("Hip-Hop/Rap", "Hip-Hop"),
        ("hiphop", "Hip-Hop"),
        ("RAP", "Hip-Hop"),
        ("r&b", "R&B"),
        ("Rhythm and Blues", "R&B"),
        ("drum 'n' bass", "Drum & Bass"),
        ("Drum and Bass", "Drum & Bass"),
        ("DnB", "Drum & Bass"),
        ("Rock'n'Roll", "Rock & Roll"),
        ("alternative", "Alternative"),
        ("  Jazz\t", "Jazz"),
        ("Hoerbuch", "Hoerbuch"),
        ("Ho\u0308rbuch", "Audiobook"),
        ("Forró  universitário\n", "Forró universitário"),
        ("!!!", "!!!"),
        ("", ""),
    ],
)
def test_every_spelling_gives_one_canonical_name(spelling, name):
    assert genres.canonical(spelling) == name


def test_the_genres_of_the_public_data_sets_are_known():
    for name in "blues classical country disco hiphop jazz metal pop reggae rock".split():
        assert genres.canonical(name) != name
    for name in ["Electronic", "Experimental", "Folk", "Instrumental"]:
        assert genres.canonical(name) == name
    assert genres.canonical("International") == "World"


def test_names_in_other_scripts_that_differ_by_a_mark_stay_distinct():
    assert genres.key("バラード") != genres.key("ハラート")
    assert genres.key("Rock") == genres.key("röck") == genres.key("ROCK MUSIC")
    assert genres.key("?") != genres.key("!")


@pytest.mark.parametrize(
    ("name", "above"),
    [
        ("Baroque", ("Classical",)),
        ("bluegrass", ("Country",)),
        ("Progressive Bluegrass", ("Bluegrass", "Country")),
        ("tropical house", ("House", "Electronic")),
        ("Pop Punk", ("Punk", "Rock")),
        ("Neo-Soul", ("Soul", "R&B")),
        ("Classical", ()),
        ("Unheard Of", ()),
    ],
)
def test_a_subgenre_has_its_parents_in_order(name, above):
    assert genres.parents(name) == above


def all_known():
    return sorted(genres.common())


def test_names_in_the_table_of_genres_are_unique_and_canonical():
    for name in all_known():
        assert genres.canonical(name) == name
        assert not set("/,;") & set(name)
        assert name not in genres.parents(name)
        assert all(genres.canonical(above) == above for above in genres.parents(name))
    spelled = [other for others in genres._table()["aliases"].values() for other in others]
    assert len(spelled) == len(set(map(genres._fold, spelled)))
    assert not set(map(genres._fold, spelled)) & set(map(genres._fold, all_known()))


@given(any_name)
def test_a_canonical_name_is_its_own_canonical_name(name):
    tidy = genres.canonical(name)
    assert genres.canonical(tidy) == tidy
    assert genres.key(tidy) == genres.key(name)
    assert tidy.isprintable() or not set(tidy) & set("\r\n\0")


RESERVED = ["con", "CON.txt", "nul .x", "Com1", "LPT9.m3u8", "prn.", "aux"]
HOSTILE = ["", ".", "..", "../../etc/passwd", "/", "\\\\host\\share", "a:b", "\ud800", "-", "~"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Rock", "Rock"),
        ("R&B", "R&B"),
        ("Folk/Rock", "Folk-Rock"),
        ("Children's Music", "Children's Music"),
        ("Ro\u0308ck", "Röck"),
        ("..hidden", "hidden"),
        ("con", "_con"),
        ("Concert", "Concert"),
        ("", "_"),
        ("...", "_"),
        ("音" * 100, "音" * 40),
    ],
)
def test_a_genre_has_the_expected_slug(name, file):
    assert genres.slug(name) == file


@given(any_name | st.sampled_from(RESERVED + HOSTILE) | st.text("./ \\:conulap1", max_size=12))
def test_any_slug_is_a_valid_file_name_on_every_system(name):
    slug = genres.slug(name)
    assert 1 <= len(slug.encode()) <= 120
    assert not set(slug) & set('/\\:*?"<>|\0\r\n')
    assert not slug.startswith(".")
    assert slug == slug.strip(" .")
    assert slug.split(".")[0].strip().casefold() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert unicodedata.is_normalized("NFC", slug)
    assert genres.slug(slug) == slug


@pytest.mark.parametrize(
    ("name", "known", "parent"),
    [("рок", "Рок", "Rock"), ("KLASSISCHE MUSIK", "Klassische Musik", "Classical")],
)
def test_a_name_in_another_language_stays_and_is_part_of_the_genre(name, known, parent):
    assert genres.canonical(name) == known
    assert genres.parents(name) == (parent,)
    assert genres.key(name) != genres.key(parent)


@pytest.mark.parametrize(
    ("texts", "whole", "parts"),
    [
        (["Rock/Pop"], (), ("Rock", "Pop")),
        (["Pop/Rock"], (), ("Pop", "Rock")),
        (["Rock, Pop", "Ska"], (), ("Rock", "Pop", "Ska")),
        (["Rock\\\\Pop"], (), ("Rock", "Pop")),
        (["Rock\uff0fPop\u3001Ska"], (), ("Rock", "Pop", "Ska")),
        (["R&B"], (), ("R&B",)),
        (["Folk, World, & Country"], (), ("Folk", "World", "Country")),
        (["Singer/Songwriter"], (), ("Singer/Songwriter",)),
        (["N/A", "n/a", "Other/Rock"], (), ("N/A", "n/a", "Other", "Rock")),
        (["Funk / Soul"], ("funk / soul",), ("Funk / Soul",)),
        ([" / ", ""], (), ()),
    ],
)
def test_a_joined_text_is_split_into_its_genres(texts, whole, parts):
    assert genres.parts(texts, whole) == parts


@given(id3_text)
def test_a_name_without_a_fault_is_read_by_id3_as_the_same_genre(name):
    if genres.name_fault(name) is None:
        assert TCON(encoding=3, text=[name]).genres == [name]


def test_a_parent_of_the_user_may_have_a_parent_of_the_user():
    own = {genres.key("Newgrass"): "Jamgrass", genres.key("Jamgrass"): "Bluegrass"}
    assert genres.parents("newgrass", own) == ("Jamgrass", "Bluegrass", "Country")


def test_a_circle_of_the_users_parents_ends():
    own = {genres.key("House"): "Garage", genres.key("Garage"): "House"}
    assert genres.parents("House", own) == ("Garage",)
