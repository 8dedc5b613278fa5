"""What is read out of a file's tags, whatever wrote them."""

from __future__ import annotations

import os
import struct

import media
import mutagen
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mutagen import asf, id3, mp4, wave
from mutagen.oggvorbis import OggVorbis
from tagging import mp4_atom, with_info

from tagger import tags
from tagger.errors import CorruptTagsError, TagError, TaggerError, UnsupportedContainerError
from tagger.tags import edit

FULL = {
    "title": "Tïtle",
    "artist": "Artist",
    "album": "Album",
    "album_artist": "Album Artist",
    "compilation": True,
    "genre": ["Rock", "Jazz"],
    "comment": "long " * 2000,
}


@pytest.mark.parametrize("form", media.available())
def test_every_field_of_every_format_is_read(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags=FULL | {"picture": media.png()})
    found = tags.read(path)
    assert found.genres == ("Rock", "Jazz")
    assert (found.title, found.artist) == ("Tïtle", "Artist")
    assert (found.album, found.album_artist) == ("Album", "Album Artist")
    assert found.compilation is True
    assert found.duration == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("form", media.available())
def test_a_file_without_tags_is_read_as_empty(tmp_path, form):
    found = tags.read(media.make(tmp_path / "song", form))
    assert found.genres == ()
    assert (found.title, found.compilation) == ("", False)
    assert found.duration == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("form", "marks", "spoken"),
    [
        ("mp3", {"PCST": id3.PCST(value=0)}, True),
        ("mp3", {"WFED": id3.WFED(encoding=0, text=["https://example.org/feed.xml"])}, True),
        ("mp3", {"TIT2": id3.TIT2(encoding=3, text=["Podcast"])}, False),
        ("m4a", {"pcst": True}, True),
        ("m4a", {"pcst": False}, False),
        ("m4a", {"stik": [21]}, True),
        ("m4a", {"stik": [2]}, True),
        ("m4a", {"stik": [1]}, False),
    ],
)
def test_a_podcast_or_audiobook_is_known_by_its_marks(tmp_path, form, marks, spoken):
    path = media.make(tmp_path / "episode", form)
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    file.tags.update(marks)
    file.save()
    assert tags.read(path).spoken is spoken


@pytest.mark.parametrize(
    ("text", "genres"),
    [
        (["(17)"], ("Rock",)),
        (["17"], ("Rock",)),
        (["RX", "CR"], ("Remix", "Cover")),
        (["(RX)"], ("Remix",)),
        (["(17)(4)Foo"], ("Rock", "Disco", "Foo")),
        (["(17)Rock"], ("Rock",)),
        (["((x"], ("(x",)),
        (["Rock", "", " Jazz "], ("Rock", "Jazz")),
        (["R&B/Soul"], ("R&B/Soul",)),
        (["250"], ()),
        (["Unknown"], ("Unknown",)),
        ([""], ()),
    ],
)
@pytest.mark.parametrize("form", ["mp3", "wav", "aiff", "dsf"])
def test_id3_genres_in_every_spelling_are_read(tmp_path, form, text, genres):
    path = media.make(tmp_path / "song", form, tags={"genre": text})
    assert tags.read(path).genres == genres


def test_id3v23_lists_are_taken_apart_as_we_join_them(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags={"genre": ["Rock", "Jazz"], "id3_version": 3})
    assert tags.read(path).genres == ("Rock", "Jazz")


@pytest.mark.parametrize(
    ("body", "genres"),
    [
        (b"\0(17)", ("Rock",)),
        (b"\0Acid Jazz\0", ("Acid Jazz",)),
        (b"\x01" + "Ünï".encode("utf-16"), ("Ünï",)),
        (b"\0(4)Eurodisco", ("Disco", "Eurodisco")),
    ],
)
def test_a_genre_in_id3v22_is_read_in_any_encoding(tmp_path, body, genres):
    path = media.id3v22(media.make(tmp_path / "song.mp3"), (b"TT2", b"\0Old"), (b"TCO", body))
    found = tags.read(path)
    assert (found.genres, found.title) == (genres, "Old")


def test_an_id3v1_tag_alone_is_read(tmp_path):
    path = media.id3v1(media.make(tmp_path / "song.mp3"), title="One", artist="Two", genre=17)
    found = tags.read(path)
    assert (found.genres, found.title, found.artist) == (("Rock",), "One", "Two")


def test_an_id3v1_tag_without_a_genre_gives_none(tmp_path):
    assert tags.read(media.id3v1(media.make(tmp_path / "song.mp3"), title="One")).genres == ()


def test_vorbis_keys_in_any_letter_case_are_read(tmp_path):
    path = media.make(tmp_path / "song.ogg", "vorbis")
    file = OggVorbis(path)
    file.tags.extend([("Genre", "Rock"), ("GENRE", "Jazz"), ("gEnRe", "Folk")])
    file.save()
    assert tags.read(path).genres == ("Rock", "Jazz", "Folk")


def test_a_numeric_mp4_genre_is_read_as_its_name(tmp_path):
    path = media.make(tmp_path / "song.m4a", "m4a", tags={"title": "x"})
    data = path.read_bytes()
    gnre = mp4_atom(b"gnre", mp4_atom(b"data", struct.pack(">IIH", 0, 0, 18)))
    path.write_bytes(grown(data, gnre))
    assert mp4.MP4(path).tags["\xa9gen"] == ["Rock"]
    assert tags.read(path).genres == ("Rock",)


def grown(data, item):
    """Add an item to the ilst of a file whose moov is last."""
    for name in (b"moov", b"udta", b"meta", b"ilst"):
        at = data.rindex(name) - 4
        size = int.from_bytes(data[at : at + 4], "big")
        data = data[:at] + struct.pack(">I", size + len(item)) + data[at + 4 :]
        end = at + size
    return data[:end] + item + data[end:]


@pytest.mark.parametrize(
    ("fields", "genres"),
    [
        ({"WM/GenreID": "(17)"}, ("Rock",)),
        ({"WM/GenreID": "17"}, ("Rock",)),
        ({"WM/Genre": "Folk", "WM/GenreID": "(17)"}, ("Folk",)),
    ],
)
def test_asf_genre_ids_are_read_as_names(tmp_path, fields, genres):
    path = media.make(tmp_path / "song.wma", "wma")
    file = asf.ASF(path)
    file.tags.update({key: [value] for key, value in fields.items()})
    file.save()
    assert tags.read(path).genres == genres


def test_an_apev2_tag_on_an_mp3_answers_what_id3_leaves_open(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags={"title": "From ID3"})
    media.ape_on_mp3(path, Title="From APE", Artist="Ape", Genre=["Rock", "Jazz"])
    found = tags.read(path)
    assert (found.genres, found.title, found.artist) == (("Rock", "Jazz"), "From ID3", "Ape")


@pytest.mark.parametrize("form", ["mp3", "flac", "m4a", "wma", "ape", "wav", "opus"])
@pytest.mark.parametrize(
    ("text", "genres"),
    [
        ("Rock; Pop", ("Rock", "Pop")),
        ("Rock;Pop;", ("Rock", "Pop")),
        ("17", ("Rock",)),
        ("(17)", ("Rock",)),
        ("(17)(4)Foo", ("Rock", "Disco", "Foo")),
        ("Rock\nPop", ("Rock", "Pop")),
        ("Rock/Pop", ("Rock/Pop",)),
        ("   ", ()),
        ("255", ()),
    ],
)
def test_genres_in_one_text_are_read_alike_in_every_container(tmp_path, form, text, genres):
    path = media.make(tmp_path / "song", form, seconds=0.1, tags={"genre": [text]})
    found = tags.read(path).genres
    assert found == genres
    if found:
        edit.check_genres((*found, "Jazz"))


@pytest.mark.parametrize(
    ("body", "genres"),
    [
        (b"\0Rock\0Pop", ("Rock", "Pop")),
        (b"\0" + "Música".encode(), ("Música",)),
        (b"\0" + "Música".encode("latin-1"), ("Música",)),
        (b"\0" + "Música".encode("utf-16"), ("Música",)),
        (b"\0" + "Rock".encode("utf-16-le"), ("Rock",)),
    ],
)
def test_id3_texts_in_another_encoding_are_read(tmp_path, body, genres):
    path = media.id3v23(media.make(tmp_path / "song.mp3"), (b"TCON", body))
    assert tags.read(path).genres == genres


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16", "utf-16-le"])
def test_riff_info_texts_in_any_encoding_are_read(tmp_path, encoding):
    text = "Musica" if encoding == "utf-16-le" else "Música"
    body = text.encode(encoding) + b"\0\0"
    path = with_info(media.make(tmp_path / "song.wav", "wav"), INAM=body, IGNR=body)
    found = tags.read(path)
    assert (found.genres, found.title) == ((text,), text)


def test_riff_info_items_without_padding_are_read(tmp_path):
    path = media.make(tmp_path / "song.wav", "wav")
    items = b"INAM\x03\0\0\0OddIGNR\x05\0\0\0Rock\0"
    body = b"LIST" + struct.pack("<I", 4 + len(items)) + b"INFO" + items
    data = path.read_bytes() + body
    path.write_bytes(b"RIFF" + struct.pack("<I", len(data) - 8) + data[8:])
    found = tags.read(path)
    assert (found.genres, found.title) == (("Rock",), "Odd")


def test_an_mp4_genre_in_utf16_is_read(tmp_path):
    path = media.make(tmp_path / "song.m4a", "m4a", tags={"title": "x"})
    value = struct.pack(">II", 2, 0) + "Música".encode("utf-16-be")
    path.write_bytes(grown(path.read_bytes(), mp4_atom(b"\xa9gen", mp4_atom(b"data", value))))
    assert tags.read(path).genres == ("Música",)


def test_id3v1_number_0_is_a_genre_only_beside_other_fields(tmp_path):
    empty = media.id3v1(media.make(tmp_path / "empty.mp3"), genre=0)
    data = empty.read_bytes()
    empty.write_bytes(data.replace(b"1999", bytes(4)))
    named = media.id3v1(media.make(tmp_path / "named.mp3"), title="One", genre=0)
    assert tags.read(empty).genres == ()
    assert tags.read(named).genres == ("Blues",)


def test_riff_info_answers_where_a_wav_has_no_id3(tmp_path):
    path = with_info(media.make(tmp_path / "song.wav", "wav"), IGNR=b"Rock\0", INAM=b"Odd\0\0\0")
    found = tags.read(path)
    assert (found.genres, found.title) == (("Rock",), "Odd")
    file = wave.WAVE(path)
    file.add_tags()
    file.tags.add(id3.TCON(encoding=3, text=["Jazz"]))
    file.save()
    assert tags.read(path).genres == ("Jazz",)


@pytest.mark.parametrize("form", media.available())
def test_the_content_decides_not_the_name(tmp_path, form):
    path = media.make(tmp_path / "song.jpg", form, tags={"genre": ["Rock"]})
    assert tags.read(path).genres == ("Rock",)
    wrong = path.rename(tmp_path / ("song.mp3" if form != "mp3" else "song.flac"))
    assert tags.read(wrong).genres == ("Rock",)


def test_a_file_with_a_name_that_is_not_utf8_is_read(tmp_path):
    path = tmp_path / os.fsdecode(media.RAW_NAME)
    assert tags.read(media.make(path, tags={"genre": ["Rock"]})).genres == ("Rock",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 5000,
        b"just a text " * 500,
        b"#EXTM3U\nother.mp3\n",
        b"ffconcat version 1.0\nfile other.mp3\n",
        media.png(),
        b"RIFF\x10\0\0\0AVI LIST",
        b"OggS" + bytes(40),
        b"\x1aE\xdf\xa3" + bytes(200) + media._encoded("mp3", media.tone().tobytes(), 44100),
    ],
    ids=[
        "empty",
        "zeros",
        "text",
        "playlist",
        "ffconcat",
        "picture",
        "avi",
        "ogg of nothing",
        "matroska with mp3 frames",
    ],
)
def test_a_file_that_is_no_audio_is_refused(tmp_path, content):
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    with pytest.raises(UnsupportedContainerError):
        tags.read(path)


@pytest.mark.parametrize("form", ["ape", "wavpack", "flac", "musepack"])
def test_an_id3_tag_before_another_format_fills_only_missing_fields(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags={"title": "Own"})
    media.id3v23(path, (b"TIT2", b"\0Foreign"), (b"TCON", b"\0Rock"))
    found = tags.read(path)
    assert (found.title, found.genres) == ("Own", ("Rock",))
    assert found.duration == pytest.approx(0.5, abs=0.1)


def test_a_broken_apev2_tag_on_an_mp3_is_no_obstacle(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags={"genre": ["Rock"]})
    media.ape_on_mp3(path, Title="x" * 50, Genre="Jazz")
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<I", 50) + bytes(4) + b"Title", b"\xff" * 13))
    assert tags.read(path).genres == ("Rock",)


def test_an_announced_extended_header_that_is_missing_is_tolerated(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags={"title": "x", "genre": ["Rock"]})
    data = bytearray(path.read_bytes())
    data[5] |= 0x40
    path.write_bytes(data)
    assert tags.read(path).genres == ("Rock",)


def test_a_file_cut_off_inside_its_tag_is_refused(tmp_path):
    path = media.make(tmp_path / "song.flac", "flac", tags=FULL)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CorruptTagsError) as caught:
        tags.read(path)
    assert caught.value.path == path
    assert caught.value.reason == "the tags cannot be parsed: the file ends inside a tag"


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(TagError, match="does not exist"):
        tags.read(tmp_path / "none.mp3")


def test_a_folder_with_a_music_name_is_refused(tmp_path):
    with pytest.raises(TagError, match="directory"):
        tags.read(tmp_path)


def test_a_file_without_read_permission_is_refused(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    path.chmod(0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)  # root may read everything
    try:
        with pytest.raises(TagError, match="permission"):
            tags.read(path)
    finally:
        os.seteuid(me)


@pytest.mark.parametrize("form", media.available())
def test_reading_changes_no_byte_and_prints_nothing(tmp_path, capfd, form):
    path = media.make(tmp_path / "song", form, tags=FULL)
    before = path.read_bytes(), path.stat().st_mtime_ns
    tags.read(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("form", media.containers())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    damage=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12
    ),
    keep=st.floats(0.01, 1),
    near_tags=st.booleans(),
)
@example(damage=[(0.0, 0)], keep=0.01, near_tags=False)
def test_a_damaged_file_gives_tags_or_a_typed_error(tmp_path, form, damage, keep, near_tags):
    path = media.make(tmp_path / "song", form, seconds=0.1, tags=FULL | {"comment": "short"})
    data = bytearray(path.read_bytes())
    reach = min(len(data), 1500) if near_tags else len(data)
    for where, value in damage:
        data[int(where * reach)] = value
    path.write_bytes(data[: max(1, int(keep * len(data)))])
    try:
        tags.read(path)
    except TaggerError as error:
        assert error.path == path


def test_a_fifo_without_a_writer_never_blocks(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(TagError):
        tags.read(tmp_path / "pipe.mp3")


def test_damaged_tags_are_refused_in_own_words_with_the_next_step(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    frame = b"TCON\x00\x00\x00\x06\x00\x00\x00Salsa"
    body = (frame + bytes(70_000))[:0xFFF5]
    path.write_bytes(b"ID3\x03\x00\x00" + (0xFFF5).to_bytes(4, "big") + body + path.read_bytes())
    with pytest.raises(CorruptTagsError, match="the tags are damaged") as refused:
        tags.read(path)
    assert refused.value.path == path
    assert "another tagger" in refused.value.hint
