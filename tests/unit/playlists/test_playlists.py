from __future__ import annotations

import errno
import os
import re
import resource
import stat
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from listing import lists_of

from tagger.config import LibrarySettings, PathMap, PlaylistSettings, Settings
from tagger.core.domain import FileIdentity, GenreEdit, Track, TrackTags
from tagger.errors import PlaylistError
from tagger.playlists import Entry, Listed, Playlist, compose, locator, m3u, parse, publish, render
from tagger.playlists.lists import Names
from tagger.playlists.locations import absolute, mpd, standard, uri
from tagger.playlists.refresh import refresh_all
from tagger.playlists.values import ListedTags
from tagger.store import Store

# ---------------------------------------------------------------- the text


def strictly(data: bytes) -> Playlist:
    """Read our M3U as the strictest player would: the rules of all of them at once."""
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\n")
    assert not set(data) & set(b"\r\0")
    lines = [os.fsdecode(line) for line in data.removesuffix(b"\n").split(b"\n")]
    assert lines.pop(0) == "#EXTM3U"
    name = re.fullmatch("#PLAYLIST:(.*)", lines.pop(0), re.DOTALL)[1]
    genre = re.fullmatch("#TAGGER:genre=(.+)", lines.pop(0), re.DOTALL)[1]
    entries = []
    for info, path in zip(lines[::2], lines[1::2], strict=True):
        seconds, label = re.fullmatch(r"#EXTINF:(-1|\d+),(.*)", info, re.DOTALL).groups()
        assert path == path.strip()
        assert not path.startswith(("#", ".//"))
        assert not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path)
        location = path.removeprefix("./")
        entries.append(Entry(location, label, None if seconds == "-1" else int(seconds)))
    return Playlist(name, tuple(entries), genre)


words = st.text(max_size=20).map(m3u.fold_spaces)
awkward = st.sampled_from(["#1.mp3", " a.mp3", "http://x", "C:x", "a/#b", "100%20", "\ufeffx", "é"])
file_names = (
    st.binary(min_size=1, max_size=20).map(lambda raw: os.fsdecode(raw.replace(b"\0", b"0")))
    | st.text(min_size=1, max_size=20).filter(lambda s: s.isprintable())
    | awkward
)
locations = st.lists(file_names, min_size=1, max_size=4).map(
    lambda parts: os.path.normpath("/".join(part.strip("/") or "x" for part in parts))
)


def writable(location: str) -> bool:
    return not set(location) & set("\r\n\0") and location == location.rstrip()


entries = st.builds(
    Entry, locations.filter(writable), words, st.none() | st.integers(min_value=0, max_value=10**6)
)
playlists = st.builds(Playlist, words, st.lists(entries).map(tuple), words.filter(bool))


@given(playlists)
def test_a_rendered_playlist_is_parsed_back(playlist):
    data = render(playlist)
    assert strictly(data) == playlist
    assert parse(data) == playlist
    assert render(parse(data)) == data


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_name_or_label_is_one_line(name, label):
    data = render(Playlist(name, (Entry("a.mp3", label),), "Rock"))
    assert len(data.split(b"\n")) == 6
    assert strictly(data).entries[0].location == "a.mp3"


@given(st.binary())
def test_any_bytes_are_parsed_without_an_error(data):
    assert isinstance(parse(b"#EXTM3U\n" + data), Playlist)


@given(locations, st.sampled_from("\r\n\0"), locations, st.sampled_from(" \t\u2003"))
def test_a_path_that_no_line_can_contain_is_refused(start, broken, end, space):
    for location in (f"{start}{broken}{end}", f"{start}{space}", ""):
        refused(location)


def refused(location):
    with pytest.raises(PlaylistError):
        render(Playlist("Rock", (Entry(location),), "Rock"))


def test_a_playlist_has_the_text_that_players_expect():
    entries = (
        Entry("../Queen/Innuendo.flac", "Queen - Innuendo", 391),
        Entry("#1 Hit.mp3", "#1 Hit"),
        Entry("/music/100% Pure.mp3", "Pure", 5),
        Entry(os.fsdecode(b"caf\xe9.mp3"), "", 1),
    )
    assert render(Playlist("Rock & Roll", entries, "Rock & Roll")) == (
        b"#EXTM3U\n#PLAYLIST:Rock & Roll\n#TAGGER:genre=Rock & Roll\n"
        b"#EXTINF:391,Queen - Innuendo\n../Queen/Innuendo.flac\n"
        b"#EXTINF:-1,#1 Hit\n./#1 Hit.mp3\n"
        b"#EXTINF:5,Pure\n/music/100% Pure.mp3\n"
        b"#EXTINF:1,\ncaf\xe9.mp3\n"
    )


def test_a_playlist_of_another_program_is_read():
    data = b"\xef\xbb\xbf#EXTM3U\r\n#EXTENC: UTF-8\r\n#EXTINF:12.7 x=y,Caf\xc3\xa9\r\n"
    data += b"\r\na b.mp3\r\n./c"
    assert parse(data) == Playlist("", (Entry("a b.mp3", "Café", 12), Entry("c")))


# ---------------------------------------------------------------- where a track is


def test_standard_is_relative_to_the_real_folder(tmp_path):
    real = tmp_path / "disk" / "Lists"
    real.mkdir(parents=True)
    (tmp_path / "Lists").symlink_to(real)
    locate = standard(tmp_path / "Lists")
    assert locate(f"{tmp_path}/Music/a.mp3") == "../../Music/a.mp3"


def test_absolute_maps_the_longest_folder_that_matches():
    maps = (
        PathMap(Path("/m"), "/music/"),
        PathMap(Path("/m/nas"), "/"),
        PathMap(Path("/"), "/all"),
    )
    locate = absolute(maps)
    assert locate("/m/a.mp3") == "/music/a.mp3"
    assert locate("/m/nas/a.mp3") == "/a.mp3"
    assert locate("/mm/a.mp3") == "/all/mm/a.mp3"
    assert absolute()("/m/a.mp3") == "/m/a.mp3"


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name and b"/" not in name))
def test_a_uri_of_any_name_is_one_line_of_ascii_and_decodes_to_the_path(name):
    path = Path(os.fsdecode(b"/m/" + name))
    location = uri()(os.fspath(path))
    m3u.check(location)
    address = urlsplit(location)
    assert location.isascii()
    assert (address.scheme, address.netloc, address.query, address.fragment) == ("file", "", "", "")
    assert unquote_to_bytes(address.path) == bytes(path)


def test_uris_follow_the_path_maps_to_addresses_and_paths_of_windows():
    targets = ("/music", "smb://nas/music", "D:\\Music", "\\\\nas\\music")
    locate = uri([PathMap(Path(f"/{number}"), target) for number, target in enumerate(targets)])
    assert [locate(f"/{number}/What?/a #1.mp3") for number in range(len(targets))] == [
        "file:///music/What%3F/a%20%231.mp3",
        "smb://nas/music/What%3F/a%20%231.mp3",
        "file:///D:/Music/What%3F/a%20%231.mp3",
        "file://nas/music/What%3F/a%20%231.mp3",
    ]


def test_the_mpd_profile_lists_only_files_that_mpd_opens(tmp_path):
    locate = mpd(tmp_path)
    assert locate(f"{tmp_path}/a/b.mp3") == "a/b.mp3"
    for unreachable in [Path("/elsewhere/a.mp3"), tmp_path / " a" / "b.mp3"]:
        with pytest.raises(PlaylistError):
            locate(os.fspath(unreachable))


def test_the_settings_choose_the_profile(tmp_path):
    def chosen(**keys):
        settings = Settings(LibrarySettings((tmp_path,)), playlists=PlaylistSettings(**keys))
        return locator(settings.playlists, settings.playlist_folders[0])(f"{tmp_path}/a.mp3")

    assert chosen() == "../../a.mp3"
    assert chosen(profile="absolute", map=(PathMap(tmp_path, "/music"),)) == "/music/a.mp3"
    assert chosen(profile="uri", map=(PathMap(tmp_path, "/music"),)) == "file:///music/a.mp3"
    assert chosen(profile="mpd", music_directory=tmp_path.parent) == f"{tmp_path.name}/a.mp3"


# ---------------------------------------------------------------- from tracks to playlists


def test_tracks_are_composed_into_one_sorted_playlist_a_genre():
    music = Path("/music")
    tags = ListedTags(title="B\nside", artist="Band", duration=61.5)
    tracks = {
        Listed(f"{music}/b.mp3", tags): ("Rock", "Pop"),
        Listed(f"{music}/a.mp3", ListedTags()): ("Rock ", " "),
        Listed(f"{music}/line\nbreak.mp3", ListedTags()): ("Rock",),
    }
    lists = lists_of(tracks, PlaylistSettings(min_tracks=2))
    composed = compose(lists, standard(music / "Lists"))
    (rock,) = composed.playlists
    expected = (Entry("../a.mp3", "a"), Entry("../b.mp3", "Band - B\nside", 62))
    assert tuple(rock.entries) == expected
    assert (rock.name, rock.mark, rock.texts) == ("Rock", "genre=Rock", ("Rock", "Rock "))
    assert b"#EXTINF:62,Band - B side\n" in render(rock)
    assert [error.path for error in composed.left_out.values()] == [music / "line\nbreak.mp3"]


# ---------------------------------------------------------------- the folder


def rock(*names, genre="Rock"):
    return Playlist(genre, tuple(Entry(f"../{name}.mp3") for name in names), genre)


class Folder:
    """A playlist folder with its record, published into again and again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record: dict[Path, str] = {}

    def publish(self, *playlists, suffix=".m3u8", **options):
        """Return what was done, as {file name: action}; the changes are kept in `changes`."""
        self.changes = publish(self.path, playlists, suffix=suffix, recorded=self.record, **options)
        if not options.get("dry_run"):
            self.record = {c.path: c.sha256 for c in self.changes if c.sha256}
        return {change.path.name: str(change.action) for change in self.changes}

    def files(self):
        return {path.name: path.read_bytes() for path in self.path.iterdir()}

    @property
    def reasons(self):
        return [change.reason for change in self.changes if change.reason]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "Playlists" / "Genres")


def test_an_unchanged_playlist_is_not_written(folder):
    pop = rock("x", genre="Pop")
    assert folder.publish(rock("a"), pop) == {"Rock.m3u8": "created", "Pop.m3u8": "created"}
    before = {path.name: path.stat() for path in folder.path.iterdir()}
    assert folder.publish(rock("a", "b"), pop) == {"Rock.m3u8": "updated", "Pop.m3u8": "unchanged"}
    after = {path.name: path.stat() for path in folder.path.iterdir()}
    pop_before, pop_after = before["Pop.m3u8"], after["Pop.m3u8"]
    assert pop_before.st_ino == pop_after.st_ino
    assert pop_before.st_mtime_ns == pop_after.st_mtime_ns
    assert before["Rock.m3u8"].st_ino != after["Rock.m3u8"].st_ino
    assert folder.files()["Rock.m3u8"] == render(rock("a", "b"))
    assert folder.publish(pop) == {"Rock.m3u8": "removed", "Pop.m3u8": "unchanged"}
    assert set(folder.files()) == {"Pop.m3u8"}


def test_a_dry_run_writes_no_playlist(folder):
    assert folder.publish(rock("a"), dry_run=True) == {"Rock.m3u8": "created"}
    assert not folder.path.parent.exists()
    folder.publish(rock("a"))
    before = folder.files()
    assert folder.publish(rock("b"), dry_run=True) == {"Rock.m3u8": "updated"}
    assert folder.publish(dry_run=True) == {"Rock.m3u8": "removed"}
    assert folder.files() == before


def test_a_library_without_playlists_gets_no_folder(folder):
    assert folder.publish() == {}
    assert not folder.path.exists()


def test_an_own_playlist_without_a_record_is_recognized_by_its_marker(folder):
    folder.publish(rock("a"))
    folder.record = {}
    assert folder.publish(rock("b")) == {"Rock.m3u8": "updated"}
    folder.record = {}
    assert folder.publish() == {"Rock.m3u8": "removed"}


def test_a_users_playlist_is_never_changed(folder):
    folder.path.mkdir(parents=True)
    own = b"#EXTM3U\n../my favourite.mp3\n"
    (folder.path / "rock.m3u8").write_bytes(own)
    assert folder.publish(rock("a")) == {"Rock (tagger).m3u8": "created"}
    assert folder.reasons == ["the name Rock.m3u8 is taken"]
    assert folder.publish(rock("a", "b")) == {"Rock (tagger).m3u8": "updated"}
    assert folder.publish() == {"Rock (tagger).m3u8": "removed"}
    assert folder.files() == {"rock.m3u8": own}


def test_a_freed_name_does_not_rename_a_playlist(folder):
    folder.path.mkdir(parents=True)
    (folder.path / "Rock.m3u8").write_bytes(b"own\n")
    folder.publish(rock("a"))
    (folder.path / "Rock.m3u8").unlink()
    assert folder.publish(rock("a")) == {"Rock (tagger).m3u8": "unchanged"}


def test_a_playlist_without_its_marker_is_the_users(folder):
    folder.publish(rock("a"))
    path = folder.path / "Rock.m3u8"
    edited = b"".join(line for line in path.read_bytes().splitlines(True) if b"TAGGER" not in line)
    path.write_bytes(edited)
    assert folder.publish(rock("b")) == {"Rock (tagger).m3u8": "created"}
    assert path.read_bytes() == edited
    assert folder.publish() == {"Rock (tagger).m3u8": "removed"}


def test_a_recorded_playlist_is_own_under_any_name_until_it_is_changed(folder):
    folder.publish(rock("a"))
    [(path, sha256)] = folder.record.items()
    old_name = path.rename(path.with_name("Rock of old.m3u8"))
    folder.record = {old_name: sha256}
    assert folder.publish(rock("a")) == {"Rock of old.m3u8": "unchanged"}
    with old_name.open("ab") as file:
        file.write(b"another.mp3\n")
    assert folder.publish(rock("a")) == {"Rock.m3u8": "created"}
    assert folder.publish() == {"Rock.m3u8": "removed"}
    assert set(folder.files()) == {"Rock of old.m3u8"}


def test_a_users_copy_of_an_own_playlist_stays(folder):
    folder.publish(rock("a"))
    data = folder.files()["Rock.m3u8"]
    (folder.path / "Rock for the car.m3u8").write_bytes(data)
    (folder.path / "notes.txt").write_bytes(data)
    assert folder.publish() == {"Rock.m3u8": "removed"}
    assert set(folder.files()) == {"Rock for the car.m3u8", "notes.txt"}


def test_a_replaced_change_of_another_program_is_reported(folder):
    folder.publish(rock("a"))
    with (folder.path / "Rock.m3u8").open("ab") as file:
        file.write(b"another.mp3\n")
    assert folder.publish(rock("a")) == {"Rock.m3u8": "updated"}
    assert folder.reasons == ["overwrote changes that another program made"]


def test_links_folders_and_pipes_are_never_replaced(folder, tmp_path):
    folder.publish(rock("a", genre="Link"), rock("a", genre="Linked"))
    target = tmp_path / "elsewhere.m3u8"
    (folder.path / "Link.m3u8").rename(target)
    (folder.path / "Link.m3u8").symlink_to(target)
    (folder.path / "Dangling.m3u8").symlink_to(tmp_path / "nowhere")
    (folder.path / "Folder.m3u8").mkdir()
    os.mkfifo(folder.path / "Pipe.m3u8")
    before = target.read_bytes()
    genres = ["Link", "Dangling", "Folder", "Pipe"]
    done = folder.publish(*(rock("b", genre=genre) for genre in genres))
    assert done == {"Linked.m3u8": "removed"} | {f"{g} (tagger).m3u8": "created" for g in genres}
    assert target.read_bytes() == before
    assert (folder.path / "Link.m3u8").is_symlink()
    assert not (tmp_path / "nowhere").exists()


def test_a_linked_folder_is_followed(folder, tmp_path):
    real = tmp_path / "disk"
    real.mkdir()
    folder.path.parent.mkdir()
    folder.path.symlink_to(real)
    folder.publish(rock("a"))
    assert [path.parent for path in folder.record] == [real]
    assert folder.publish(rock("a")) == {"Rock.m3u8": "unchanged"}
    assert folder.path.is_symlink()


def test_names_that_collide_get_different_files(folder):
    genres = ["Folk/Rock", "Folk-Rock", "FOLK-ROCK", "con", "_con"]
    lists = [rock("a", genre=genre) for genre in genres]
    assert set(folder.publish(*lists)) == {
        "FOLK-ROCK.m3u8",
        "Folk-Rock (tagger).m3u8",
        "Folk-Rock (tagger 2).m3u8",
        "_con.m3u8",
        "_con (tagger).m3u8",
    }
    assert {parse(data).genre for data in folder.files().values()} == set(genres)
    assert set(folder.publish(*reversed(lists)).values()) == {"unchanged"}
    [kept] = [name for name, data in folder.files().items() if b"=Folk/Rock\n" in data]
    assert folder.publish(lists[0])[kept] == "unchanged"
    assert set(folder.files()) == {kept}


def test_a_renamed_genre_takes_over_a_name_that_differs_in_case(folder):
    folder.publish(rock("a", genre="rock"))
    done = folder.publish(rock("a", genre="Rock"))
    assert done == {"rock.m3u8": "removed", "Rock.m3u8": "created"}
    assert set(folder.files()) == {"Rock.m3u8"}


def test_another_extension_replaces_the_old_files(folder):
    folder.publish(rock("a"))
    assert folder.publish(rock("a"), suffix=".m3u") == {
        "Rock.m3u8": "removed",
        "Rock.m3u": "created",
    }
    assert folder.reasons == ["now Rock.m3u"]


def test_another_folders_playlists_are_left_alone(folder, tmp_path):
    folder.publish(rock("a"))
    other = Folder(tmp_path / "New")
    other.record = dict(folder.record)
    assert other.publish() == {}
    assert set(folder.files()) == {"Rock.m3u8"}


def test_hostile_genres_stay_in_the_folder(folder):
    genres = ["../../evil", "/etc/passwd", "..", "~", "\0", "a" * 500, "x\ny"]
    track = Listed("/m/a.mp3", ListedTags())
    lists = lists_of({track: tuple(genres)}, PlaylistSettings(), Names(whole=frozenset(genres)))
    composed = compose(lists, absolute())
    folder.publish(*composed.playlists)
    assert len(folder.files()) == len(composed.playlists) == 4
    outside = [p for p in folder.path.parent.parent.rglob("*") if folder.path not in p.parents]
    assert sorted(outside) == [folder.path.parent, folder.path]


def test_a_new_playlist_follows_the_umask_and_an_old_one_keeps_its_mode(folder):
    old = os.umask(0o027)
    try:
        folder.publish(rock("a"))
        path = folder.path / "Rock.m3u8"
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o664)
        folder.publish(rock("b"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o664
    finally:
        os.umask(old)


def test_a_playlist_of_tagger_that_cannot_be_read_is_an_error_and_gets_no_second_one(
    folder, monkeypatch
):
    folder.publish(rock("a"), suffix=".nsp")
    path = folder.path / "Rock.nsp"

    def refuse(file, _):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), file)

    with monkeypatch.context() as patch, pytest.raises(PlaylistError) as caught:
        patch.setattr("tagger.playlists.folder._without_following", refuse)
        folder.publish(rock("a"), suffix=".nsp")
    assert caught.value.path == path
    assert set(folder.files()) == {"Rock.nsp"}
    assert folder.publish(rock("a"), suffix=".nsp") == {"Rock.nsp": "unchanged"}


def test_leftovers_of_a_killed_run_are_removed(folder):
    folder.publish(rock("a"))
    (folder.path / ".tagger-0123456789abcdef.tmp").write_bytes(b"half")
    folder.publish(rock("a"))
    assert set(folder.files()) == {"Rock.m3u8"}


def test_an_impossible_folder_is_one_error(tmp_path):
    (tmp_path / "file").write_text("")
    for path in [tmp_path / "file", tmp_path / "file" / "below"]:
        with pytest.raises(PlaylistError) as caught:
            publish(path, [rock("a")], suffix=".m3u8", recorded={})
        assert caught.value.path == path


def test_a_failed_write_is_reported_and_the_playlist_unchanged(folder):
    folder.publish(rock("a"), rock("a", genre="Pop"))
    before, record = folder.files(), folder.record
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))  # as on a full disk
    try:
        done = folder.publish(rock("b"), rock("b", genre="Jazz"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert done == {"Pop.m3u8": "removed", "Rock.m3u8": "refused", "Jazz.m3u8": "refused"}
    step = "raise the limit `ulimit -f`, or use a file system for large files"
    assert folder.reasons[1:] == [f"{os.strerror(errno.EFBIG)} ({step})"] * 2
    assert folder.files() == {"Rock.m3u8": before["Rock.m3u8"]}
    [path] = folder.record
    assert folder.record[path] == record[path]


genre_names = st.sampled_from(["Rock", "rock", "ROCK", "Folk/Rock", "Folk-Rock", "Pop", "con", "é"])
own_names = st.sampled_from(["Rock.m3u8", "ROCK (tagger).m3u8", "mine.m3u", "Pop.m3u8", "x.txt"])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sets(genre_names), min_size=1, max_size=4),
    st.dictionaries(own_names, st.just(b"#EXTM3U\nown.mp3\n"), max_size=3),
    st.booleans(),
)
def test_any_sequence_of_changes_leaves_own_playlists_right_and_user_playlists_unchanged(
    runs, own, keep_record
):
    with TemporaryDirectory() as name:
        folder = Folder(Path(name))
        for file, data in own.items():
            (folder.path / file).write_bytes(data)
        for wanted in runs:
            folder.publish(*(rock("a", genre=genre) for genre in wanted))
            files = folder.files()
            assert {file: files.pop(file) for file in own} == own
            assert sorted(parse(data).genre for data in files.values()) == sorted(wanted)
            everything = [file.casefold() for file in [*files, *own]]
            assert len(everything) == len(set(everything))
            if not keep_record:
                folder.record = {}


# ---------------------------------------------------------------- from the store


def test_lists_count_as_their_genres_and_words_for_no_genre_get_no_playlist(tmp_path):
    music = tmp_path / "music"
    names = {
        "a": ("Rock/Pop",),
        "b": ("Rock; Ska",),
        "c": ("Other", "unknown"),
        "d": ("Folk / World",),
    }
    settings = Settings(library=LibrarySettings(roots=(music,)))
    with Store(tmp_path / "state") as store:
        for name, genres in names.items():
            path, identity = music / name, FileIdentity(1, ord(name), 1, 1)
            store.files.put(Track(path, music, identity, TrackTags(genres=genres)))
        edit = GenreEdit(music / "d", (), ("Folk / World",), "{}")
        store.journal.confirm(store.journal.intend(store.runs.start("scan"), music, edit))
        refreshed = refresh_all(settings, [music], store, dry_run=True)
    assert {change.genre for change in refreshed.changes} == {"Rock", "Pop", "Ska", "Folk / World"}
