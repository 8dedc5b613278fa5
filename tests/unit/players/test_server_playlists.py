"""Playlists that players keep themselves, and the command of the user."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bundles
import media
import pytest
from hypothesis import given
from hypothesis import strategies as st
from player_servers import PASSWORD, StandIn

from tagger import config
from tagger.errors import PlayerError
from tagger.players import Changes, PlayerList, PlayerTrack, configured_players, notify_all, scans
from tagger.players.command import CommandPlayer
from tagger.players.server_playlists import Song, SongIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module", autouse=True)
def soon() -> Iterator[None]:
    """Ask soon again whether a scan is going on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scans, "POLL_SECONDS", 0.01)
        yield


@pytest.fixture
def subsonic() -> Iterator[StandIn]:
    with StandIn("subsonic") as stand_in:
        stand_in.songs = [
            {"id": f"s{number}", "path": f"Album/{number}.mp3", "title": f"T{number}"}
            for number in range(3)
        ]
        yield stand_in


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], config.PlayerSettings]:
    def load(text):
        file = tmp_path / "config.toml"
        file.write_text(text)
        return config.load(file).players

    return load


def playlist(name, *numbers, mark=""):
    tracks = (PlayerTrack(f"/m/Album/{n}.mp3", f"T{n}", "", "") for n in numbers)
    return PlayerList(name, mark or f"genre={name}", tuple(tracks))


def changed(*lists):
    changes = Changes()
    changes.file(Path("/m/Album/0.mp3"))
    changes.lists = lists
    return changes


def kept(server):
    return {p["name"]: [e["id"] for e in p["entry"]] for p in server.playlists.values()}


# A Subsonic server


def test_a_server_keeps_the_playlists_in_order_after_its_scan(subsonic, load):
    players = load(subsonic.table("playlists = true"))
    subsonic.busy = 2
    changes = changed(playlist("Rock", 2, 0), playlist("Pop", 1), playlist("Missing", 7))
    assert notify_all(players, changes) == {"subsonic": None}
    assert kept(subsonic) == {"Rock": ["s2", "s0"], "Pop": ["s1"]}
    asked = [path for path, _ in subsonic.asked]
    assert asked.index("/rest/search3") > asked.index("/rest/getScanStatus")
    ids = {p["name"]: key for key, p in subsonic.playlists.items()}
    fewer = changed(playlist("Genre: Rock", 2, mark="genre=Rock"))
    assert notify_all(players, fewer) == {"subsonic": None}
    assert kept(subsonic) == {"Genre: Rock": ["s2"]}
    assert list(subsonic.playlists) == [ids["Rock"]]
    subsonic.asked.clear()
    assert notify_all(players, fewer) == {"subsonic": None}
    changing = {"/rest/createPlaylist", "/rest/updatePlaylist", "/rest/deletePlaylist"}
    assert not changing & {path for path, _ in subsonic.asked}


def fail_at_each_request(server, notify, begin, fault):
    """Yield the error of a notice that fails at each of its requests in turn."""
    begin()
    notify()
    for number in range(len(server.asked)):
        begin()
        server.fault, server.fault_after = fault, number
        error = notify()
        server.fault = None
        yield error


with_faults = pytest.mark.parametrize(
    "fault",
    [
        "fails",
        "an empty object",
        *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("garbage", "closes")),
    ],
)


@with_faults
def test_a_fault_at_any_request_leaves_no_lost_and_no_double_playlist(subsonic, load, fault):
    players = load(subsonic.table("playlists = true"))
    theirs = {"id": "1", "name": "Mine", "owner": "ada", "comment": "", "entry": [{"id": "s1"}]}
    old = {"id": "2", "name": "Old", "owner": "ada", "comment": "Kept by tagger: genre=Old"}
    changes = changed(playlist("Rock", 2, 0), playlist("Pop", 1))

    def begin():
        subsonic.playlists = {"1": dict(theirs), "2": old | {"entry": [{"id": "s0"}]}}
        subsonic.asked.clear()

    def notify():
        return notify_all(players, changes)["subsonic"]

    faults = 0
    for error in fail_at_each_request(subsonic, notify, begin, fault):
        assert error or fault == "an empty object"
        faults += error is not None
        assert notify() is None
        assert kept(subsonic) == {"Mine": ["s1"], "Rock": ["s2", "s0"], "Pop": ["s1"]}
        assert subsonic.playlists["1"] == theirs
    assert faults > 10 or fault == "an empty object"


@with_faults
def test_a_fault_of_plex_at_any_request_is_an_error_and_the_next_notice_is_complete(
    load, tmp_path, fault
):
    (tmp_path / "Rock.m3u8").write_text("")
    with StandIn("plex") as plex:
        maps = f'[{{ from = "{tmp_path}", to = "/data/music" }}]'
        players = load(plex.table(f"playlists = true\nmap = {maps}"))
        changes = Changes()
        changes.file(tmp_path / "A/a.mp3")
        changes.playlists([tmp_path / "Rock.m3u8"])

        def notify():
            return notify_all(players, changes)["plex"]

        assert notify() is None
        complete = list(plex.notices)
        for error in fail_at_each_request(plex, notify, plex.asked.clear, fault):
            assert error or fault != "fails"
            plex.asked.clear()
            assert notify() is None
            assert plex.notices == complete


def test_a_users_playlist_on_a_server_is_never_changed(subsonic, load):
    theirs = {
        "1": {"id": "1", "name": "Rock", "owner": "ada", "comment": "mine", "entry": []},
        "2": {
            "id": "2",
            "name": "Pop",
            "owner": "somebody",
            "comment": "Kept by tagger: genre=Pop",
            "entry": [],
        },
    }
    subsonic.playlists = {key: dict(value) for key, value in theirs.items()}
    players = load(subsonic.table("playlists = true\nscan = false"))
    assert notify_all(players, changed(playlist("Rock", 0))) == {"subsonic": None}
    assert kept(subsonic)["Rock (tagger)"] == ["s0"]
    assert notify_all(players, changed(playlist("Jazz", 1))) == {"subsonic": None}
    assert kept(subsonic) == {"Rock": [], "Pop": [], "Jazz": ["s1"]}
    assert {key: subsonic.playlists[key] for key in theirs} == theirs


def test_a_user_in_other_letter_case_owns_the_playlists(subsonic, load):
    table = subsonic.table("playlists = true")
    players = load(table.replace('"ada"', '"Ada"'))
    for _ in range(2):
        assert notify_all(players, changed(playlist("Rock", 0))) == {"subsonic": None}
    assert [one["name"] for one in subsonic.playlists.values()] == ["Rock"]


def test_a_server_without_the_tracks_is_an_error_and_keeps_its_playlists(subsonic, load):
    players = load(subsonic.table("playlists = true"))
    notify_all(players, changed(playlist("Rock", 0)))
    subsonic.songs = []
    error = notify_all(players, changed(playlist("Rock", 0)))["subsonic"]
    assert "none of the tracks" in error.reason
    assert kept(subsonic) == {"Rock": ["s0"]}
    subsonic.playlists.clear()
    subsonic.songs = [{"id": str(n), "path": f"{n}.mp3"} for n in range(1200)]
    notify_all(players, changed(playlist("Rock", 1199)))
    assert kept(subsonic) == {"Rock": ["1199"]}


def test_a_server_whose_empty_search_finds_nothing_is_asked_for_each_album(subsonic, load):
    subsonic.finds_all = False
    subsonic.songs = [{"id": f"s{n}", "path": f"Album/{n}.mp3"} for n in range(502)]
    players = load(subsonic.table("playlists = true"))
    assert notify_all(players, changed(playlist("Rock", 501, 0))) == {"subsonic": None}
    assert kept(subsonic) == {"Rock": ["s501", "s0"]}


def test_a_server_without_comments_keeps_the_playlists_under_the_name_of_the_mark(subsonic, load):
    subsonic.keeps_comments = False
    players = load(subsonic.table("playlists = true"))
    for numbers in ((2, 0), (1,)):
        assert notify_all(players, changed(playlist("Rock", *numbers))) == {"subsonic": None}
        entries = [f"s{number}" for number in numbers]
        assert kept(subsonic) == {"Kept by tagger: genre=Rock": entries}


def test_a_server_without_tokens_gets_the_password_in_the_body(subsonic, load):
    players = load(subsonic.table('login = "password"\nscan = false'))
    [player] = configured_players(players)
    assert player.check() == "the Subsonic server 1.0"
    assert PASSWORD.encode().hex() not in str(subsonic.asked)


def test_a_run_hands_its_lists_to_the_server_and_an_undo_takes_them_back(program, subsonic):
    program.configure(subsonic.table("playlists = true"))
    for number, sound in enumerate([bundles.low, bundles.low, bundles.high]):
        path = program.music / f"Album/{number}.mp3"
        path.parent.mkdir(exist_ok=True)
        media.make(path, "mp3", signal=sound())
    assert program.run("scan", "--no-albums").code == 0
    assert kept(subsonic) == {"Classical": ["s0", "s1"], "Metal": ["s2"]}
    assert program.run("undo", program.music / "Album/1.mp3").code == 0
    assert kept(subsonic) == {"Classical": ["s0"], "Metal": ["s2"]}
    assert program.run("undo").code == 0
    assert kept(subsonic) == {}


# The songs of a server


def song(id_, path, title="", artist="", album=""):
    return Song(id_, path, title, artist, album)


def track(path, title="", artist="", album=""):
    return PlayerTrack(path, title, artist, album)


def test_a_track_is_found_by_its_path_then_by_its_tags():
    index = SongIndex(
        [
            song("1", "Album/a.mp3"),
            song("2", "Artist/Album/a.mp3"),
            song("3", "made/up/x.mp3", "Song", "Ärtist", "Album"),
            song("4", "other/y.mp3", "Twice", "A", "B"),
            song("5", "other/z.mp3", "Twice", "A", "B"),
        ]
    )
    assert index.find(track("/music/Artist/Album/a.mp3")) == "2"
    assert index.find(track("/music/Other/Album/a.mp3")) == "1"
    assert index.find(track("/music/b.mp3", "SONG", "ärtist", "album")) == "3"
    assert index.find(track("/music/b.mp3", "Twice", "A", "B")) is None
    assert index.find(track("/music/Else/a.mp3")) is None


parts = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)


@given(st.lists(parts), parts)
def test_a_found_song_has_a_path_that_ends_the_path_of_the_track(paths, own):
    index = SongIndex(song(str(n), "/".join(path)) for n, path in enumerate(paths))
    found = index.find(track("/m/" + "/".join(own)))
    if found is not None:
        assert own[-len(paths[int(found)]) :] == paths[int(found)] or paths[int(found)][0] == "m"


def test_a_scan_that_begins_after_the_answer_is_waited_for(subsonic, load, tmp_path):
    subsonic.late, subsonic.busy = 1, 3
    players = load(subsonic.table("playlists = true"))
    assert notify_all(players, changed(playlist("Rock", 0))) == {"subsonic": None}
    assert subsonic.busy <= 0
    (tmp_path / "Rock.m3u8").touch()
    with StandIn("plex") as plex:
        plex.late, plex.busy = 2, 3  # the first question is for the sections
        maps = f'map = [{{ from = "{tmp_path}", to = "/data/music" }}]'
        players = load(plex.table(f"playlists = true\n{maps}"))
        changes = Changes()
        changes.playlists([tmp_path / "Rock.m3u8"])
        assert notify_all(players, changes) == {"plex": None}
        assert plex.notices[-1][0] == "/playlists/upload"
        assert plex.busy <= 0


def test_a_playlist_that_a_slow_server_made_twice_is_one_again(subsonic, load):
    mark = "Kept by tagger: genre=Rock"
    subsonic.playlists = {
        "1": {"id": "1", "name": "Rock", "owner": "ada", "comment": mark, "entry": []},
        "2": {"id": "2", "name": mark, "owner": "ada", "entry": [{"id": "s0"}]},
        "3": {"id": "3", "name": mark, "owner": "eve", "entry": [{"id": "s0"}]},
    }
    players = load(subsonic.table("playlists = true"))
    assert notify_all(players, changed(playlist("Rock", 0, 1))) == {"subsonic": None}
    assert kept(subsonic) == {"Rock": ["s0", "s1"], mark: ["s0"]}
    assert subsonic.playlists.keys() == {"1", "3"}


def test_a_playlist_of_many_songs_with_all_of_their_tags_is_read(subsonic, load):
    players = load(subsonic.table("playlists = true"))
    assert notify_all(players, changed(playlist("Rock", 0, 1))) == {"subsonic": None}
    [rock] = subsonic.playlists.values()
    rock["entry"][0]["title"] = "x" * 1500 * 30_000
    assert notify_all(players, changed(playlist("Rock", 0, 1, 2))) == {"subsonic": None}
    assert kept(subsonic) == {"Rock": ["s0", "s1", "s2"]}


# Plex


def test_plex_scans_the_changed_folders_and_imports_the_changed_playlists(load, tmp_path):
    lists = tmp_path / "Lists"
    lists.mkdir()
    (lists / "Rock & Roll.m3u8").write_text("")
    maps = f'[{{ from = "{tmp_path}", to = "/data/music" }}, {{ from = "/w", to = \'D:\\Music\' }}]'
    with StandIn("plex") as plex:
        players = load(plex.table(f"playlists = true\nmap = {maps}"))
        plex.busy = 3
        changes = Changes()
        changes.file(tmp_path / "A/a.mp3")
        changes.file(Path("/w/B/b.mp3"))
        changes.playlists([lists / "Rock & Roll.m3u8", lists / "gone.m3u8", lists / "x.nsp"])
        assert notify_all(players, changes) == {"plex": None}
        assert sorted(plex.notices, key=str) == [
            ("/library/sections/2/refresh", {"path": "/data/music/A"}),
            ("/library/sections/2/refresh", {"path": "/data/music/Lists"}),
            ("/library/sections/3/refresh", {"path": "D:\\Music\\B"}),
            (
                "/playlists/upload",
                {"sectionID": "2", "path": "/data/music/Lists/Rock & Roll.m3u8"},
            ),
        ]
        assert plex.busy <= 0


def test_plex_scans_every_section_that_a_folder_is_in_or_contains(load):
    with StandIn("plex") as plex:
        plex.music = {"2": "/data/music", "3": "/data/music/Jazz"}
        players = load(plex.table('map = [{ from = "/m", to = "/data" }]'))

        def scans(folder):
            plex.asked.clear()
            changes = Changes()
            changes.file(Path(folder) / "a.mp3")
            assert notify_all(players, changes) == {"plex": None}
            return [(path.split("/")[3], query.get("path")) for path, query in plex.notices]

        assert scans("/m") == [("2", None), ("3", None)]
        assert scans("/m/music") == [("2", "/data/music"), ("3", None)]
        assert scans("/m/music/Jazz/A") == [(key, "/data/music/Jazz/A") for key in "23"]
        assert scans("/m/music/Rock") == [("2", "/data/music/Rock")]
        assert scans("/m/films") == [("2", "/data/films")]


def test_a_folder_of_playlists_for_another_player_is_no_change_for_a_player_with_a_map(load):
    maps = 'map = [{ from = "/m", to = "/music" }]'
    with StandIn("jellyfin") as jellyfin, StandIn("kodi") as kodi:
        players = load(jellyfin.table(maps) + kodi.table(maps))
        changes = Changes()
        changes.playlists([Path("/dj/Rock.m3u8")])
        assert notify_all(players, changes) == {"jellyfin": None, "kodi": None}
        assert jellyfin.notices + kodi.notices == []
        changes.file(Path("/m/A/a.mp3"))
        changes.playlists([Path("/m/Lists/Rock.m3u8")])
        notify_all(players, changes)
        [(_, body)] = jellyfin.notices
        assert [update["Path"] for update in body["Updates"]] == ["/music/A", "/music/Lists"]
        assert kodi.notices[-1][1]["directory"] == "/music/"


# The command of the user


def test_the_command_reads_the_changed_folders(load, tmp_path):
    script = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    words = [sys.executable, "-c", script, str(tmp_path / "seen; ls")]
    players = load(f"[players]\ncommand = {words!r}")
    changes = changed()
    changes.file(Path("/m/line\nbreak/a.mp3"))
    changes.file(Path("/other/é/a.mp3"))
    assert notify_all(players, changes) == {"command": None}
    assert sorted((tmp_path / "seen; ls").read_text().splitlines()) == [
        "/m",
        "/m/Album",
        "/other/é",
    ]
    [player] = configured_players(players)
    assert player.check()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["false"], "exit code 1"),
        (["/nowhere/command"], "cannot be started"),
        (["sh", "-c", "sleep 100 & sleep 100"], "does not end within"),
    ],
)
def test_a_failing_command_is_an_error_with_a_next_step(words, reason):
    player = CommandPlayer(words, seconds=0.3)
    with pytest.raises(PlayerError, match=reason) as caught:
        player.refresh(changed())
    assert caught.value.hint
    assert shlex.join(words) not in str(caught.value)
