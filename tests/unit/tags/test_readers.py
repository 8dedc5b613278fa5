"""What other programs read before and after a write: TagLib, FFmpeg and mutagen as judges.

TagLib is the reader of Navidrome and Strawberry, FFmpeg of Jellyfin, mutagen of Quod Libet.
"""

from __future__ import annotations

import io
import itertools
import struct

import av
import media
import mutagen
import pytest
from mutagen import apev2, id3
from tagging import BLUES, restore, with_info, write

from tagger import tags as tagger_tags

taglib = pytest.importorskip("taglib", reason="pytaglib has no wheel for this machine")

FIELDS = {"TITLE": "A title", "ARTIST": "Some artist", "ALBUM": "An album", "DATE": "2001"}
PNG = media.png(16)
FRAMES = {"TITLE": "TIT2", "ARTIST": "TPE1", "ALBUM": "TALB", "DATE": "TDRC"}
FURTHER = {"TPE2": "Various", "TRCK": "3/9", "TPUB": "Label", "TIT1": "Work", "TPOS": "1"}
NO_FIELD = {"GENRE", "TCON", "\xa9GEN", "GNRE", "WM/GENRE", "ENCODER"}
KINDS = {
    "mp3": ("id3v2", "apev2", "id3v1"),
    "flac": ("vorbis", "id3v2", "id3v1"),
    "vorbis": ("vorbis", "id3v2", "id3v1"),
    "opus": ("vorbis", "id3v2"),
    "wav": ("id3v2 chunk", "info", "bext"),
    "aiff": ("id3v2 chunk",),
    "ape": ("apev2", "id3v1"),
    "wavpack": ("apev2", "id3v1"),
    "musepack": ("apev2", "id3v1"),
    "musepack7": ("apev2", "id3v1"),
    "m4a": ("ilst", "id3v1"),
    "wma": ("asf",),
    "dsf": ("id3v2 chunk",),
}


def song(folder, form):
    if form == "musepack7":
        return media.musepack7(folder / "song.mpc")
    seconds = 1 if form == "wavpack" else 0.3
    return media.make(folder / f"song{media.FORMATS[form]}", form, seconds=seconds)


def add(path, kind, genre):
    """Add a tag of a kind, with a genre or without."""
    data = path.read_bytes()
    if kind == "id3v2":
        tag = id3.ID3()
        texts = {FRAMES[name]: text for name, text in FIELDS.items()} | FURTHER
        for frame, text in (texts | ({"TCON": "Rock"} if genre else {})).items():
            tag.add(getattr(id3, frame)(encoding=3, text=[text]))
        tag.add(id3.TXXX(encoding=3, desc="MusicBrainz Album Id", text=["x-1"]))
        tag.add(id3.COMM(encoding=3, lang="eng", desc="", text=["A comment"]))
        tag.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="front", data=PNG))
        buffer = io.BytesIO()
        tag.save(buffer, v1=0)
        path.write_bytes(buffer.getvalue() + data)
    elif kind == "apev2":
        tag = apev2.APEv2()
        tag.update({"Title": FIELDS["TITLE"], "Artist": FIELDS["ARTIST"], "Year": "2001"})
        tag.update({"Album": FIELDS["ALBUM"], "Track": "3", "Album Artist": "Various", "Mood": "x"})
        tag.update({"Genre": "Rock"} if genre else {})
        tag["Cover Art (Front)"] = apev2.APEValue(b"front.png\0" + PNG, apev2.BINARY)
        buffer = io.BytesIO()
        tag.save(buffer)
        path.write_bytes(data + buffer.getvalue())
    elif kind == "id3v1":
        names = {name.lower(): FIELDS[name] for name in ("TITLE", "ARTIST", "ALBUM")}
        media.id3v1(path, **names, genre=17 if genre else 255)
        path.write_bytes(path.read_bytes()[:-35] + b"2001" + path.read_bytes()[-31:])
    elif kind == "info":
        texts = {"INAM": FIELDS["TITLE"], "IART": FIELDS["ARTIST"], "IPRD": FIELDS["ALBUM"]}
        texts |= {"ICRD": "2001", "ISFT": "Lavf"} | ({"IGNR": "Rock"} if genre else {})
        with_info(path, **{name: text.encode() + b"\0" for name, text in texts.items()})
    elif kind == "bext":
        data += b"bext" + struct.pack("<I", 602) + b"Description".ljust(602, b"\0")
        path.write_bytes(b"RIFF" + struct.pack("<I", len(data) - 8) + data[8:])
    else:
        more = {"genre": ["Rock"]} if genre else {}
        media.tag(
            path, **{name.lower(): text for name, text in FIELDS.items()}, **more, picture=PNG
        )


def taglib_reads(path):
    try:
        with taglib.File(path) as file:
            found = {name: " ".join(values) for name, values in file.tags.items()}
            return found | {"pictures": [picture.data for picture in file.pictures]}
    except OSError:
        return None


def ffmpeg_reads(path):
    """Return the fields that FFmpeg names alike in every container."""
    with av.open(str(path)) as file:
        found = dict(file.metadata) | dict(file.streams.audio[0].metadata)
        pictures = {f"picture {n}": "" for n, _ in enumerate(file.streams.video)}
    found |= {"DATE": found.pop("Year")} if "Year" in found else {}  # as APEv2 calls it
    known = {*FIELDS, "GENRE", "ALBUM_ARTIST", "TRACK", "DISC", "COMMENT", "DESCRIPTION"}
    return pictures | {n.upper(): text for n, text in found.items() if n.upper() in known}


def joined(value):
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def mutagen_reads(path):
    try:
        file = mutagen.File(path)
    except mutagen.MutagenError:
        return None
    tags = getattr(file, "tags", None) or {}
    texts = {name: joined(getattr(text, "text", text)) for name, text in tags.items()}
    return texts | {"pictures": [picture.data for picture in getattr(file, "pictures", [])]}


JUDGES = (taglib_reads, ffmpeg_reads, mutagen_reads)


def without_genre(found):
    return {name: text for name, text in found.items() if name.upper() not in NO_FIELD}


def genre(found):
    return [str(found[name]) for name in found if name.upper() in NO_FIELD - {"ENCODER"}]


COMBINATIONS = [
    pytest.param(
        form,
        kinds,
        genre,
        id=f"{form}-{'+'.join(kinds) or 'none'}-{genre}",
        marks=[pytest.mark.slow] if len(kinds) > 2 else [],
    )
    for form, known in KINDS.items()
    for count in range(len(known) + 1)
    for kinds in itertools.combinations(known, count)
    for genre in ((True, False) if kinds else (False,))
]


@pytest.mark.parametrize(("form", "kinds", "has_genre"), COMBINATIONS)
def test_every_reader_of_any_tags_finds_the_genre_and_all_it_found_before(
    tmp_path, form, kinds, has_genre
):
    path = song(tmp_path, form)
    for kind in kinds:  # the container's own tag is written by mutagen, first
        add(path, kind, has_genre)
    before, data = [judge(path) for judge in JUDGES], path.read_bytes()

    written = write(path, BLUES)

    for judge, old in zip(JUDGES, before, strict=True):
        if old is not None:
            new = judge(path)
            assert without_genre(old).items() <= without_genre(new).items(), judge.__name__
            assert genre(new) == ["Blues"], judge.__name__
    restore(path, written.snapshot)
    assert path.read_bytes() == data


APEV2_FORMS = ["ape", "wavpack", "musepack", "musepack7"]


def ape_items(*, title_only=False, genre="", header=True):
    """Return an APEv2 tag, with its header or with the footer alone."""
    tag = apev2.APEv2()
    tag.update({"Title": FIELDS["TITLE"], "REPLAYGAIN_TRACK_GAIN": "-3 dB"})
    tag.update({} if title_only else {"Artist": FIELDS["ARTIST"], "Album": FIELDS["ALBUM"]})
    tag.update({} if title_only else {"Year": "2001", "Comment": "Short"})
    tag.update({"Genre": genre} if genre else {})
    buffer = io.BytesIO()
    tag.save(buffer)
    if header:
        return buffer.getvalue()
    data = bytearray(buffer.getvalue()[32:])
    data[-9] &= 0x7F  # the flag of a header
    return bytes(data)


APEV2_TAGS = [
    pytest.param(kind, id="-".join(map(str, kind)))
    for kind in itertools.product(
        (True, False), (True, False), ("before ID3v1", "behind ID3v1", "alone"), ("Rock", "")
    )
]


@pytest.mark.parametrize("kind", APEV2_TAGS)
@pytest.mark.parametrize(
    "form",
    [
        "ape",
        "musepack",
        *(pytest.param(f, marks=pytest.mark.slow) for f in ("wavpack", "musepack7")),
    ],
)
def test_apev2_in_any_order_with_id3v1_shows_every_reader_a_genre_without_a_number(
    tmp_path, form, kind
):
    title_only, header, order, has_genre = kind
    path = song(tmp_path, form)
    ape = ape_items(title_only=title_only, genre=has_genre, header=header)
    if order == "before ID3v1":
        path.write_bytes(path.read_bytes() + ape)
    if order != "alone":
        add(path, "id3v1", genre=bool(has_genre))
        data = bytearray(path.read_bytes())
        data[-31:-26] = b"Short"
        path.write_bytes(data)
    if order != "before ID3v1":
        path.write_bytes(path.read_bytes() + ape)
    before, data = [judge(path) for judge in JUDGES], path.read_bytes()

    written = write(path, ("Deep House",))

    for judge, old in zip(JUDGES, before, strict=True):
        assert without_genre(old).items() <= without_genre(judge(path)).items(), judge.__name__
        assert genre(judge(path)) == ["Deep House"], judge.__name__
    restore(path, written.snapshot)
    assert path.read_bytes() == data


@pytest.mark.parametrize("form", APEV2_FORMS)
def test_undo_keeps_a_field_of_id3v1_that_another_program_changed_in_apev2(tmp_path, form):
    path = song(tmp_path, form)
    path.write_bytes(path.read_bytes() + ape_items(title_only=True))
    add(path, "id3v1", genre=True)
    written = write(path, BLUES)
    media.tag(path, artist="Changed")
    restore(path, written.snapshot)
    found = apev2.APEv2(path)
    assert found["Artist"] == "Changed"
    assert not {"Genre", "Album", "Year"} & set(found)


@pytest.mark.parametrize("form", ["ape", "wavpack", "musepack", "musepack7"])
def test_an_id3v2_tag_before_a_format_that_has_none_is_read_past(tmp_path, form):
    path = song(tmp_path, form)
    sound, plain = tagger_tags.sound(path), path.read_bytes()
    add(path, "id3v2", genre=True)
    data = path.read_bytes()
    assert tagger_tags.read(path).genres == ("Rock",)
    assert tagger_tags.sound(path) == sound
    written = write(path, BLUES)
    assert apev2.APEv2(path)["Genre"] == "Blues"
    assert apev2.APEv2(path)["Title"] == FIELDS["TITLE"]
    restore(path, written.snapshot)
    assert path.read_bytes() == data
    assert data.endswith(plain)
