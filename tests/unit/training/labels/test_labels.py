from __future__ import annotations

import errno
import os
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import bundles
import media
import mutagen
import pytest
from letter_case import ignore_case

pytest.importorskip("anyascii", reason="labels need the extra `train`")

from tagger import tags
from tagger.config import (
    Bundle,
    GenreSettings,
    LibrarySettings,
    ModelSettings,
    Settings,
    StoreSettings,
    TrainingSettings,
)
from tagger.core import genres
from tagger.core.domain import GENRE, FileIdentity, GenreEdit, Track, TrackTags
from tagger.store import Correction
from training.data.file_table import Sample
from training.data.select import LEAST_ARTISTS, Rules, can_suffice, held_out, select
from training.data.store import TrainingStore
from training.data.vectors import artist_key as key
from training.data.vectors import artist_keys
from training.errors import TrainingDataError
from training.labels import Context, Label, Weight, configured_sources, source
from training.labels.collect import gather, require_some
from training.labels.genre_names import GenreNames

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TrainingStore]:
    with TrainingStore(tmp_path / "state") as opened:
        yield opened


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


def told(name, tmp_path, store, tracks=(), named=None, **training):
    """Ask a source, with these settings of `[training]`, and `named` as `genres.map`."""
    settings = Settings(
        library=LibrarySettings(roots=(tmp_path / "music",)),
        genres=GenreSettings(map=named or {}),
        store=StoreSettings(folder=tmp_path / "state"),
        training=TrainingSettings(**training),
    )
    return source(name, Context(settings, store, tuple(tracks))).gather()


def words(gathered):
    return {(label.path.name, label.genre) for label in gathered.labels}


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    return path


def track(path, *genres, **tags):
    touch(path)
    identity = FileIdentity.of(path.stat())
    return Track(path, path.parent, identity, TrackTags(genres=genres, **tags))


def test_a_label_with_the_users_word_for_a_default_genre_is_that_genre(tmp_path, store, music):
    for folder in ("Electro", "Rock", "Beats/House"):
        touch(music / folder / "a.mp3")
    tracks = [track(music / "b.mp3", "Soul/Funk"), track(music / "c.mp3", "Rock")]
    named = {"Electronic": "Electro", "R&B": "Soul/Funk", "Metal": "Rock", "Punk": "Rock"}
    found = told("folders", tmp_path, store, named=named, folders=(music,))
    assert {label.genre for label in found.labels} == {"Electronic", "Rock", "Beats"}
    found = told("tags", tmp_path, store, tracks, named=named, tags=("Soul/Funk", "Rock"))
    assert words(found) == {("b.mp3", "R&B"), ("c.mp3", "Rock")}


def test_the_users_words_for_default_genres_may_go_in_a_circle():
    parents = {"Beats": "Electro", "Electro": "Beats", "Electronic": "Electro"}
    settings = Settings(
        genres=GenreSettings(map={"Electronic": "Electro"}),
        training=TrainingSettings(parents=parents),
    )
    assert GenreNames(settings).parents("Beats") == ("Electronic",)


def test_a_folder_in_a_playlist_is_no_track(tmp_path, store, music):
    touch(music / "1.mp3")
    (tmp_path / "House.m3u").write_text(f"{music}\n.\n..\n/\nmusic/1.mp3\n")
    gathered = told("playlists", tmp_path, store, playlists=(tmp_path / "House.m3u",))
    assert words(gathered) == {("1.mp3", "House")}


def test_folders_in_other_letters_have_one_path_where_letter_case_is_ignored(
    tmp_path, store, monkeypatch
):
    path = touch(tmp_path / "Sorted" / "House" / "1.mp3")
    ignore_case(monkeypatch, tmp_path)
    found = told("folders", tmp_path, store, folders=(tmp_path / "sORTED",))
    assert [label.path for label in found.labels] == [path]


def test_a_genre_that_no_file_can_have_is_not_learned(tmp_path, store, music):
    long = 81 * "x"
    for name in ("A;B", "1999", "House", "Unknown", "!", long, "_To sort", "NEW", "Nouveau", "VA"):
        touch(tmp_path / "Sorted" / name / "1.mp3")
    (tmp_path / "2024.m3u").write_text("Sorted/House/1.mp3\n")
    training = TrainingSettings(
        folders=(tmp_path / "Sorted",), playlists=(tmp_path / "2024.m3u",), genres={"1999": "Pop"}
    )
    settings = Settings(library=LibrarySettings(roots=(music,)), training=training)
    found = gather(("folders", "playlists"), settings, store)
    assert {label.genre for label in found.labels} == {"House", "Pop"}
    assert [note.partition(", so it is not learned: ")[0] for note in found.notes] == [
        "the genre '!' counts as no genre",
        "the genre '2024' is a number for ID3",
        "the genre 'A;B' contains ';' or an unprintable character",
        "the genre 'NEW' counts as no genre",
        "the genre 'Nouveau' counts as no genre",
        "the genre 'Unknown' counts as no genre",
        "the genre 'VA' counts as no genre",
        "the genre '_To sort' counts as no genre",
        f"the genre '{long}' has more than 80 characters",
    ]


def test_a_folder_is_a_genre_at_any_depth_and_the_configuration_names_it(tmp_path, store):
    top = tmp_path / "Sorted"
    touch(top / "newgrass" / "Band" / "Album" / "1.mp3")
    touch(top / "Baroque" / "2.flac")
    touch(top / "Misc" / "3.ogg")
    touch(top / ".hidden" / "4.mp3")
    touch(top / "Baroque" / "notes.txt")
    touch(top / "loose.mp3")
    genres = {"Newgrass": "Progressive Bluegrass", "misc": ""}
    found = told("folders", tmp_path, store, folders=(top,), genres=genres)
    assert words(found) == {("1.mp3", "Progressive Bluegrass"), ("2.flac", "Baroque")}
    missing = told("folders", tmp_path, store, folders=(tmp_path / "none",))
    assert missing.labels == ()
    assert "no folder" in missing.notes[0]


def test_music_beside_the_folders_of_genres_is_counted(tmp_path, store):
    touch(tmp_path / "Sorted" / "Baroque" / "1.mp3")
    for name in ("2.mp3", "3.flac", "notes.txt"):
        touch(tmp_path / "Sorted" / name)
    found = told("folders", tmp_path, store, folders=(tmp_path / "Sorted",))
    assert words(found) == {("1.mp3", "Baroque")}
    beside = f"training.folders: 2 files in {tmp_path / 'Sorted'} are in no folder of a genre"
    assert found.notes == (beside,)


def test_the_folder_of_one_genre_is_named_with_the_folder_to_name_instead(tmp_path, store):
    one = touch(tmp_path / "Sorted" / "Baroque" / "1.mp3").parent
    found = told("folders", tmp_path, store, folders=(one,))
    instead = f"but 1 file in it: name {tmp_path / 'Sorted'}"
    assert found.notes == (f"training.folders: no music in folders below {one}, {instead}",)


def test_the_lost_part_of_a_genre_folder_is_named(tmp_path, store):
    top = tmp_path / "Sorted"
    touch(top / "House" / "1.mp3")
    for name in ("2.mp3", "3.mp3"):
        (top / "House" / name).symlink_to(tmp_path / "disk" / name)
    (top / "House" / "more").symlink_to(touch(tmp_path / "other" / "4.mp3").parent)
    (top / "Salsa").symlink_to(tmp_path / "disk" / "Salsa")
    found = told("folders", tmp_path, store, folders=(top,))
    assert words(found) == {("1.mp3", "House")}
    house = f"training.folders: {top / 'House'} has"
    assert sorted(found.notes) == [
        f"{house} 1 path left out: links to a folder outside the library",
        f"{house} 2 paths left out: links to a file that does not exist",
        f"training.folders: {top / 'Salsa'} links to a place that does not exist",
    ]


def test_the_layouts_of_gtzan_and_fma_are_known(tmp_path, store):
    gtzan = tmp_path / "gtzan" / "genres_original"
    touch(gtzan / "hiphop" / "hiphop.00001.wav")
    touch(gtzan / "blues" / "blues.00000.au")
    found = told("folders", tmp_path, store, folders=(gtzan.parent,))
    assert words(found) >= {("hiphop.00001.wav", "Hip-Hop")}
    assert "names no artists" in found.notes[0]

    touch(tmp_path / "fma_small" / "000" / "000002.mp3")
    touch(tmp_path / "fma_small" / "001" / "001005.mp3")
    (tmp_path / "fma_metadata").mkdir()
    (tmp_path / "fma_metadata" / "tracks.csv").write_text(
        ",artist,set,track,track\n,id,split,genre_top,title\ntrack_id,,,,\n"
        "2,7,training,Hip-Hop,A\n5,7,test,Rock,gone\n1005,9,test,,no genre\n"
    )
    fma = told("folders", tmp_path, store, folders=(tmp_path / "fma_small",))
    assert [(la.path.name, la.genre, la.artist, la.part) for la in fma.labels] == [
        ("000002.mp3", "Hip-Hop", "fma:7", "train")
    ]


def test_joined_tags_teach_their_parts_and_words_for_no_genre_teach_nothing(tmp_path, store, music):
    listed = track(music / "listed.mp3", "Jazz/Blues")
    other = track(music / "other.mp3", "Other", "unknown")
    own = track(music / "own.mp3", "Folk/World")
    found = told(
        "tags", tmp_path, store, [listed, other, own], tags=("*",), genres={"folk/world": "Roots"}
    )
    assert words(found) == {("listed.mp3", "Jazz"), ("listed.mp3", "Blues"), ("own.mp3", "Roots")}


def test_tags_are_learned_from_but_not_what_tagger_wrote_itself(tmp_path, store, music):
    theirs = track(music / "theirs.mp3", "jazz", "Live")
    ours = track(music / "ours.mp3", "Jazz")
    both = track(music / "both.mp3", "Blues", "Jazz")
    run = store.runs.start("scan")
    for path, before, after in [
        (ours.path, (), ("Jazz",)),
        (both.path, ("Blues",), ("Blues", "Jazz")),
    ]:
        change = store.journal.intend(run, music, GenreEdit(path, before, after, "{}"))
        store.journal.confirm(change)
    tracks = (theirs, ours, both)
    found = told("tags", tmp_path, store, tracks, tags=("Jazz", "blues"))
    assert words(found) == {("theirs.mp3", "Jazz"), ("both.mp3", "Blues")}
    assert "2 genres from tagger itself" in found.notes[0]
    everything = told("tags", tmp_path, store, tracks, tags=("*",))
    assert ("theirs.mp3", "Live") in words(everything)


def test_the_owners_genre_beside_an_equal_genre_of_tagger_in_another_field_is_a_label(
    tmp_path, store, music
):
    theirs = track(music / "theirs.mp3", "Jazz")
    run = store.runs.start("scan")
    for field, after in ((GENRE, ("Pop",)), ("GROUPING", ("Jazz",))):
        change = GenreEdit(theirs.path, (), after, "{}", field)
        store.journal.confirm(store.journal.intend(run, music, change))
    assert words(told("tags", tmp_path, store, (theirs,), tags=("*",))) == {("theirs.mp3", "Jazz")}
    ours = track(music / "theirs.mp3", "Pop")
    assert not words(told("tags", tmp_path, store, (ours,), tags=("*",)))


def test_a_wanted_genre_that_no_file_has_is_named(tmp_path, store, music):
    jazz = track(music / "jazz.mp3", "Jazz")
    found = told("tags", tmp_path, store, (jazz,), tags=("Jazz", "Loung"))
    assert words(found) == {("jazz.mp3", "Jazz")}
    assert found.notes == ("training.tags: no file in library.roots has the genre Loung",)
    assert not told("tags", tmp_path, store, (jazz,), tags=("*",)).notes


def test_a_root_without_music_is_named_and_the_other_roots_are_read(tmp_path, store, music):
    media.make(music / "a.mp3", "mp3", tags={"genre": "Jazz"})
    (tmp_path / "empty").mkdir()
    away = [tmp_path / "empty", tmp_path / "gone"]
    settings = Settings(
        library=LibrarySettings(roots=(*away, music)), training=TrainingSettings(tags=("*",))
    )
    found = gather(("tags",), settings, store)
    assert words(found) == {("a.mp3", "Jazz")}
    assert found.notes == tuple(f"library.roots: no music below {folder}" for folder in away)


def test_a_run_without_labels_names_the_first_notes_and_counts_the_others(tmp_path, store, music):
    folders = tuple(tmp_path / f"gone{n}" for n in range(5))
    settings = Settings(
        library=LibrarySettings(roots=(music,)), training=TrainingSettings(folders=folders)
    )
    with pytest.raises(TrainingDataError) as caught:
        require_some(gather(("folders",), settings, store))
    assert f"there is no folder {folders[2]}; and 2 more (" in str(caught.value)


def test_a_run_with_lost_entries_alone_names_the_first_with_its_list(tmp_path, store, music):
    (tmp_path / "Sunday.m3u").write_text("#EXTINF:61,Someone - Lost\nlost.mp3\nno/other.mp3\n")
    settings = Settings(
        library=LibrarySettings(roots=(music,)),
        training=TrainingSettings(playlists=(tmp_path / "Sunday.m3u",)),
    )
    with pytest.raises(TrainingDataError) as caught:
        require_some(gather(("playlists",), settings, store))
    lost = "2 entries of lists not in the library, such as 'Lost' of Sunday.m3u"
    assert f"no training data: {lost}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("1.flac", {"title": "Song", "artist": ["Guest", "Band"]}),
        ("1.flac", {"title": "Song", "album_artist": "Band"}),
        ("Band - Song.flac", {}),
        ("Guest - Song.flac", {"album_artist": "Band"}),
    ],
)
def test_an_entry_finds_a_file_by_any_of_its_artists(tmp_path, store, music, name, tags):
    media.make(music / name, "flac", tags=tags)
    (tmp_path / "Jazz.csv").write_text("title,artist\nSong,Band\n")
    settings = Settings(
        library=LibrarySettings(roots=(music,)),
        training=TrainingSettings(csv=(tmp_path / "Jazz.csv",)),
    )
    assert words(gather(("csv",), settings, store)) == {(name, "Jazz")}


def test_corrections_are_labels_of_the_heaviest_weight(tmp_path, store, music):
    here = touch(music / "a.mp3")
    store.corrections.put(Correction(here, None, ("Pop",), ("Sunday", "Pop")))
    store.corrections.put(Correction(music / "gone.mp3", None, ("Pop",), ("Jazz",)))
    store.corrections.put(Correction(touch(music / "b.mp3"), None, ("Pop",), ()))
    found = told("corrections", tmp_path, store)
    assert found.labels == (Label(here, "Sunday", "corrections", Weight.CORRECTION),)
    assert "1 corrected file gone" in found.notes[0]


def test_a_playlist_is_a_genre_of_its_name(tmp_path, store, music):
    touch(music / "in" / "a.mp3")
    odd = touch(music / "odd #1 ä.mp3")
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "Sunday.m3u8").write_text(
        f"#EXTM3U\n#EXTINF:61,Someone - Lost\nnowhere/lost.mp3\nin/a.mp3\n{odd}\n"
        f"file://{str(odd).replace('#', '%23').replace(' ', '%20')}\nC:\\x\\Band - Song.mp3\n"
    )
    (lists / "ours.m3u").write_text("#EXTM3U\n#TAGGER:genre=Jazz\nin/a.mp3\n")
    (lists / "todo.m3u").write_text("#EXTM3U\n#TAGGER:list=undecided\nin/a.mp3\n")
    (lists / "empty.m3u").write_bytes(b"\xff\xfe\x00")
    found = told("playlists", tmp_path, store, playlists=(lists, tmp_path / "none.m3u"))
    assert {la.genre for la in found.labels} == {"Sunday"}
    assert words(found) == {("a.mp3", "Sunday"), (odd.name, "Sunday")}
    assert [(e.title, e.artists, e.duration_s) for e in found.entries if e.genre == "Sunday"] == [
        ("Lost", ("Someone",), 61),
        ("Song", ("Band",), None),
    ]
    assert any("a playlist of tagger" in note for note in found.notes)
    assert any("does not exist" in note for note in found.notes)


@pytest.mark.parametrize(("kind", "endings"), [("playlists", ".m3u or .m3u8"), ("csv", ".csv")])
def test_a_folder_without_lists_is_named_with_the_endings_of_lists(tmp_path, store, kind, endings):
    touch(tmp_path / "Rock.pls")
    found = told(kind, tmp_path, store, **{kind: (tmp_path,)})
    assert found.notes == (f"training.{kind}: no {endings} in {tmp_path}",)


@pytest.mark.parametrize("kind", ["playlists", "csv"])
def test_a_pipe_or_a_folder_among_lists_is_named_and_never_waited_for(tmp_path, store, kind):
    lists = tmp_path / "lists"
    ending = {"playlists": "m3u", "csv": "csv"}[kind]
    (lists / f"folder.{ending}").mkdir(parents=True)
    for pipe in (lists / f"pipe.{ending}", tmp_path / f"own.{ending}"):
        os.mkfifo(pipe)
    (lists / f"gone.{ending}").symlink_to("nowhere")
    found = told(kind, tmp_path, store, **{kind: (lists, tmp_path / f"own.{ending}")})
    assert not found.labels
    assert [note.rpartition("/")[2] for note in found.notes] == [
        f"folder.{ending} is no file",
        f"gone.{ending} does not exist",
        f"pipe.{ending} is no file",
        f"own.{ending} is no file",
    ]


@pytest.mark.parametrize("kind", ["playlists", "csv"])
def test_a_list_of_more_than_64_mib_is_named_and_not_read(tmp_path, store, kind):
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(2**26 + 1)
    found = told(kind, tmp_path, store, **{kind: (huge,)})
    assert found.notes == (f"training.{kind}: {huge} is too large",)


def test_a_folder_or_a_table_of_fma_that_cannot_be_read_is_named(tmp_path, store, monkeypatch):
    touch(tmp_path / "fma/000/000001.mp3")
    (tmp_path / "fma/tracks.csv").write_text(",track\n")
    locked = tmp_path / "locked"
    locked.mkdir()
    listed = Path.iterdir

    def denied(folder):
        if folder == locked:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", denied)
    found = told("folders", tmp_path, store, folders=(tmp_path / "fma", locked))
    assert not found.labels
    table, folder = found.notes
    assert table.startswith(f"{tmp_path / 'fma/tracks.csv'} cannot be read: ")
    assert folder == f"training.folders: {locked} cannot be read: Permission denied"


def test_an_address_that_cannot_be_parsed_is_an_entry_of_its_playlist(tmp_path, store):
    file = tmp_path / "Jazz.m3u"
    file.write_text("file://[/a.mp3\n")
    found = told("playlists", tmp_path, store, playlists=(file,))
    assert [entry.title for entry in found.entries] == ["a"]


def test_a_table_with_paths_or_tracks_is_read(tmp_path, store, music):
    touch(music / "a.mp3")
    plain = tmp_path / "mine.csv"
    plain.write_text("Path,Genre,Artist,Split\na.mp3,jazz,Someone,Test\ngone.mp3,Jazz,,\n")
    exported = tmp_path / "Tropical House.csv"
    exported.write_text(
        '\ufeff"Track URI","Track Name","Artist Name(s)","Album Name",'
        '"Track Duration (ms)","ISRC"\n'
        '"spotify:track:1","Firestone (feat. X)","Kygo;Conrad Sewell","Cloud Nine",271000,"NO1"\n'
    )
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n")
    found = told("csv", tmp_path, store, csv=(plain, exported, wrong))
    assert [(la.path, la.genre, la.artist, la.part) for la in found.labels] == [
        (music / "a.mp3", "Jazz", "Someone", "test")
    ]
    (entry,) = found.entries
    assert (entry.title, entry.artists) == ("Firestone (feat. X)", ("Kygo", "Conrad Sewell"))
    assert (entry.genre, entry.duration_s, entry.isrc) == ("Tropical House", 271.0, "NO1")
    assert entry.key == "spotify:track:1"
    assert any("1 row with a missing file" in note for note in found.notes)
    assert any("no column for a path" in note for note in found.notes)


def test_a_row_with_an_empty_genre_has_no_label(tmp_path, store, music):
    touch(music / "a.mp3")
    touch(music / "b.mp3")
    table = tmp_path / "labels.csv"
    table.write_text("path,title,artist,genre\na.mp3,,,Jazz\nb.mp3,,,\ngone.mp3,Song,Band,\n")
    found = told("csv", tmp_path, store, csv=(table,))
    assert words(found) == {("a.mp3", "Jazz")}
    assert found.entries == ()


def test_a_row_that_a_table_repeats_counts_once(tmp_path, store, music):
    touch(music / "a.mp3")
    table = tmp_path / "labels.csv"
    table.write_text("path,genre\na.mp3,Jazz\na.mp3,Jazz\n")
    found = told("csv", tmp_path, store, csv=(table,))
    folder = Label(music / "a.mp3", "Pop", "folders", Weight.FOLDER)
    heard = Sample(music / "a.mp3", FileIdentity(1, 1, 1, 1), TrackTags(), "a")
    labels = (*found.labels, folder, *many("Jazz", 6)[0])
    assert chosen(labels, [heard, *many("Jazz", 6)[1]]).conflicts == (heard.path,)


def test_a_source_without_settings_is_not_read(tmp_path):
    assert configured_sources(TrainingSettings()) == ["corrections"]
    given = TrainingSettings(folders=(tmp_path,), csv=(tmp_path,))
    assert configured_sources(given) == ["corrections", "folders", "csv"]


def test_an_isrc_is_read_from_every_kind_of_tag(tmp_path):
    for form in ("mp3", "flac", "m4a"):
        path = media.make(tmp_path / f"a.{form}", form, tags={"title": "T"})
        file = mutagen.File(path)
        if form == "mp3":
            file.tags.add(mutagen.id3.TSRC(text=["GBAYE9700104"]))
        elif form == "m4a":
            file["----:com.apple.iTunes:ISRC"] = [mutagen.mp4.MP4FreeForm(b"GBAYE9700104")]
        else:
            file["isrc"] = "GBAYE9700104"
        file.save()
        assert tags.read(path).isrc == "GBAYE9700104"


# What is learned of it.


def sample(name, artist="Someone", content=None):
    path = Path("/music") / name
    return Sample(path, FileIdentity(1, 1, 1, 1), TrackTags(artist=artist), content or name)


def chosen(
    labels, samples, *, minimum=1, balance=100.0, parents=None, written=frozenset(), kept=()
):
    return select(labels, samples, rules(minimum, balance, parents, kept), written)


def rules(minimum, balance=100.0, parents=None, kept=()):
    naming = GenreNames(Settings(training=TrainingSettings(parents=parents or {})))
    return Rules(minimum, balance, naming.parents, genres.keys(kept))


def says(name, genre, weight=Weight.FOLDER, source="folders", **more):
    return Label(Path("/music") / name, genre, source, weight, **more)


def many(genre, count, artists=LEAST_ARTISTS, start=0):
    numbers = range(start, start + count)
    labels = [says(f"{genre}{number}", genre) for number in numbers]
    heard = [sample(f"{genre}{n}", f"{genre} artist {n % artists}") for n in numbers]
    return labels, heard


def joined(*parts):
    return [one for labels, _ in parts for one in labels], [s for _, heard in parts for s in heard]


def test_the_heavier_label_wins_and_a_draw_is_left_out_and_counted():
    labels, heard = many("Jazz", 6)
    labels += [says("x", "Jazz"), says("x", "Pop", Weight.TAG, "tags")]
    labels += [says("y", "Jazz"), says("y", "Pop", Weight.LIST, "csv")]
    labels += [says("z", "Jazz"), says("z", "Pop", Weight.LIST, "csv")]
    labels += [says("z", "Jazz", Weight.CORRECTION, "corrections")]
    found = chosen(labels, [*heard, sample("x"), sample("y"), sample("z")])
    assert {m.path.name for m in found.members} >= {"x", "z"}
    assert found.conflicts == (Path("/music/y"),)


@pytest.mark.parametrize("capitals", [3, 5])
def test_the_most_common_spelling_of_a_genre_is_kept_and_capitals_lose_a_draw(capitals):
    _, heard = many("Sludge", 6)
    names = ["SLUDGE"] * capitals + ["Sludge"] * (6 - capitals)
    labels = [says(f"Sludge{n}", name) for n, name in enumerate(names)]
    assert chosen(labels, heard).genres == ("SLUDGE" if capitals == 5 else "Sludge",)


def test_a_correction_to_a_genre_of_the_users_model_with_a_separator_is_that_genre(
    tmp_path, store, music
):
    own = bundles.make_bundle(tmp_path / "own", genres=("Calm", "Rock, Indie"))
    here = touch(music / "a.mp3")
    store.corrections.put(Correction(here, None, ("Calm",), ("Rock, Indie",)))
    settings = Settings(model=ModelSettings(bundle=Bundle(own)))
    found = source("corrections", Context(settings, store, ())).gather()
    assert words(found) == {("a.mp3", "Rock, Indie")}


def test_a_correction_counts_alone_even_against_a_subgenre():
    labels, heard = many("Rock", 6)
    labels += [says("x", "Progressive Rock"), says("x", "Rock", Weight.CORRECTION, "corrections")]
    found = chosen(labels, [*heard, sample("x")])
    assert found.genres == ("Rock",)
    assert found.tracks("Rock") == 7


def test_a_subgenre_goes_before_its_parent():
    labels, heard = joined(many("Bluegrass", 6), many("Newgrass", 6))
    labels += [says("Newgrass0", "Bluegrass", Weight.LIST, "csv")]
    found = chosen(labels, heard, parents={"Newgrass": "Bluegrass"})
    assert found.conflicts == ()
    assert found.tracks("Newgrass") == 6


def test_a_genre_with_too_few_tracks_trains_its_parent_or_nothing():
    labels, heard = joined(many("Bluegrass", 8), many("Newgrass", 3), many("Sunday", 4))
    found = chosen(labels, heard, minimum=6, parents={"newgrass": "Bluegrass"})
    assert found.genres == ("Bluegrass",)
    assert found.tracks("Bluegrass") == 11
    assert [(f.genre, f.tracks, f.taught) for f in found.few] == [
        ("Newgrass", 3, "Bluegrass"),
        ("Sunday", 4, ""),
    ]
    siblings = joined(many("Deep House", 4), many("Acid House", 4))
    together = chosen(*siblings, minimum=6)
    assert (together.genres, together.tracks("House")) == (("House",), 8)
    circle = chosen(*many("A", 2), minimum=6, parents={"A": "B", "B": "A"})
    assert circle.members == ()


def test_a_small_genre_trains_the_next_parent_where_its_nearest_is_small_too():
    punk = joined(many("Punk", 3), many("Hardcore Punk", 5), many("Pop Punk", 8))
    found = chosen(*joined(many("Rock", 8), punk), minimum=6)
    assert [(one.genre, one.taught) for one in found.few] == [
        ("Hardcore Punk", "Rock"),
        ("Punk", "Rock"),
    ]
    assert found.tracks("Rock") == 16


def test_a_small_genre_trains_no_parent_of_a_genre_that_the_model_keeps():
    punk = joined(many("Punk", 3), many("Hardcore Punk", 5), many("Deep House", 4))
    labels, heard = joined(many("Rock", 8), many("House", 7), punk)
    found = chosen(labels, heard, minimum=6, kept=("Rock", "Punk", "Electronic"))
    assert [(one.genre, one.tracks, one.taught) for one in found.few] == [
        ("Deep House", 4, "House"),
        ("Hardcore Punk", 5, ""),
        ("Punk", 3, ""),
    ]
    assert (found.tracks("Rock"), found.tracks("House")) == (8, 11)


def test_a_genre_with_too_few_artists_is_left_out():
    found = chosen(*joined(many("Jazz", 20, artists=2), many("Pop", 20)))
    assert found.genres == ("Pop",)
    assert found.few[0].artists == 2


def test_duplicates_count_once_and_tagger_s_own_genres_never():
    labels, heard = many("Jazz", 8)
    labels += [says("copy", "Jazz", Weight.LIST, "csv"), says("tagged", "Pop", Weight.TAG, "tags")]
    heard += [sample("copy", content="Jazz0"), sample("tagged", content="c")]
    found = chosen(labels, heard, written=frozenset([("c", "pop")]))
    assert (found.tracks("Jazz"), found.duplicates, found.written) == (8, 1, 1)
    assert found.members[0].sources == ("folders", "csv")


def test_labels_can_be_enough_once_an_analysis_finds_the_genres_of_tagger():
    names = [str(number) for number in range(8)]
    copies = [says(n, genre, Weight.TAG, "tags") for n in names for genre in ("Jazz", "Pop")]
    heard = [sample(name, f"Artist {name}") for name in names]
    assert not chosen(copies, heard, minimum=8).genres  # two genres of equal weight
    written = frozenset((name, "pop") for name in names)
    assert chosen(copies, heard, minimum=8, written=written).genres == ("Jazz",)
    assert can_suffice(copies, heard, rules(8), 1)
    assert not can_suffice(copies, heard, rules(9), 1)
    alike = [sample(name, "The one artist") for name in names]
    assert not can_suffice(copies, alike, rules(8), 1)


def test_labels_of_small_genres_can_be_enough_for_a_parent():
    few = joined(many("Bebop", 4), many("Swing", 4))
    assert can_suffice(*few, rules(8), 1)
    assert not can_suffice(*few, rules(8), 2)


def test_large_genres_give_a_track_of_every_artist_before_a_second_one():
    found = chosen(*joined(many("Jazz", 6), many("Pop", 60, artists=12)), balance=2.0)
    assert (found.tracks("Pop"), found.artists("Pop")) == (12, 12)
    assert found.balanced == {"Pop": 48}


def test_held_out_artists_stay_held_out_when_the_library_grows():
    small = chosen(*joined(many("Jazz", 80, artists=40), many("Pop", 80, artists=40)))
    large = chosen(*joined(many("Jazz", 160, artists=80), many("Pop", 160, artists=80)))

    def artists(selection, *, out):
        pairs = zip(selection.members, held_out(selection.members), strict=True)
        return {member.artist for member, held in pairs if held is out}

    assert artists(small, out=True) <= artists(large, out=True)
    assert not artists(small, out=True) & artists(small, out=False)
    assert 0.05 < len(artists(large, out=True)) / 160 < 0.35
    assert {m.genre for m, h in zip(small.members, held_out(small.members), strict=True) if h} == {
        "Jazz",
        "Pop",
    }


def test_an_artist_of_a_small_genre_remains_for_each_fold():
    names = [f"artist {number}" for number in range(300)]
    for first in range(0, 300, LEAST_ARTISTS):
        some = names[first : first + LEAST_ARTISTS]
        labels = [says(name, "Jazz") for name in some]
        members = chosen(labels, [sample(name, name) for name in some]).members
        assert sum(held_out(members)) == 1


def test_labels_with_a_published_split_keep_it():
    labels, heard = joined(many("Jazz", 6), many("Pop", 6))
    labels = [replace(la, part="train" if n % 3 else "test") for n, la in enumerate(labels)]
    assert sum(held_out(chosen(labels, heard).members)) == 4


def test_a_split_of_one_source_leaves_the_drawing_of_the_others_to_tagger():
    labels, heard = joined(many("Jazz", 6), many("Pop", 80, artists=40))
    parts = ["test", *["train"] * 5, *[""] * 80]
    labels = [replace(one, part=part) for one, part in zip(labels, parts, strict=True)]
    members = chosen(labels, heard).members
    out = [m.genre for m, held in zip(members, held_out(members), strict=True) if held]
    assert out.count("Jazz") == 1
    assert 4 < out.count("Pop") < 28


def test_the_artist_comes_from_tags_then_folders_then_is_unknown():
    labels = [says("a/1", "Jazz", origin="/music"), says("2", "Jazz", origin="/music")]
    labels += [says("3", "Jazz", artist="FMA:1"), says("4", "Jazz")]
    heard = [sample("a/1", ""), sample("2", ""), sample("3", "X"), sample("4", "The Band")]
    labels += many("Jazz", 6)[0]
    found = chosen(labels, heard + many("Jazz", 6)[1])
    artists = {member.path.name: member.artist for member in found.members}
    assert artists["1"] == f"folder:{os.sep}music{os.sep}a"
    assert artists["2"] == "?/music/2"
    assert (artists["3"], artists["4"]) == ("fma1", "band")
    assert found.unknown_artists == 1


def test_an_artist_is_one_group_in_every_source_and_beside_guests():
    spelled = ["The Band", "Band ft. Someone", "BAND (feat. Someone Else)", "Band featuring X"]
    labels = [says(str(n), "Jazz") for n in range(len(spelled))]
    heard = [sample(str(n), name) for n, name in enumerate(spelled)]
    labels += [says("table", "Jazz", artist="The Band"), *many("Jazz", 6)[0]]
    found = chosen(labels, [*heard, sample("table", "X"), *many("Jazz", 6)[1]])
    assert {one.artist for one in found.members if one.path.name in "0123table"} == {"band"}


@pytest.mark.parametrize(
    "spelled",
    [
        ["David Bowie", "Bowie, David", "david bowie & Queen", "David Bowie feat. X & Y"],
        ["Dave Brubeck", "Dave Brubeck Quartet", "The Dave Brubeck Quartet"],
        ["Florin Salam", "Florin Salam, Mr. Juve", "Florin Salam; Someone; Else"],
        ["Nick Cave", "Nick Cave and the Bad Seeds", "Nick Cave + Warren Ellis"],
        ["Müller", "Mueller", "MULLER"],
        ["Earth, Wind & Fire", "Earth; Wind & Fire"],
    ],
)
def test_an_artist_is_one_group_in_all_credits(spelled):
    labels = [says(str(n), "Jazz") for n in range(len(spelled))] + many("Jazz", 6)[0]
    heard = [sample(str(n), name) for n, name in enumerate(spelled)] + many("Jazz", 6)[1]
    found = chosen(labels, heard)
    assert len({one.artist for one in found.members}) == 1 + 6
    assert {key(name) for name in spelled} <= set(artist_keys(found.artist_names).tolist())


def test_an_orchestra_behind_the_artist_joins_no_artists_and_a_placeholder_is_none():
    names = ["Bach; Karajan", "Haydn; Karajan", "Unbekannter Interpret", "V/A", "V.A. feat. X"]
    labels = [says(str(n), "Jazz", origin="/music") for n in range(5)] + many("Jazz", 6)[0]
    heard = [sample(str(n), name) for n, name in enumerate(names)] + many("Jazz", 6)[1]
    found = chosen(labels, heard)
    assert len({one.artist for one in found.members}) == len(names) + 6
    assert found.unknown_artists == 3
    tags = TrackTags(artist="Unknown Artist", album_artist="Haydn")
    named = chosen(labels, [*heard[:2], replace(heard[2], tags=tags), *heard[3:]])
    assert {one.path.name: one.artist for one in named.members}["2"] == "haydn"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"One%20two.mp3\n", "One two.mp3"),
        (b"M%FCsik.mp3\n", "Müsik.mp3"),
        (b"a\\b/c.mp3\n", "a/b/c.mp3"),
        ("Björk.mp3\n".encode("latin-1"), "Björk.mp3"),
        ("Björk.mp3\r\n".encode("utf-16"), "Björk.mp3"),
        ("#EXTM3U\r\nBjörk.mp3\r\n".encode("utf-16-be"), "Björk.mp3"),
        (b"#EXTM3U\rone.mp3\r", "one.mp3"),
        (unicodedata.normalize("NFD", "Björk.mp3").encode(), "Björk.mp3"),
        (b"file:///%s/Bj%%C3%%B6rk.mp3", "Björk.mp3"),
        (b"file:///%s/Bj%%F6rk.mp3", "Björk.mp3"),
        (b"FILE://localhost/%s/one.mp3", "one.mp3"),
        (b"file:///%s/Who? #1.mp3", "Who? #1.mp3"),
        (b"file:///%s/raw%%E9.mp3", "raw\udce9.mp3"),
        (b"raw%E9.mp3", "raw\udce9.mp3"),
        (b"#PLAYLIST: \none.mp3", "one.mp3"),
    ],
)
def test_the_lines_of_a_playlist_are_read_as_other_programs_write_them(
    tmp_path, store, music, data, name
):
    touch(music / name)
    file = tmp_path / "Jazz.m3u"
    file.write_bytes(data.replace(b"%s", str(music).encode()).replace(b"%%", b"%"))
    found = told("playlists", tmp_path, store, playlists=(file,))
    assert words(found) == {(Path(name).name, "Jazz")}


@pytest.mark.parametrize(
    "line",
    [
        "file:///C:/Music/Band%20-%20Caf%C3%A9.mp3",
        "x/Band%20-%20Caf%E9.mp3",
        "file://[/Band - Café.mp3",
        "file:///C:/%00/Band%20-%20Café.mp3",
    ],
)
def test_a_line_of_another_computer_names_its_track(tmp_path, store, line):
    file = tmp_path / "Jazz.m3u"
    file.write_text(line)
    (entry,) = told("playlists", tmp_path, store, playlists=(file,)).entries
    assert (entry.artists, entry.title) == (("Band",), "Café")


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [("playlists", "Jazz.m3u", "#EXTM3U\n\n"), ("csv", "Jazz.csv", "path,genre\n")],
)
def test_a_list_without_a_track_is_named(tmp_path, store, kind, name, text):
    file = tmp_path / name
    file.write_text(text)
    found = told(kind, tmp_path, store, **{kind: (file,)})
    assert found.notes == (f"{file} has no tracks",)


def test_a_file_whose_name_has_a_percent_sign_is_found_first(tmp_path, store, music):
    for name in ("a%20b.mp3", "a b.mp3"):
        touch(music / name)
    file = tmp_path / "Jazz.m3u"
    file.write_text("a%20b.mp3\n")
    found = told("playlists", tmp_path, store, playlists=(file,))
    assert words(found) == {("a%20b.mp3", "Jazz")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize(
    "text", ["path;genre\r\n", "path\tgenre\n", "sep=;\npath;genre\n", "path,genre\r"]
)
def test_tables_are_read_as_excel_writes_them(tmp_path, store, music, encoding, text):
    touch(music / "Björk.mp3")
    between = next(c for c in ";\t," if c in text.replace("sep=;", ""))
    end = text[len(text.rstrip("\r\n")) :]
    file = tmp_path / "table.csv"
    file.write_bytes((text + f"Björk.mp3{between}Jazz{end}").encode(encoding))
    found = told("csv", tmp_path, store, csv=(file,))
    assert words(found) == {("Björk.mp3", "Jazz")}
