"""Rare shapes of tags: every reader sees the new genre, or the file is refused with the reason."""

from __future__ import annotations

import os
import struct

import media
import pytest
from mutagen import aiff, apev2, asf, dsf, id3
from tagging import BLUES, TWO, restore, target, with_info, write

from tagger import tags
from tagger.analysis.tag_jobs import TagJobs
from tagger.config import WorkerSettings
from tagger.errors import CorruptTagsError, TagError, WorkerCrashedError
from tagger.tags.containers.asf import HEADER_EXTENSION

METADATA_OBJECT = bytes.fromhex("eacbf8c5af5b77488467aa8c44fa4cca")
TITLE = b"TIT2" + struct.pack(">IH", 6, 0) + b"\0Title"


def frame(name, body, flags=0):
    return name + struct.pack(">IH", len(body), flags) + body


def tag(*frames, version=3, footer=False):
    body = b"".join(frames) + (b"" if footer else bytes(64))
    ends = bytes([version, 0, 0x10 if footer else 0]) + id3.BitPaddedInt.to_str(len(body))
    return b"ID3" + ends + body + (b"3DI" + ends if footer else b"")


ID3_TAGS = {
    "a footer": tag(TITLE, frame(b"TCON", b"\3Salsa"), version=4, footer=True),
    "a user text named GENRE": tag(TITLE, frame(b"TXXX", b"\0genre\0Salsa")),
    "a user text in UTF-16 named GENRE": tag(
        TITLE, frame(b"TXXX", b"\1" + "\ufeffGenre\0\ufeffSalsa".encode("utf-16-le"))
    ),
    "a frame of a group in 2.3": tag(TITLE, frame(b"TCON", b"\1\0Salsa", 0x20)),
    "a frame of a group in 2.4": tag(TITLE, frame(b"TCON", b"\1\3Salsa", 0x40), version=4),
    "a byte-order mark in UTF-8": tag(TITLE, frame(b"TCON", b"\3\xef\xbb\xbfSalsa"), version=4),
}


@pytest.mark.parametrize("name", ID3_TAGS)
def test_a_genre_in_a_rare_id3_frame_is_found_and_replaced(tmp_path, name):
    taglib = pytest.importorskip("taglib", reason="pytaglib has no wheel for this machine")
    path = media.make(tmp_path / "song.mp3")
    path.write_bytes(data := ID3_TAGS[name] + path.read_bytes())
    assert tags.read(path).genres == ("Salsa",)
    written = write(path, BLUES)
    assert b"Salsa" not in path.read_bytes()
    assert id3.ID3(path)["TCON"].text == ["Blues"]
    with taglib.File(path) as file:
        assert file.tags == {"TITLE": ["Title"], "GENRE": ["Blues"]}
    restore(path, written.snapshot)
    assert path.read_bytes() == data


@pytest.mark.parametrize("size", [5, 9, 11, 14])
@pytest.mark.parametrize("major", [2, 3, 4])
def test_a_tag_that_ends_inside_a_frame_gets_a_genre_and_is_undone(tmp_path, major, size):
    cut = b"TIT2\0\0\0\x05\0\0\x03Four" if major > 2 else b"TT2\0\0\x0b\0EightNines"
    path = media.make(tmp_path / "song.mp3")
    head = b"ID3" + bytes([major, 0, 0, 0, 0, 0, size]) + cut[:size]
    path.write_bytes(head + path.read_bytes())
    was = path.read_bytes()
    edit = write(path, ("Salsa",))
    assert tags.read(path).genres == ("Salsa",)
    restore(path, edit.snapshot)
    assert path.read_bytes() == was


def test_a_wma_genre_whose_name_is_in_small_letters_is_found_and_replaced(tmp_path):
    path = media.make(tmp_path / "song.wma", "wma", tags={"genre": ["Salsa"]})
    name, small = ("WM/Genre\0".encode("utf-16-le"), "wm/genre\0".encode("utf-16-le"))
    path.write_bytes(data := path.read_bytes().replace(name, small))
    assert tags.read(path).genres == ("Salsa",)
    written = write(path, BLUES)
    assert tags.read(path).genres == BLUES
    assert small not in path.read_bytes()
    restore(path, written.snapshot)
    assert path.read_bytes() == data


@pytest.mark.parametrize("name", ["WM/Genre", "wm/genre", "WM/GenreID"])
@pytest.mark.parametrize("genre", [None, "Pop"])
def test_a_genre_in_the_metadata_object_of_a_wma_is_found_and_replaced(tmp_path, name, genre):
    path = tmp_path / "song.wma"
    path.write_bytes(media._by_av("wma", media.tone(), 44100))
    if genre:
        write(path, (genre,))
    path.write_bytes(with_metadata(path.read_bytes(), {"Kept": "x", name: "Salsa"}))
    data, sound = path.read_bytes(), media.pcm(path)
    given = () if name == "WM/GenreID" and genre else ("Salsa",)
    assert tags.read(path).genres == (*filter(None, [genre]), *given)
    written = write(path, BLUES)
    assert "Salsa".encode("utf-16-le") not in path.read_bytes()
    seen = asf.ASF(path).tags
    assert [str(value) for value in seen["WM/Genre"] + seen["Kept"]] == ["Blues", "x"]
    assert (media.pcm(path) == sound).all()
    restore(path, written.snapshot)
    assert path.read_bytes() == data


def with_metadata(data, attributes):
    """Return a WMA file with a Metadata Object at the end of the header extension."""
    body = struct.pack("<H", len(attributes))
    for name, text in attributes.items():
        key, value = (f"{part}\0".encode("utf-16-le") for part in (name, text))
        body += struct.pack("<HHHHI", 0, 0, len(key), 0, len(value)) + key + value
    new = METADATA_OBJECT + struct.pack("<Q", 24 + len(body)) + body
    at, grown = data.index(HEADER_EXTENSION), bytearray(data)
    for form, place in (("<Q", 16), ("<Q", at + 16), ("<I", at + 42)):
        (size,) = struct.unpack_from(form, data, place)
        struct.pack_into(form, grown, place, size + len(new))
    end = at + struct.unpack_from("<Q", data, at + 16)[0]
    return bytes(grown[:end]) + new + bytes(grown[end:])


def test_a_vorbis_comment_in_latin_1_is_read_as_its_genre(tmp_path):
    path = media.make(tmp_path / "song.flac", "flac", tags={"genre": ["M__sica"]})
    path.write_bytes(data := path.read_bytes().replace(b"M__sica", b"M\xfa\xfasica"))
    assert tags.read(path).genres == ("Múúsica",)
    written = write(path, BLUES)
    restore(path, written.snapshot)
    assert path.read_bytes() == data


@pytest.mark.parametrize("field", ["Title", "Genre"])
@pytest.mark.parametrize(
    "value",
    [
        apev2.APEBinaryValue(b"\xff", apev2.BINARY),
        apev2.APEExtValue("http://x", apev2.EXTERNAL),
    ],
)
@pytest.mark.parametrize("form", ["ape", "wavpack", "mp3"])
def test_an_apev2_item_without_text_has_no_value_and_is_undone(tmp_path, form, value, field):
    path = media.make(tmp_path / "song", form)
    items = apev2.APEv2()
    items.update({"Artist": "Artist", field: value})
    items.save(path)
    data = path.read_bytes()
    assert tags.read(path).genres == ()
    assert (tags.read(path).title, tags.read(path).artist) == ("", "Artist")
    written = write(path, BLUES)
    assert tags.read(path).genres == BLUES
    restore(path, written.snapshot)
    assert path.read_bytes() == data


def too_long(path):
    """Return a WAV file's bytes with a last text that claims one byte more than its list has."""
    return path.read_bytes().replace(b"INAM\6", b"INAM\7")


def test_an_info_text_longer_than_its_list_is_refused_with_the_reason(tmp_path):
    path = with_info(media.make(tmp_path / "song.wav", "wav"), INAM=b"Title\0")
    path.write_bytes(data := too_long(path))
    assert tags.read(path).title == "Title"
    with pytest.raises(TagError, match="an INFO text is longer than its list"):
        write(path, BLUES)
    assert path.read_bytes() == data


def test_a_genre_before_an_info_text_longer_than_its_list_is_replaced_and_undone(tmp_path):
    path = with_info(media.make(tmp_path / "song.wav", "wav"), IGNR=b"Rock\0", INAM=b"Title\0")
    path.write_bytes(data := too_long(path))
    assert tags.read(path).genres == ("Rock",)
    written = write(path, BLUES)
    assert tags.read(path).genres == BLUES
    restore(path, written.snapshot)
    assert path.read_bytes() == data


def test_an_aiff_chunk_in_lower_case_is_written_in_upper_case_and_undone(tmp_path):
    path = media.make(tmp_path / "song.aiff", "aiff")
    body = tag(TITLE, frame(b"TCON", b"\0Salsa"))
    data = path.read_bytes() + b"id3 " + struct.pack(">I", len(body)) + body
    path.write_bytes(data := b"FORM" + struct.pack(">I", len(data) - 8) + data[8:])
    assert tags.read(path).genres == ("Salsa",)
    written = write(path, BLUES)
    assert aiff.AIFF(path).tags["TCON"].text == ["Blues"]
    assert aiff.AIFF(path).tags["TIT2"].text == ["Title"]
    restore(path, written.snapshot)
    assert path.read_bytes() == data


def ogg_pages(data):
    at = 0
    while at < len(data):
        count = data[at + 26]
        size = 27 + count + sum(data[at + 27 : at + 27 + count])
        yield data[at : at + size]
        at += size


def test_an_ogg_file_with_two_streams_of_sound_is_read_and_refused(tmp_path):
    opus = media.make(tmp_path / "one.opus", "opus", tags={"genre": ["Salsa"]})
    vorbis = media.make(tmp_path / "two.ogg", "vorbis")
    first, *one = ogg_pages(opus.read_bytes())
    second, *two = ogg_pages(vorbis.read_bytes())
    path = tmp_path / "song.ogg"
    path.write_bytes(data := first + second + b"".join(one) + b"".join(two))
    assert tags.read(path).genres == ("Salsa",)
    with pytest.raises(TagError, match="two streams of sound"):
        write(path, BLUES)
    assert path.read_bytes() == data


PICTURED = ["mp3", "flac", "vorbis", "opus", "m4a", "wma", "wav", "aiff", "ape", "wavpack", "dsf"]


def pictured(folder, form, size):
    """Make a file with a picture whose bytes contain false frames and NULs."""
    picture = media.png(16) + b"\xff\xfb\0TAGAPETAGEX" + os.urandom(size)
    fields = {"title": "Title", "genre": ["Salsa"], "picture": picture}
    return media.make(folder / f"song{media.FORMATS[form]}", form, seconds=1, tags=fields), picture


@pytest.mark.parametrize("form", PICTURED)
def test_a_picture_that_is_not_copied_stays_as_it_was(tmp_path, form):
    path, picture = pictured(tmp_path, form, 200_000)
    data = path.read_bytes()
    written = write(path, BLUES)
    if form not in ("vorbis", "opus"):  # base64
        assert path.read_bytes().count(picture) == 1
    assert tags.read(path).genres == BLUES
    restore(path, written.snapshot)
    assert path.read_bytes() == data


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "size_mb"),
    [
        *((form, 25) for form in ("mp3", "m4a", "wav", "aiff", "ape")),
        *((form, 15) for form in ("wma", "vorbis", "opus", "speex")),
    ],
)
def test_a_large_picture_leaves_room_in_the_worker_for_tags(tmp_path, form, size_mb):
    path, _ = pictured(tmp_path, form, size_mb * 10**6)
    data = path.read_bytes()
    with TagJobs(WorkerSettings(1, 60, 2048)) as jobs:
        how = {"run": jobs.run_on(path), "before_commit": lambda _: None}
        edit, expected = tags.write_genres(target(path), BLUES, **how)
        assert jobs.read(path).genres == BLUES
        tags.restore_genres(target(path, expected=expected), edit.snapshot, **how)
    assert path.read_bytes() == data


def test_a_picture_beyond_the_memory_of_the_worker_is_a_lack_of_memory(tmp_path):
    path, _ = pictured(tmp_path, "vorbis", 6_000_000)
    with (
        TagJobs(WorkerSettings(1, 60, 2048), spare_mb=10) as jobs,
        pytest.raises(WorkerCrashedError) as refused,
    ):
        jobs.sound(path)
    assert refused.value.reason == "needs more memory than a worker has"
    assert refused.value.hint == "shrink its pictures, or move the file away"


def test_a_dsf_file_whose_tag_mutagen_deleted_is_written_and_undone(tmp_path):
    path = media.make(tmp_path / "song.dsf", "dsf", tags={"title": "x", "genre": ["Rock"]})
    dsf.DSF(path).delete()
    before = path.read_bytes()
    assert int.from_bytes(before[12:20], "little") > len(before)
    snapshot = write(path).snapshot
    assert (dsf.DSF(path)["TCON"].text, dsf.DSF(path).info.length > 0) == ([*TWO], True)
    restore(path, snapshot)
    assert path.read_bytes() == before


def test_a_dsf_file_that_ends_inside_its_sound_is_refused(tmp_path):
    path = media.make(tmp_path / "song.dsf", "dsf")
    path.write_bytes(path.read_bytes()[:-4096])
    with pytest.raises(CorruptTagsError, match="disagrees with the file's size"):
        write(path)
