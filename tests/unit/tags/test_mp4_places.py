"""Every place of a genre in MP4: further lists, keys of QuickTime, and texts of tracks."""

from __future__ import annotations

import struct

import av
import media
import pytest
from mutagen import mp4
from tagging import BLUES, TWO, mp4_atom, restore, write

from tagger import tags
from tagger.errors import TagError

HANDLER = mp4_atom(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
KEYS_HANDLER = mp4_atom(b"hdlr", bytes(8) + b"mdta" + bytes(13))
SALSA = {b"\xa9gen": b"Salsa"}
TITLE = {b"\xa9nam": b"Title"}


def item(name, text):
    return mp4_atom(name, mp4_atom(b"data", struct.pack(">II", 1, 0) + text))


def ilst(texts):
    return mp4_atom(b"ilst", b"".join(item(name, text) for name, text in texts.items()))


def meta(*lists):
    return mp4_atom(b"meta", bytes(4) + HANDLER + b"".join(map(ilst, lists)))


def keyed(texts, version=bytes(4)):
    """Return a `meta` with numbered items, as QuickTime and FFmpeg write it."""
    keys = b"".join(mp4_atom(b"mdta", key) for key in texts)
    items = (item(struct.pack(">I", n), text) for n, text in enumerate(texts.values(), 1))
    table = mp4_atom(b"keys", struct.pack(">II", 0, len(texts)) + keys)
    return mp4_atom(b"meta", version + KEYS_HANDLER + table + mp4_atom(b"ilst", b"".join(items)))


def udta(*atoms):
    return mp4_atom(b"udta", b"".join(atoms))


def quicktime(text):
    return mp4_atom(b"\xa9gen", struct.pack(">HH", len(text), 0x55C4) + text)


APPLE = {b"com.apple.quicktime.genre": b"Salsa", b"com.apple.quicktime.title": b"Title"}
FFMPEG = {b"genre": b"Salsa", b"title": b"Title"}
MOVIE = {
    "a second udta": udta(meta(TITLE)) + udta(meta(SALSA)),
    "a second udta behind an empty udta": udta() + udta(meta(SALSA)),
    "a second udta behind QuickTime texts": udta(mp4_atom(b"abcd", b"x")) + udta(meta(SALSA)),
    "QuickTime texts in a second udta": udta(meta(TITLE)) + udta(quicktime(b"Salsa")),
    "two contradicting udta": udta(meta({b"\xa9gen": b"Pop"})) + udta(quicktime(b"Salsa")),
    "a second meta": udta(meta(TITLE), meta(SALSA)),
    "a second meta behind an empty meta": udta(meta(), meta(SALSA)),
    "a second ilst": udta(meta(TITLE, SALSA)),
    "keys of Apple": keyed(APPLE),
    "keys of Apple without a version": keyed(APPLE, version=b""),
    "keys of Apple beside iTunes' list": keyed(APPLE) + udta(meta(TITLE)),
    "keys of FFmpeg": udta(keyed(FFMPEG)),
    "iTunes' list in moov.meta": meta(SALSA),
    "two items": udta(meta(SALSA | TITLE, SALSA)),
}
TRACK = {
    "a list": udta(meta(SALSA)),
    "QuickTime texts": udta(quicktime(b"Salsa")),
    "keys": keyed(APPLE),
}


def bare(path):
    """Return the parts of a file before `moov`, and the contents of `moov` without tags."""
    data = media.make(path, "m4a", seconds=0.3).read_bytes()
    at = data.index(b"moov") - 4
    movie = data[at + 8 :]
    if (tagged := movie.find(b"udta")) > 0:
        movie = movie[: tagged - 4]
    return data[:at], movie


def in_movie(path, atoms):
    head, movie = bare(path)
    path.write_bytes(head + mp4_atom(b"moov", movie + atoms))
    return path


def in_track(path, atoms):
    head, movie = bare(path)
    at = movie.index(b"trak") - 4
    size = int.from_bytes(movie[at : at + 4], "big")
    track = mp4_atom(b"trak", movie[at + 8 : at + size] + atoms)
    path.write_bytes(head + mp4_atom(b"moov", movie[:at] + track + movie[at + size :]))
    return path


CASES = [
    *(pytest.param(in_movie, atoms, id=name) for name, atoms in MOVIE.items()),
    *(pytest.param(in_track, atoms, id=f"{name} of a track") for name, atoms in TRACK.items()),
]


@pytest.mark.parametrize(("place", "atoms"), CASES)
def test_a_genre_in_any_place_of_an_mp4_is_found_and_replaced(tmp_path, place, atoms):
    path = place(tmp_path / "song.m4a", atoms)
    data, sound = path.read_bytes(), media.pcm(path)
    assert tags.read(path).genres in (("Salsa",), ("Pop",))
    written = write(path, BLUES)
    assert b"Salsa" not in path.read_bytes()
    assert mp4.MP4(path)["\xa9gen"] == ["Blues"]
    with av.open(str(path)) as file:
        found = dict(file.metadata) | dict(file.streams.audio[0].metadata)
    shown = [found[name] for name in found if name.endswith("genre")]
    assert set(";".join(shown).split(";")) == {"Blues"}  # newer versions of FFmpeg join all places
    assert (media.pcm(path) == sound).all()
    restore(path, written.snapshot)
    assert path.read_bytes() == data


def test_several_genres_are_one_text_for_a_key(tmp_path):
    path = in_movie(tmp_path / "song.m4a", keyed(APPLE))
    data = path.read_bytes()
    written = write(path, TWO)
    assert "; ".join(TWO).encode() in path.read_bytes()
    assert tags.read(path).genres == TWO
    restore(path, written.snapshot)
    assert path.read_bytes() == data


def test_a_freeform_genre_of_itunes_is_found_and_replaced(tmp_path):
    name = mp4_atom(b"mean", bytes(4) + b"com.apple.iTunes") + mp4_atom(
        b"name", bytes(4) + b"Genre"
    )
    text = mp4_atom(b"data", struct.pack(">II", 1, 0) + b"Salsa")
    freeform = mp4_atom(b"ilst", mp4_atom(b"----", name + text))
    path = in_movie(tmp_path / "song.m4a", udta(mp4_atom(b"meta", bytes(4) + HANDLER + freeform)))
    data = path.read_bytes()
    assert tags.read(path).genres == ("Salsa",)
    written = write(path, BLUES)
    assert b"Salsa" not in path.read_bytes()
    restore(path, written.snapshot)
    assert path.read_bytes() == data


def test_a_genre_beside_moov_is_read_and_refused(tmp_path):
    path = in_movie(tmp_path / "song.m4a", b"")
    path.write_bytes(data := path.read_bytes() + meta(SALSA))
    assert tags.read(path).genres == ("Salsa",)
    with pytest.raises(TagError, match="beside 'moov'"):
        write(path, BLUES)
    assert path.read_bytes() == data
