"""Taking a write back: what a file said about its genres, byte by byte."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import media
import mutagen
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen import apev2, id3
from tagging import BLUES, TWO, others, restore, with_info, write

from tagger import tags
from tagger.core.domain import FileIdentity
from tagger.errors import SkippedError
from tagger.tags.containers import ogg

TAGGED = {"title": "x", "comment": "y" * 100, "picture": media.png(32)}
STATES = {
    "bare": None,
    "tagged": TAGGED,
    "one genre": TAGGED | {"genre": ["Rock"]},
    "three genres": TAGGED | {"genre": ["Rock", "Jazz", "a long name " * 200 + "."]},
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("form", media.available())
def test_an_undone_write_restores_every_byte(tmp_path, form, state):
    path = media.make(tmp_path / "song", form, tags=STATES[state])
    before = path.read_bytes()
    written = write(path)
    undone = restore(path, written.snapshot)
    assert path.read_bytes() == before
    assert (undone.before, undone.after) == (TWO, written.before)


@pytest.mark.parametrize("form", media.containers())
def test_several_writes_are_taken_back_by_the_oldest_snapshot(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags=STATES["one genre"])
    before, rest, sound = path.read_bytes(), others(path), media.pcm(path)
    oldest = write(path, ("A much longer genre than there was " * 100 + ".",)).snapshot
    write(path, BLUES)
    write(path, TWO)
    restore(path, oldest)
    assert tags.read(path).genres == ("Rock",)
    assert others(path) == rest
    assert np.array_equal(media.pcm(path), sound)
    assert path.read_bytes() == before


def test_two_writes_leave_no_empty_library_in_a_wma_file_that_had_none(tmp_path):
    path = tmp_path / "song.wma"
    path.write_bytes(media._by_av("wma", media.tone(), 44100))
    before = path.read_bytes()
    oldest = write(path, BLUES).snapshot
    write(path, TWO)
    restore(path, oldest)
    assert path.read_bytes() == before


@pytest.mark.parametrize("form", media.available())
def test_two_writes_that_end_with_the_old_genre_are_undone_to_the_byte(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags={"title": "x", "genre": ["Rock"]})
    before = path.read_bytes()
    oldest = write(path, ("A longer genre " * 600 + ".",)).snapshot
    write(path, ("Rock",))
    restore(path, oldest)
    assert path.read_bytes() == before


@pytest.mark.parametrize("form", media.available())
def test_a_write_is_undone_where_a_newer_ffmpeg_describes_the_sound_differently(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags=TAGGED)
    before = path.read_bytes()
    snapshot = json.loads(write(path).snapshot) | {"sound": "of another version"}
    restore(path, json.dumps(snapshot))
    assert path.read_bytes() == before


def test_a_snapshot_of_another_recording_is_refused(tmp_path):
    path = media.make(tmp_path / "song", "flac", tags=TAGGED)
    snapshot = write(path).snapshot
    media.make(path, "flac", tags=TAGGED, seconds=3)
    with pytest.raises(SkippedError, match="another recording") as refused:
        restore(path, snapshot)
    assert "encoded again" in refused.value.explanation


@pytest.mark.parametrize("form", media.containers())
def test_an_undo_can_itself_be_undone(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags=TAGGED)
    first = write(path)
    second = restore(path, first.snapshot)
    restore(path, second.snapshot)
    assert tags.read(path).genres == TWO


@pytest.mark.parametrize("form", media.available())
def test_a_second_undo_writes_nothing(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags=TAGGED)
    snapshot = write(path).snapshot
    restore(path, snapshot)
    before = FileIdentity.of(path.stat())
    assert restore(path, snapshot) is None
    assert FileIdentity.of(path.stat()) == before


@pytest.mark.parametrize("text", ["(17)", "17", "(17)(4)Foo", "RX", "((x", "Rock/Pop"])
def test_an_undo_restores_odd_spellings_byte_for_byte(tmp_path, text):
    path = media.make(tmp_path / "song.mp3", tags={"genre": [text]})
    before = path.read_bytes()
    restore(path, write(path).snapshot)
    assert path.read_bytes() == before


def test_an_mp3_with_every_kind_of_tag_is_restored(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    media.id3v23(path, (b"TIT2", b"\0x"), (b"TCON", b"\0(17)"), (b"TCON", b"\0Pop"))
    media.ape_on_mp3(path, GENRE=["Rock", "Pop"], Title="x")
    media.id3v1(path, title="x", genre=17)
    before = path.read_bytes()
    written = write(path)
    assert written.before == ("Rock", "Pop")
    assert list(apev2.APEv2(path)["genre"]) == list(TWO)
    restore(path, written.snapshot)
    assert path.read_bytes() == before


def test_an_undo_restores_a_tag_of_id3v22(tmp_path):
    path = media.id3v22(media.make(tmp_path / "song.mp3"), (b"TCO", b"\0(17)"), (b"TT2", b"\0x"))
    before = path.read_bytes()
    restore(path, write(path).snapshot)
    assert path.read_bytes() == before


def test_a_tag_added_beside_id3v1_is_removed_again(tmp_path):
    path = media.id3v1(media.make(tmp_path / "song.mp3"), title="One", artist="Two", genre=17)
    before = path.read_bytes()
    restore(path, write(path).snapshot)
    assert path.read_bytes() == before


def test_an_undo_restores_the_padding_of_flac(tmp_path):
    path = media.make(tmp_path / "song.flac", "flac")
    data = path.read_bytes()
    frames = data[data.index(b"\xff\xf8") :]
    padding = b"\x81" + (4000).to_bytes(3, "big") + bytes(4000)
    path.write_bytes(b"fLaC\0\0\0\x22" + data[8:42] + padding + frames)
    before = path.read_bytes()
    snapshot = write(path).snapshot
    assert path.stat().st_size == len(before)
    restore(path, snapshot)
    assert path.read_bytes() == before


def odd_flac(path):
    """Write a FLAC file with padding of other bytes than zero, in two places."""
    data = media.make(path, "flac", tags={"title": "x"}).read_bytes()
    head = data[:42]
    comments = data[42 : 46 + int.from_bytes(data[43:46], "big")]
    frames = data[data.index(b"\xff\xf8") :]
    odd = b"\x01" + (70).to_bytes(3, "big") + b"odd padding" * 6 + b"1234"
    last = b"\x81" + (900).to_bytes(3, "big") + bytes(800) + b"end" + bytes(97)
    path.write_bytes(head + odd + bytes([comments[0] & 0x7F]) + comments[1:] + last + frames)


def odd_ogg(path):
    """Write an Ogg file whose page of headers has the granule position -1."""
    media.make(path, "vorbis", tags={"title": "x"})
    with path.open("rb") as file:
        first = ogg.read_page(file, 0)
        second = ogg.read_page(file, first.size)
    data = path.read_bytes()
    page = replace(second, granule=ogg.NOTHING_ENDS).render()
    path.write_bytes(data[: second.start] + page + data[second.start + second.size :])


def odd_id3(path):
    """Write an ID3 tag with an odd revision."""
    media.make(path, "mp3", tags={"title": "x"})
    data = path.read_bytes()
    path.write_bytes(data[:4] + b"\x07" + data[5:])


NOISE = np.random.default_rng(11).bytes(400_000)
"""The bytes of a large picture, which cannot be compressed."""


def unsynchronised_id3(path):
    """Write an unsynchronised ID3v2.3 tag with an extended header and a large picture."""
    frames = ((b"TIT2", b"\0x"), (b"APIC", b"\0image/jpeg\0\3\0" + NOISE))
    body = (10).to_bytes(4, "big") + b"\x80" + bytes(9)
    body += b"".join(name + len(data).to_bytes(4, "big") + b"\0\0" + data for name, data in frames)
    body = re.sub(rb"\xff(?=[\x00\xe0-\xff])", b"\xff\0", body) + bytes(50)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    sound = media.make(path, "mp3").read_bytes()
    path.write_bytes(b"ID3\3\0\xc0" + size + body + sound)


def padded_flac(path):
    """Write a FLAC file with padding before a large picture."""
    data = media.make(path, "flac", tags={"title": "x"}).read_bytes()
    padding = b"\1\0\0\x64" + bytes(100)
    size = (len(NOISE) + 32).to_bytes(3, "big")
    picture = b"\6" + size + bytes(28) + len(NOISE).to_bytes(4, "big") + NOISE
    path.write_bytes(data[:42] + padding + picture + data[42:])


def spacious_flac(path):
    """Write a FLAC file with more padding than one block can have."""
    data = media.make(path, "flac", tags={"title": "x"}).read_bytes()
    padding = b"\1" + (1 << 20).to_bytes(3, "big") + bytes(1 << 20)
    path.write_bytes(data[:42] + padding * 18 + data[42:])


def moved_apev2(path):
    """Write an APEv2 tag with a large picture before ID3v1, where FFmpeg does not find it."""
    media.make(path, "wavpack", tags={"title": "x", "picture": NOISE})
    media.id3v1(path, title="x")


@pytest.mark.parametrize(
    "make",
    [
        odd_flac,
        odd_ogg,
        odd_id3,
        unsynchronised_id3,
        padded_flac,
        spacious_flac,
        moved_apev2,
    ],
)
def test_odd_bytes_outside_the_fields_are_restored(tmp_path, make):
    path = tmp_path / "song"
    make(path)
    before = path.read_bytes()
    first = write(path).snapshot
    write(path, ("A longer genre " * 100 + ".",))
    restore(path, first)
    assert path.read_bytes() == before


def test_a_granule_position_of_minus_one_survives_a_write(tmp_path):
    path = tmp_path / "song.ogg"
    odd_ogg(path)
    write(path, BLUES)
    with path.open("rb") as file:
        first = ogg.read_page(file, 0)
        assert ogg.read_page(file, first.size).granule == ogg.NOTHING_ENDS


def retitle(path):
    file = mutagen.File(path)
    column = media._column(file.tags)
    media._set(file.tags, media.FIELDS["title"][column], ["changed since"])
    file.save()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("form", media.containers())
def test_changes_of_other_programs_since_the_write_stay(tmp_path, form, state):
    path = media.make(tmp_path / "song", form, tags=STATES[state])
    genres = tags.read(path).genres
    snapshot = write(path).snapshot
    retitle(path)
    sound = media.pcm(path)
    restore(path, snapshot)
    found = tags.read(path)
    assert (found.genres, found.title) == (genres, "changed since")
    assert np.array_equal(media.pcm(path), sound)


@pytest.mark.parametrize("form", ["mp3", "wav"])
def test_a_tag_of_tagger_that_another_program_edited_gets_the_genre_of_the_others(tmp_path, form):
    path = media.make(tmp_path / f"song.{form}", form)
    if form == "wav":
        with_info(path, IGNR=b"Rock\0")
    else:
        media.ape_on_mp3(path, Genre="Rock")
    snapshot = write(path).snapshot
    retitle(path)
    restore(path, snapshot)
    found = mutagen.File(path)
    assert (found["TCON"].text, found["TIT2"].text) == (["Rock"], ["changed since"])


@pytest.mark.parametrize("state", ["bare", "tagged"])
@pytest.mark.parametrize("form", ["mp3", "wav"])
@pytest.mark.parametrize("written", [BLUES, ("Deep House", "Dub")], ids=["one", "two"])
def test_a_genre_that_another_program_copied_into_a_further_tag_is_undone(
    tmp_path, form, state, written
):
    taglib = pytest.importorskip("taglib", reason="pytaglib has no wheel for this machine")
    path = media.make(tmp_path / f"song.{form}", form, tags=STATES[state])
    genres = tags.read(path).genres
    snapshot = write(path, written).snapshot
    with taglib.File(path, save_on_exit=True) as file:  # adds ID3v1, or INFO
        file.tags["TITLE"] = ["changed since"]
    assert restore(path, snapshot).before == written
    with taglib.File(path) as file:
        found = file.tags
    assert (found.get("GENRE", []), found["TITLE"]) == ([*genres], ["changed since"])
    assert tags.read(path).genres == genres


def test_a_tag_that_was_converted_since_gets_the_genres_in_words(tmp_path):
    path = media.make(
        tmp_path / "song.mp3", tags={"title": "x", "genre": ["(17)"], "id3_version": 3}
    )
    snapshot = write(path).snapshot
    id3.ID3(path).save(path, v2_version=4)
    restore(path, snapshot)
    found = id3.ID3(path)
    assert (found.version, found["TCON"].text, found["TIT2"].text) == ((2, 4, 0), ["Rock"], ["x"])


def test_a_tag_that_was_deleted_since_comes_back_with_its_genre(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags={"title": "x", "genre": ["Rock"]})
    snapshot = write(path).snapshot
    mutagen.File(path).delete()
    restore(path, snapshot)
    assert tags.read(path).genres == ("Rock",)


def test_a_genre_whose_tag_another_program_removed_comes_back_in_the_own_tag(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags={"title": "x"})
    media.ape_on_mp3(path, Genre="Rock")
    snapshot = write(path).snapshot
    apev2.delete(path)
    restore(path, snapshot)
    found = id3.ID3(path)
    assert (found["TCON"].text, found["TIT2"].text) == (["Rock"], ["x"])


def test_a_conversion_that_was_asked_for_stays(tmp_path):
    path = media.make(
        tmp_path / "song.mp3", tags={"title": "x", "genre": ["Rock"], "id3_version": 3}
    )
    snapshot = write(path, id3_version="2.4").snapshot
    restore(path, snapshot)
    assert id3.ID3(path).version == (2, 4, 0)
    assert tags.read(path).genres == ("Rock",)


@pytest.mark.parametrize(
    "form",
    [
        *("mp3", "flac", "m4a", "ape"),
        *(pytest.param(form, marks=pytest.mark.slow) for form in ("vorbis", "wma", "wav", "dsf")),
    ],
)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    old=st.lists(st.text("abc;/,() 17é", min_size=1, max_size=30), max_size=3),
    new=st.lists(st.text("xyzé", min_size=1, max_size=300), min_size=1, max_size=3).map(tuple),
)
def test_an_undo_restores_any_old_genre(tmp_path, form, old, new):
    fields = {"title": "x"} | ({"genre": old} if old else {})
    path = media.make(tmp_path / "song", form, seconds=0.1, tags=fields)
    before = path.read_bytes()
    written = write(path, new)
    if written:
        restore(path, written.snapshot)
    assert path.read_bytes() == before
