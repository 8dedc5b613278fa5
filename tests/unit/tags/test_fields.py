"""Writes into a field beside the genre: in every container, undone byte by byte."""

from __future__ import annotations

import media
import mutagen
import numpy as np
import pytest
from mutagen import apev2, id3
from tagging import BLUES, TWO, others, restore, with_info, write

from tagger import tags
from tagger.core.domain import CONFIDENCE, GROUPING

OWN = "TAGGER_GENRE"
TAGGED = {"title": "x", "genre": ["Rock"], "comment": "y" * 100, "picture": media.png(32)}
STATES = {"bare": None, "with a genre": TAGGED}
KEYS = {
    "ID3": {GROUPING: "GRP1", OWN: f"TXXX:{OWN}", CONFIDENCE: f"TXXX:{CONFIDENCE}"},
    "MP4Tags": {
        GROUPING: "\xa9grp",
        OWN: f"----:com.apple.iTunes:{OWN}",
        CONFIDENCE: f"----:com.apple.iTunes:{CONFIDENCE}",
    },
    "ASFTags": {GROUPING: "WM/ContentGroupDescription"},
    "APEv2": {GROUPING: "Grouping"},
}


def field(path, name):
    """Return the texts of a field, as mutagen reads them."""
    found = mutagen.File(path).tags
    kind = "ID3" if isinstance(found, id3.ID3) else type(found).__name__
    value = found[KEYS.get(kind, {}).get(name, name)]
    values = [value] if isinstance(value, str) else getattr(value, "text", value)
    return tuple(v.decode() if isinstance(v, bytes) else str(v) for v in values)


@pytest.mark.parametrize("name", [GROUPING, OWN])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("form", media.containers())
def test_a_write_into_another_field_leaves_the_genre_and_undo_restores_every_byte(
    tmp_path, form, state, name
):
    path = media.make(tmp_path / "song", form, tags=STATES[state])
    before, sound = path.read_bytes(), media.pcm(path)
    genres = tags.read(path).genres

    written = write(path, field=name, confidence=True, probability=0.934)

    assert (field(path, name), field(path, CONFIDENCE)) == (TWO, ("0.93",))
    assert (written.field, written.before, written.after) == (name, (), TWO)
    found = tags.read(path, name)
    assert (found.genres, found.in_field, found.in_genre) == (TWO, TWO, genres)
    assert tags.read(path).genres == genres
    assert np.array_equal(media.pcm(path), sound)
    restore(path, written.snapshot)
    assert path.read_bytes() == before


@pytest.mark.parametrize("form", media.containers())
def test_a_confidence_beside_the_genre_is_undone_with_it(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags=TAGGED)
    before = path.read_bytes()
    first = write(path, BLUES, confidence=True, probability=0.5)
    write(path, TWO, confidence=True, probability=1.0)
    assert field(path, CONFIDENCE) == ("1.00",)
    restore(path, first.snapshot)
    assert path.read_bytes() == before


@pytest.mark.parametrize("form", ["mp3", "flac", "m4a", "wma", "ape"])
def test_a_choice_of_the_user_removes_the_confidence(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags=TAGGED)
    write(path, TWO, confidence=True, probability=0.8)
    write(path, BLUES, confidence=True)
    with pytest.raises(KeyError):
        field(path, CONFIDENCE)


def test_equal_genres_are_not_written_again_for_another_confidence(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags=TAGGED)
    write(path, TWO, field=OWN, confidence=True, probability=0.8)
    assert write(path, TWO, field=OWN, confidence=True, probability=0.9) is None


def test_a_field_in_other_letters_is_overwritten_and_not_repeated(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags=TAGGED)
    found = id3.ID3(path)
    found.add(id3.TXXX(encoding=3, desc="tagger_genre", text=["old"]))
    found.save(path)
    before = path.read_bytes()
    written = write(path, field=OWN)
    assert [frame.text for frame in id3.ID3(path).getall("TXXX")] == [list(TWO)]
    assert written.before == ("old",)
    restore(path, written.snapshot)
    assert path.read_bytes() == before


@pytest.mark.parametrize("major", [3, 4])
def test_further_user_frames_stay_beside_a_field_of_tagger(tmp_path, major):
    path = media.make(tmp_path / "song.mp3", tags={"title": "x", "id3_version": major})
    found = id3.ID3(path)
    found.add(id3.TXXX(encoding=3, desc="MOOD", text=["calm"]))
    found.save(path, v2_version=major)
    rest = others(path)
    written = write(path, ("Électronique",), field=OWN)
    assert id3.ID3(path).version == (2, major, 0)
    assert id3.ID3(path)[f"TXXX:{OWN}"].text == ["Électronique"]
    assert {k: v for k, v in others(path)[0].items() if OWN not in k} == rest[0]
    restore(path, written.snapshot)
    assert others(path) == rest


def test_an_id3v22_tag_gets_its_own_frames(tmp_path):
    path = media.id3v22(media.make(tmp_path / "song.mp3"), (b"TT2", b"\0x"))
    before = path.read_bytes()
    written = write(path, field=GROUPING, confidence=True, probability=0.5)
    assert b"GP1\0\0" in path.read_bytes()
    assert id3.ID3(path)[f"TXXX:{CONFIDENCE}"].text == ["0.50"]
    restore(path, written.snapshot)
    assert path.read_bytes() == before


def test_a_genre_in_an_older_tag_stays_visible_beside_a_new_tag(tmp_path):
    path = media.id3v1(media.make(tmp_path / "song.mp3"), title="One", genre=17)
    before = path.read_bytes()
    written = write(path, field=OWN)
    assert id3.ID3(path)["TCON"].text == ["Rock"]
    restore(path, written.snapshot)
    assert path.read_bytes() == before


def test_every_tag_that_has_the_field_gets_the_same_value(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags=TAGGED)
    media.ape_on_mp3(path, Grouping=["old"], Title="x")
    before = path.read_bytes()
    written = write(path, field=GROUPING)
    assert list(apev2.APEv2(path)["Grouping"]) == list(TWO)
    restore(path, written.snapshot)
    assert path.read_bytes() == before


def test_an_info_list_of_a_wave_file_stays_as_it_is(tmp_path):
    path = with_info(media.make(tmp_path / "song.wav", "wav"), INAM=b"x\0", IGNR=b"Rock\0")
    before = path.read_bytes()
    written = write(path, field=OWN)
    assert mutagen.File(path).tags[f"TXXX:{OWN}"].text == list(TWO)
    assert b"IGNR\x05\0\0\0Rock\0" in path.read_bytes()
    restore(path, written.snapshot)
    assert path.read_bytes() == before
