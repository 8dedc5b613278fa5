"""The lists of a library, and their playlists in several targets."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import bundles
import media
import pytest
from hypothesis import given
from hypothesis import strategies as st
from listing import lists_of

from tagger.config import LibrarySettings, PathMap, PlaylistSettings, PlaylistTarget, Settings
from tagger.core.domain import FileIdentity, Track, TrackTags
from tagger.playlists import Listed, Playlist, parse
from tagger.playlists.formats import FORMATS
from tagger.playlists.lists import Names, ordered
from tagger.playlists.locations import absolute
from tagger.playlists.m3u import fold_spaces, render
from tagger.playlists.refresh import refresh_all, shelves
from tagger.playlists.values import Entry, ListedTags
from tagger.store import Store


def listed(name, added=0.0, **fields):
    return Listed(f"/m/{name}", ListedTags(**fields), added)


def tagged(**genres):
    return {listed(name): (genre,) for name, genre in genres.items()}


def by_name(lists):
    return {one.name: [track.path.name for track in one.tracks] for one in lists}


# ---------------------------------------------------------------- the lists


def test_lists_have_the_name_and_least_size_of_the_settings_and_chosen_genres_only():
    tracks = tagged(a="Rock", b="rock", c="Pop", d="Jazz")
    settings = PlaylistSettings(name="Genre: {genre}", min_tracks=2)
    assert by_name(lists_of(tracks, settings)) == {"Genre: Rock": ["a", "b"]}
    chosen = PlaylistSettings(genres=("POP", "jazz"))
    assert by_name(lists_of(tracks, chosen)) == {"Jazz": ["d"], "Pop": ["c"]}


def test_a_parents_list_gathers_its_children_under_the_owners_spelling():
    tracks = tagged(a="Punk", b="Grindcore", c="ROCK", d="Mine")
    plain = by_name(lists_of(tracks, PlaylistSettings()))
    assert plain == {"Grindcore": ["b"], "Mine": ["d"], "Punk": ["a"], "ROCK": ["c"]}
    names = Names(own_parents={"mine": "Yours"})
    found = lists_of(tracks, PlaylistSettings(parents=True), names)
    gathered = by_name(found)
    assert gathered["ROCK"][:1] + gathered["ROCK"][-1:] == ["a", "c"]
    assert gathered["Yours"] == ["d"]
    [rock] = [one for one in found if one.name == "ROCK"]
    assert {"Punk", "ROCK"} <= set(rock.texts)


def test_the_name_of_a_parent_in_two_spellings_depends_on_no_order_of_tracks():
    tracks = tagged(a="mine", b="other")
    names = Names(own_parents={"mine": "yours", "other": "Yours"})
    settings = PlaylistSettings(parents=True)
    for some in (tracks, dict(reversed(tracks.items()))):
        assert "Yours" in by_name(lists_of(some, settings, names))


def test_tracks_are_in_the_order_of_the_settings():
    tracks = [
        listed("1", artist="B", album="Z", added=1),
        listed("2", artist="a", album="Y", added=3),
        listed("3", album_artist="A", artist="x", album="X", added=2),
    ]

    def names(order, seed=0):
        return "".join(track.path.name for track in ordered(tracks, order, seed))

    assert (names("path"), names("album"), names("added")) == ("123", "321", "231")
    shuffled = {names("shuffled", seed) for seed in range(20)}
    assert len(shuffled) > 3
    assert names("shuffled", 5) == names("shuffled", 5)


# ---------------------------------------------------------------- smart playlists


def test_a_smart_playlist_of_navidrome_is_its_documented_rule():
    playlist = Playlist("Genre: Rock", (), "Rock", texts=("Rock", "rock"), order="added")
    found = json.loads(FORMATS[".nsp"].render(playlist))
    assert found == {
        "name": "Genre: Rock",
        "comment": "Kept by tagger: genre=Rock",
        "any": [{"is": {"genre": "Rock"}}, {"is": {"genre": "rock"}}],
        "sort": "dateadded",
        "order": "desc",
    }


def test_the_rule_of_a_genre_in_a_list_matches_on_a_server_that_splits_the_list():
    settings = PlaylistSettings(parents=True)
    lists = lists_of({listed("1"): ("Ska/Punk",), listed("2"): ("ska",)}, settings)
    texts = {one.genre: one.texts for one in lists}
    assert texts["Rock"] == ("Punk", "Ska/Punk")
    assert texts["Punk"] == ("Punk", "Ska/Punk")
    assert {"Ska", "Ska/Punk", "ska"} in map(set, texts.values())


def test_a_smart_playlist_of_kodi_is_its_documented_rule():
    playlist = Playlist("R & B <x>", (), "R & B", texts=("R&B", "R & B"))
    root = ET.fromstring(FORMATS[".xsp"].render(playlist))  # noqa: S314 - our own
    assert (root.tag, root.get("type")) == ("smartplaylist", "songs")
    assert (root.findtext("name"), root.findtext("match")) == ("R & B <x>", "all")
    [rule] = root.findall("rule")
    assert (rule.get("field"), rule.get("operator")) == ("genre", "is")
    assert [value.text for value in rule] == ["R&B", "R & B"]
    assert (root.findtext("order"), root.find("order").get("direction")) == ("file", "ascending")


words = st.text(max_size=20).map(fold_spaces)
names_of_xml = words.filter(lambda text: all(c.isprintable() for c in text)).filter(bool)


@given(names_of_xml, names_of_xml, st.sampled_from([".nsp", ".xsp", ".m3u", ".m3u8"]))
def test_the_name_and_mark_of_any_playlist_are_read_back(name, genre, suffix):
    found = FORMATS[suffix].parse(FORMATS[suffix].render(Playlist(name, (), genre)))
    assert (found.name, found.genre, found.special) == (name, genre, "")


@given(st.binary() | st.text().map(str.encode), st.sampled_from([".nsp", ".xsp"]))
def test_any_bytes_are_no_smart_playlist_of_tagger(data, suffix):
    assert FORMATS[suffix].parse(data).mark == ""


def test_a_rule_with_entities_is_not_parsed():
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaa">]><smartplaylist><tagger mark="genre=&a;"/></smartplaylist>'
    )
    assert FORMATS[".xsp"].parse(bomb.encode()).mark == ""
    assert FORMATS[".xsp"].parse(bomb.encode("utf-16")).mark == ""


# ---------------------------------------------------------------- paths of other systems


def test_windows_paths_have_backslashes_and_no_dot():
    maps = [PathMap(Path("/m"), "D:\\Music\\"), PathMap(Path("/n"), "\\\\nas\\music")]
    locate = absolute([*maps, PathMap(Path("/o"), "smb://nas/music"), PathMap(Path("/p"), "E:/M")])
    locations = [locate(f"{folder}/A B/c.mp3") for folder in ("/m", "/n", "/o", "/p")]
    lines = render(Playlist("x", tuple(map(Entry, locations)))).decode().splitlines()
    assert [line for line in lines if line[0] != "#"] == [
        "D:\\Music\\A B\\c.mp3",
        "\\\\nas\\music\\A B\\c.mp3",
        "smb://nas/music/A B/c.mp3",
        "E:/M/A B/c.mp3",
    ]


# ---------------------------------------------------------------- several targets


@pytest.fixture
def music(tmp_path):
    return tmp_path / "music"


@pytest.fixture
def store(tmp_path, music):
    with Store(tmp_path / "state") as store:
        for number, genre in enumerate(["Rock", "Rock", "Pop"]):
            path, identity = music / f"{number}.mp3", FileIdentity(1, number, 1, 10**9 * number)
            store.files.put(Track(path, music, identity, TrackTags(genres=(genre,))))
        yield store


def with_targets(music, *targets, **keys):
    playlists = PlaylistSettings(targets=targets, **keys)
    return Settings(LibrarySettings((music,)), playlists=playlists)


def test_several_targets_get_the_same_playlists_in_their_own_form(music, store, tmp_path):
    settings = with_targets(
        music,
        PlaylistTarget(str(tmp_path / "mpd"), "mpd", music_directory=music),
        PlaylistTarget(
            str(tmp_path / "dj"), "absolute", map=(PathMap(music, "C:\\Users\\ada\\Music"),)
        ),
        PlaylistTarget(str(tmp_path / "smart"), extension="nsp"),
        PlaylistTarget("Kodi", extension="xsp"),
    )
    refreshed = refresh_all(settings, [music], store)
    assert not refreshed.failed
    folders = [music / "Playlists/Genres", tmp_path / "mpd", tmp_path / "dj", tmp_path / "smart"]
    found = {path.relative_to(tmp_path).as_posix() for f in folders for path in f.iterdir()}
    assert found == {
        *("music/Playlists/Genres/Rock.m3u8", "music/Playlists/Genres/Pop.m3u8"),
        *("mpd/Rock.m3u", "mpd/Pop.m3u", "dj/Rock.m3u8", "dj/Pop.m3u8"),
        *("smart/Rock.nsp", "smart/Pop.nsp"),
    }
    pop = [parse((tmp_path / name).read_bytes()) for name in ("mpd/Pop.m3u", "dj/Pop.m3u8")]
    assert [e.location for p in pop for e in p.entries] == ["2.mp3", "C:\\Users\\ada\\Music\\2.mp3"]
    assert {path.name for path in (music / "Kodi").iterdir()} == {"Rock.xsp", "Pop.xsp"}
    again = refresh_all(settings, [music], store)
    assert {str(change.action) for change in again.changes} == {"unchanged"}
    store.files.forget(music / "2.mp3")
    fewer = refresh_all(settings, [music], store)
    assert sorted(path.name for path in fewer.written) == [
        *("Pop.m3u", "Pop.m3u8", "Pop.m3u8", "Pop.nsp", "Pop.xsp"),
    ]


def test_a_failed_target_stops_no_other_target_and_counts_as_failed(music, store, tmp_path):
    (tmp_path / "file").write_text("")
    settings = with_targets(
        music, PlaylistTarget(str(tmp_path / "file" / "x")), PlaylistTarget(str(tmp_path / "last"))
    )
    refreshed = refresh_all(settings, [music], store)
    assert refreshed.failed
    assert [problem.path for problem in refreshed.lost_folders] == [tmp_path / "file" / "x"]
    assert not refreshed.problems
    assert (music / "Playlists/Genres/Rock.m3u8").exists()
    assert (tmp_path / "last/Rock.m3u8").exists()


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_users_playlist_is_never_changed_in_any_target(music, store, tmp_path, suffix):
    folder = tmp_path / "target"
    folder.mkdir()
    own = FORMATS[suffix].render(Playlist("Rock", (), texts=("Rock",)))
    (folder / f"rock{suffix}").write_bytes(own)
    settings = with_targets(music, PlaylistTarget(str(folder), extension=suffix[1:]))
    refresh_all(settings, [music], store)
    copied = (folder / f"Rock (tagger){suffix}").read_bytes()
    (folder / f"For the car{suffix}").write_bytes(copied)
    for path, _, _ in list(store.files.states_under(music)):
        store.files.forget(path)
    refresh_all(settings, [music], store)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        f"rock{suffix}": own,
        f"For the car{suffix}": copied,
    }


def test_another_name_renames_the_playlists_of_tagger(music, store):
    refresh_all(with_targets(music), [music], store)
    refresh_all(with_targets(music, name="Genre: {genre}"), [music], store)
    found = sorted(path.name for path in (music / "Playlists/Genres").iterdir())
    assert found == ["Genre- Pop.m3u8", "Genre- Rock.m3u8"]


def test_an_absolute_target_has_the_tracks_of_all_libraries(music, store, tmp_path):
    other = tmp_path / "other"
    identity = FileIdentity(1, 9, 1, 1)
    store.files.put(Track(other / "x.mp3", other, identity, TrackTags(genres=("Rock",))))
    settings = with_targets(music, PlaylistTarget(str(tmp_path / "all")))
    found = {(shelf.folder, shelf.roots) for shelf in shelves(settings, store.files.roots())}
    assert found == {
        (music / "Playlists/Genres", (music,)),
        (other / "Playlists/Genres", (other,)),
        (tmp_path / "all", (music, other)),
    }


# ---------------------------------------------------------------- the special lists


def test_undecided_and_recent_files_have_playlists_that_follow_each_run(program):
    program.configure(
        '[playlists]\nundecided = "To sort"\nrecent = "Recently filed"\nrecent_tracks = 2\n'
    )
    for name, sound in {
        "a": bundles.low,
        "b": bundles.high,
        "c": bundles.low,
        "u": bundles.both,
    }.items():
        media.make(program.music / f"{name}.mp3", "mp3", signal=sound())

    def entries(name):
        path = program.music / f"Playlists/Genres/{name}.m3u8"
        found = parse(path.read_bytes()) if path.exists() else Playlist("", ())
        return [entry.location.removeprefix("../../") for entry in found.entries]

    assert program.run("scan").code == 0
    assert entries("To sort") == ["u.mp3"]
    assert len(entries("Recently filed")) == 2
    assert program.run("undo", program.music / "a.mp3", program.music / "c.mp3").code == 0
    assert (entries("Recently filed"), entries("Classical")) == (["b.mp3"], [])
    media.tag(program.music / "u.mp3", genre="Own")
    program.run("scan")
    assert (entries("To sort"), entries("Own")) == ([], ["u.mp3"])
    program.configure()
    program.run("playlists")
    assert entries("Recently filed") == []
