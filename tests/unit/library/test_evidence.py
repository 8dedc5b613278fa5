"""The trust in the sources of evidence, remembered between runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tagger.config import GenreSettings, Settings
from tagger.core.domain import FileIdentity, GenreEdit, Prediction, Track, TrackTags
from tagger.evidence import names
from tagger.evidence.artists import ArtistList
from tagger.library.counting import count_new
from tagger.library.evidence import LibraryEvidence
from tagger.store import Counted, Keys, Store

MODEL = ("Rock", "Jazz")
GENRES = ("Rock", "Rock", "Jazz")


def library(folder):
    """Return a store with albums of one genre below a folder of several, and none counted."""
    store = Store(folder)
    root = Path("/music")
    for n in range(90):
        artist, genre = f"Artist {n // 6}", GENRES[n // 6 % 3]
        tags = TrackTags((genre,), f"Song {n}", artist, f"Album {n // 3}", artist)
        path = root / "rock" / artist / f"{n}.mp3"
        store.files.put(Track(path, root, FileIdentity(1, n, 3, 4), tags))
    return store


def prepared(store, settings, **sources):
    """Return the trust after the evidence of some sources was prepared."""
    on = msgspec.structs.replace(settings.evidence.without(), **sources)
    LibraryEvidence(store, on, MODEL, None, settings.genres).prepare()
    return msgspec.json.decode(store.labels.fit())["trust"]


def test_the_trust_is_fitted_again_for_other_sources(tmp_path):
    settings = Settings()
    with library(tmp_path / "one") as fresh, library(tmp_path / "two") as used:
        wanted = prepared(fresh, settings, album=True, artist=True, folders=True)
        narrow = prepared(used, settings, album=True)
        assert narrow != wanted
        assert prepared(used, settings, album=True, artist=True, folders=True) == wanted


def test_a_fit_that_cannot_be_read_is_made_again(tmp_path):
    with library(tmp_path) as store:
        wanted = prepared(store, Settings(), album=True)
        store.labels.put_fit('{"trust": 1}')
        assert prepared(store, Settings(), album=True) == wanted


def levels_of(folder, files, known=None):
    """Return the evidence of the last of some files in an otherwise new library."""
    root, settings = Path("/music"), Settings()
    with Store(folder) as store:
        for n, tags in enumerate(files):
            new = Track(root / f"{n}.mp3", root, FileIdentity(1, n, 3, 4), tags)
            store.files.put(new)
        evidence = LibraryEvidence(store, settings.evidence, MODEL, known, settings.genres)
        evidence.prepare()
        return evidence.levels(new)


def test_the_list_reads_the_name_of_a_file_without_an_artist(tmp_path):
    known, settings = ArtistList(b"name,accept\nann bo,Jazz"), Settings()
    path = Path("/music/03 - Ann Bo - Song.mp3")
    with Store(tmp_path) as store:
        evidence = LibraryEvidence(store, settings.evidence, MODEL, known, settings.genres)
        track = Track(path, path.parent, FileIdentity(1, 1, 3, 4), TrackTags())
        assert [level.shares for level in evidence.levels(track)] == [{"Jazz": 1.0}]


@pytest.mark.parametrize(
    ("genres", "counted"),
    [
        (("Jazz", "Berlin"), {"Jazz": 1.0}),
        (("80s", "Bebop", "seen live"), {"Bebop": 1.0}),
        (("Berlin",), {"Berlin": 1.0}),
    ],
)
def test_a_place_or_a_mood_beside_a_genre_does_not_count(tmp_path, genres, counted):
    files = [TrackTags(genres, f"{n}", "Ann Bo", "One") for n in range(2)]
    levels = levels_of(tmp_path, [*files, TrackTags((), "New", "Ann Bo", "One")])
    assert [level.shares for level in levels] == [counted, counted]


@pytest.mark.parametrize(("listed", "sources"), [("Rock", []), ("Jazz|Rock", ["artist", "album"])])
def test_a_genre_that_the_list_has_for_few_of_its_artists_is_no_evidence(tmp_path, listed, sources):
    known = ArtistList(
        "\n".join(["name,accept", *(f"b{n:02},{listed}" for n in range(10))]).encode()
    )
    files = [TrackTags(("Jazz",), f"{n}", f"B{n:02}", "One", f"B{n:02}") for n in range(10)]
    files += [TrackTags(("Jazz",), f"{n}", "Ann Bo", "One") for n in range(2)]
    levels = levels_of(tmp_path, [*files, TrackTags((), "New", "Ann Bo", "One")], known)
    assert [level.source for level in levels] == sources


@pytest.mark.parametrize(
    ("others", "listed", "disputed", "by_folder"),
    [("Jazz", "Nobody", True, 0), ("Rock", "Nobody", False, 0), ("Jazz", "Artist", False, 1)],
)
def test_one_genre_of_nearly_all_unlisted_artists_counts_only_where_the_sound_agrees(
    tmp_path, others, listed, disputed, by_folder
):
    root, settings = Path("/music"), Settings()
    lines = ["name,accept", *(f"{listed} {n:02},Jazz" for n in range(12))]
    known = ArtistList("\n".join(lines).encode())
    with Store(tmp_path) as store:
        for n in range(27):
            genre = others if n < 4 else "Jazz"
            tags = TrackTags((genre,) if n < 26 else (), f"{n}", f"Artist {n // 2 % 12:02}")
            new = Track(root / f"all/{n}.mp3", root, FileIdentity(1, n, 3, 4), tags)
            store.files.put(new)
        new = replace(new, tags=TrackTags((), "New", "Artist 05"))
        evidence = LibraryEvidence(store, settings.evidence, MODEL, known, settings.genres)
        evidence.prepare()
        found = evidence.of(new)
        levels = [level.source for level in evidence.levels(new)]
    assert levels.count("folder") == by_folder
    assert found is not None
    assert found.is_disputed("Jazz", Prediction({"Rock": 0.8, "Jazz": 0.2}, "m")) is disputed
    assert not found.is_disputed("Jazz", Prediction({"Rock": 0.4, "Jazz": 0.6}, "m"))


@pytest.mark.parametrize(
    ("genres", "sources"),
    [
        (("Jazz", "Metal", "Reggae", "Pop"), ["artist"]),
        (("Metal", "Rock") * 2, ["artist", "album"]),
    ],
)
def test_a_track_on_a_compilation_of_a_label_counts_for_its_own_artist(tmp_path, genres, sources):
    hits = {"album": "Hits", "album_artist": "Some Label"}
    files = [TrackTags(("Jazz",), f"{n}", "Ann Bo", "One", "Ann Bo") for n in range(2)]
    files += [TrackTags((g,), g, f"Artist {n}", **hits) for n, g in enumerate(genres)]
    levels = levels_of(tmp_path, [*files, TrackTags((), "New", "Ann Bo", **hits)])
    assert [level.source for level in levels] == sources
    assert levels[0].text == "2 of 2 other tracks of Ann Bo are Jazz"


@pytest.mark.parametrize(
    ("album", "where"), [("One", "of the album One"), ("", "in the folder CD")]
)
def test_the_reason_names_the_folder_of_an_album_without_a_name(tmp_path, album, where):
    root, settings = Path("/music"), Settings()
    with Store(tmp_path) as store:
        for n in range(3):
            tags = TrackTags(("Jazz",) if n < 2 else (), f"{n}", "Ann Bo", album)
            new = Track(root / f"CD/{n}.mp3", root, FileIdentity(1, n, 3, 4), tags)
            store.files.put(new)
        evidence = LibraryEvidence(store, settings.evidence, MODEL, None, settings.genres)
        evidence.prepare()
        found = evidence.of(new)
    assert found is not None
    assert found.text == f"2 of 2 other tracks {where} are Jazz"


def test_files_that_an_earlier_version_counted_are_counted_again(tmp_path):
    settings = Settings()
    earlier = names.key(*sorted(settings.genres.empty_keys), "")
    with library(tmp_path) as store:
        prepared(store, settings, artist=True)
        fit = msgspec.json.decode(store.labels.fit())
        paths = [path for path, _, _ in store.files.states_under(Path("/music"))]
        store.labels.put([Counted(path, (), Keys(None, None)) for path in paths])
        store.labels.put_fit(msgspec.json.encode(fit | {"words": earlier}).decode())
        prepared(store, settings, artist=True)
        assert store.labels.library() == {("Rock",): 60, ("Jazz",): 30}


def test_a_genre_of_the_users_model_with_a_separator_in_it_is_no_list(tmp_path):
    path = Path("/music/a.mp3")
    track = Track(path, path.parent, FileIdentity(1, 1, 3, 4), TrackTags(("Rock, Indie",)))
    sources, genres = Settings().evidence, GenreSettings()
    with Store(tmp_path) as store:
        store.files.put(track)
        for model, owned in (
            (MODEL, ["Rock", "Indie"]),
            (("Calm", "Rock, Indie"), ["Rock, Indie"]),
        ):
            evidence = LibraryEvidence(store, sources, model, None, genres)
            evidence.prepare()
            assert sorted(evidence.owned(track)) == sorted(owned)


def test_a_genre_that_tagger_wrote_is_not_the_owners_in_a_copy_of_the_library(tmp_path):
    old, new = Path("/music"), Path("/other disk/music")
    with Store(tmp_path) as store:
        for name, before, after in (("a", (), ("Rock",)), ("b", ("Blues",), ("Blues", "Jazz"))):
            edit = GenreEdit(old / name, before, after, "{}")
            store.journal.confirm(store.journal.intend(store.runs.start("scan"), old, edit))
        tagged = [(old, "a", "Rock"), (new, "a", "Rock"), (new, "b", "Blues", "Jazz")]
        others = [(new, "c", "Rock"), (tmp_path, "a", "Folk")]
        for number, (root, name, *genres) in enumerate([*tagged, *others]):
            identity = FileIdentity(1, number, 3, 4)
            store.files.put(Track(root / name, root, identity, TrackTags(tuple(genres))))
        count_new(store, GenreSettings())
        owned = {root / name: store.labels.of(root / name) for root, name, *_ in tagged + others}
    assert owned == {
        old / "a": (),
        new / "a": (),
        new / "b": ("Blues",),
        new / "c": ("Rock",),
        tmp_path / "a": ("Folk",),
    }
