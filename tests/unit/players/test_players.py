"""Players are told once, when all is done, and only then; and what they do wrong harms nothing."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import bundles
import media
import pytest
from bundles import song
from daemons import Watcher, until
from hypothesis import given
from hypothesis import strategies as st
from mpd_client import Mpd
from player_servers import ANSWERS, PASSWORD, RAW, SLOW, TABLES, Babbler, StandIn

from tagger import config
from tagger.doctor.players import answers, exposed_secrets
from tagger.errors import ConfigError, PlayerError
from tagger.players import Changes, PlayerNotifier, configured_players, notify_all
from tagger.players.changes import MAX_FOLDERS, player_path
from tagger.players.http import WebServer
from tagger.players.mpd import MpdPlayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(params=TABLES)
def player(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    with StandIn(request.param) as stand_in:
        yield stand_in


@pytest.fixture
def jellyfin() -> Iterator[StandIn]:
    with StandIn("jellyfin") as stand_in:
        yield stand_in


@pytest.fixture
def kodi() -> Iterator[StandIn]:
    with StandIn("kodi") as stand_in:
        yield stand_in


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., config.Settings]:
    def load(text, name="config.toml"):
        file = tmp_path / name
        file.write_text(text)
        file.chmod(0o600)
        return config.load(file)

    return load


def changed(*folders):
    changes = Changes()
    for folder in folders:
        changes.file(Path(folder) / "a.mp3")
    return changes


# What each player is told

TOLD = {
    "navidrome": [("/rest/startScan", {})],
    "subsonic": [("/rest/startScan", {})],
    "jellyfin": [("/Library/Refresh", None)],
    "emby": [("/Library/Refresh", None)],
    "plex": [("/library/sections/2/refresh", {}), ("/library/sections/3/refresh", {})],
    "kodi": [("AudioLibrary.Scan", {"showdialogs": False})],
    "lyrion": [(["rescan"], None)],
}


def test_each_player_gets_the_requests_of_its_documentation(player, load):
    players = load(player.table()).players
    assert notify_all(players, changed("/m/Artist/Album", "/m/Lists")) == {player.kind: None}
    assert player.notices == TOLD[player.kind]
    [configured] = configured_players(players)
    assert player.kind in configured.check().lower()
    assert player.notices == TOLD[player.kind]


def test_no_changes_and_default_settings_notify_no_player(player, load):
    assert notify_all(load(player.table()).players, Changes()) == {}
    assert notify_all(config.PlayerSettings(), changed("/m")) == {}
    assert player.asked == []


MAP = 'map = [{ from = "/nowhere/m", to = "smb://nas/music/" }]'


def test_folders_have_the_paths_of_the_player(jellyfin, kodi, load):
    players = load(jellyfin.table(MAP) + kodi.table(MAP)).players
    changes = changed("/nowhere/m/a\u2028b/c", "/nowhere/m/x/y", "/nowhere/m/x", "/nowhere/m/x/z")
    assert notify_all(players, changes) == {"jellyfin": None, "kodi": None}
    [(_, body)] = jellyfin.notices
    assert [u["Path"] for u in body["Updates"]] == ["smb://nas/music", "smb://nas/music/x"]
    assert kodi.notices[-1][1]["directory"] == "smb://nas/music/"
    assert notify_all(players, changed("/nowhere/m/é"))["kodi"] is None
    assert kodi.notices[-1][1]["directory"] == "smb://nas/music/é/"
    assert jellyfin.notices[-1][1]["Updates"][0]["Path"] == "smb://nas/music/é"
    assert not any(notify_all(players, changed("/nowhere/m/x", "/elsewhere")).values())
    assert jellyfin.notices[-1] == ("/Library/Refresh", None)
    assert "directory" not in kodi.notices[-1][1]


def test_a_running_scan_of_kodi_is_not_ended(kodi, load):
    kodi.scans = True
    error = notify_all(load(kodi.table()).players, changed("/m"))["kodi"]
    assert "at present" in error.reason
    assert kodi.notices == []


def test_a_navidrome_user_without_administration_is_an_error(load):
    with StandIn("navidrome") as navidrome:
        navidrome.admin = False
        players = load(navidrome.table()).players
        assert "administrator" in notify_all(players, changed("/m"))["navidrome"].hint
        with pytest.raises(PlayerError, match="administrator"):
            configured_players(players)[0].check()


# What players do wrong


@pytest.mark.parametrize("fault", [*RAW, *ANSWERS])
def test_a_faulty_player_is_an_error_with_a_next_step(player, fault, load):
    player.fault = fault
    players = load(player.table()).players
    error = notify_all(players, changed("/m"), timeout=60)[player.kind]
    assert isinstance(error, PlayerError)
    assert error.hint
    with pytest.raises(PlayerError) as caught:
        configured_players(players)[0].check()
    assert str(caught.value) == str(error)
    expected = {
        "refuses": "refuses the login",
        "redirects": "redirects",
        "fails": "error 500",
    }
    assert expected.get(fault, "") in error.reason
    assert PASSWORD not in str(error)
    assert player.asked == []


@pytest.mark.parametrize("fault", SLOW)
def test_a_player_that_hangs_or_drips_is_given_up(jellyfin, fault):
    jellyfin.fault = fault
    server = WebServer("Jellyfin", "jellyfin", jellyfin.url, timeout=0.2)
    with pytest.raises(PlayerError, match=r"does not answer within 0\.2 seconds"):
        server.request("GET", "/System/Info", b"", {})


def test_each_player_that_hangs_is_given_up_without_its_password_in_the_error(player, load):
    player.fault = "hangs"
    error = notify_all(load(player.table()).players, changed("/m"), timeout=0.3)[player.kind]
    assert "in time" in error.reason
    assert PASSWORD not in f"{error} {error.hint}"
    assert player.hanging.wait(60)


@pytest.mark.parametrize("kind", TABLES)
def test_a_player_with_an_unknown_certificate_gets_no_request(kind, certificate, load, monkeypatch):
    with StandIn(kind, certificate) as stand_in:
        players = load(stand_in.table()).players
        error = notify_all(players, changed("/m"))[kind]
        assert "is not trusted" in error.reason
        assert f"players.{kind}.url" in error.hint
        assert stand_in.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert notify_all(players, changed("/m")) == {kind: None}
        assert stand_in.notices == TOLD[kind]


def test_a_wrong_password_and_a_missing_player_are_different_errors(player, load):
    wrong = player.table().replace(PASSWORD, "guessed")
    error = notify_all(load(wrong).players, changed("/m"))[player.kind]
    assert "refuses the login" in error.reason
    assert f"players.{player.kind}." in error.hint
    port = f":{player.port}"
    absent = load(player.table().replace(port, ":1")).players
    error = notify_all(absent, changed("/m"))[player.kind]
    assert "Connection refused" in error.reason
    assert f"players.{player.kind}.url" in error.hint
    unsafe = load(player.table().replace("http://", "https://")).players
    assert "does not speak TLS" in notify_all(unsafe, changed("/m"))[player.kind].reason


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_an_ipv6_address_without_a_port_has_the_port_of_its_scheme(scheme, port, monkeypatch):
    asked = []

    def refuse(address, *_):
        asked.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refuse)
    for host in ("2001:db8::10", "fd00::abcd"):
        with pytest.raises(PlayerError, match="Connection refused"):
            WebServer("Kodi", "kodi", f"{scheme}://[{host}]").request("GET", "/", b"", {})
    assert asked == [("2001:db8::10", port), ("fd00::abcd", port)]


def test_a_proxy_of_the_environment_gets_no_password(player, load, monkeypatch):
    with Babbler() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.address}")
        assert notify_all(load(player.table()).players, changed("/m")) == {player.kind: None}


def test_a_hanging_player_delays_neither_the_others_nor_the_caller(jellyfin, kodi, load):
    kodi.fault = "hangs"
    players = load(jellyfin.table() + kodi.table()).players
    became = notify_all(players, changed("/m"), timeout=0.5)
    assert became["jellyfin"] is None
    assert "in time" in became["kodi"].reason


def test_the_changes_of_a_failed_notice_go_with_the_next_notice(jellyfin, load):
    news = []
    notifier = PlayerNotifier(lambda *what: news.append(what))
    maps = 'map = [{ from = "/nowhere", to = "/m" }]'
    players = load(jellyfin.table(maps)).players
    jellyfin.fault = "fails"
    for folder in ("a", "b"):
        notifier.notify(players, changed(f"/nowhere/{folder}"))
        assert notifier.wait(10)["jellyfin"]
    assert len(news) == 1
    jellyfin.fault = None
    for folder in ("c", "d"):
        notifier.notify(players, changed(f"/nowhere/{folder}"))
        assert notifier.wait(10) == {"jellyfin": None}
    assert [error is None for _, error in news] == [False, True]
    told = [[u["Path"] for u in body["Updates"]] for _, body in jellyfin.notices]
    assert told == [["/m/a", "/m/b", "/m/c"], ["/m/d"]]


def test_failed_notice_after_a_while_is_sent_again(jellyfin, load):
    notifier = PlayerNotifier()
    jellyfin.fault = "fails"
    notifier.notify(load(jellyfin.table()).players, changed("/m"))
    assert notifier.wait(10)["jellyfin"]
    jellyfin.fault = None
    notifier.retry()
    assert notifier.wait(10)["jellyfin"]
    notifier = PlayerNotifier(retry_after=0.0)
    jellyfin.fault = "fails"
    notifier.notify(load(jellyfin.table()).players, changed("/m"))
    assert notifier.wait(10)["jellyfin"]
    jellyfin.fault = None
    notifier.retry()
    assert notifier.wait(10) == {"jellyfin": None}
    notifier.retry()
    assert len(jellyfin.notices) == 1


def test_changes_during_a_notice_are_one_more_notice(jellyfin, load):
    jellyfin.fault = "hangs"
    notifier = PlayerNotifier()
    players = load(jellyfin.table('map = [{ from = "/nowhere", to = "/m" }]')).players
    before = set(threading.enumerate())
    notifier.notify(players, changed("/nowhere/a"))
    assert jellyfin.hanging.wait(60)
    for folder in ("b", "c", "d"):
        notifier.notify(players, changed(f"/nowhere/{folder}"))
    started = set(threading.enumerate()) - before
    assert len([thread for thread in started if thread.name == "player"]) == 1
    jellyfin.fault = None
    jellyfin.released.set()
    until(lambda: jellyfin.notices)
    assert notifier.wait(10) == {"jellyfin": None}
    assert len(jellyfin.notices) == 1
    assert len(jellyfin.notices[0][1]["Updates"]) == 4


# What changed


FOLDERS = st.lists(st.sampled_from("abcde"), max_size=5).map(lambda names: Path("/m", *names))


@given(st.lists(FOLDERS, min_size=1))
def test_the_folders_of_a_notice_cover_every_change(folders):
    changes = changed(*folders)
    told = changes.folders
    assert all(any(f.is_relative_to(t) for t in told) for f in folders)
    assert not any(a != b and a.is_relative_to(b) for a in told for b in told)
    assert all(t.is_relative_to(changes.common) for t in told)
    assert len(told) <= MAX_FOLDERS


def test_many_changes_become_a_bounded_number_of_folders():
    changes = changed(*(f"/m/{n % 60}/{n}" for n in range(5000)))
    assert changes.folders == [Path(f"/m/{n}") for n in sorted(map(str, range(60)))]
    changes = changed(*(f"/m/{n}" for n in range(5000)))
    assert changes.folders == [Path("/m")]
    assert player_path(Path("/m/b\nad/x"), [config.PathMap(Path("/m"), "/")]) == "/"
    assert player_path(Path(os.fsdecode(b"/m/a/\xff")), [config.PathMap(Path("/m"), "/")]) == "/a"
    assert player_path(Path("/n"), [config.PathMap(Path("/m"), "/")]) is None


# A real MPD


class RealMpd:
    """An MPD of its own, with a password for everything that changes something."""

    def __init__(self, folder, short):
        self.music, self.socket = folder / "Music", short / "socket"
        for name in ('Ärtist "A"/x.wav', "B/y.wav"):
            (self.music / name).parent.mkdir(parents=True)
            media.make(self.music / name, "wav")
        self._log = folder / "log"
        text = f"""
            music_directory "{self.music}"
            db_file "{folder / "database"}"
            log_file "{self._log}"
            bind_to_address "{self.socket}"
            auto_update "no"
            zeroconf_enabled "no"
            password "secret \\"one\\"@read,control,admin"
            password "reader@read"
            default_permissions ""
            local_permissions ""
            audio_output {{
                type "null"
                name "nothing"
            }}
        """
        (folder / "mpd.conf").write_text(text)
        self._process = subprocess.Popen(["mpd", "--no-daemon", str(folder / "mpd.conf")])
        while not self.socket.exists():
            assert self._process.poll() is None, self._log.read_text()
            time.sleep(0.02)

    def known(self):
        """The files in its database, once it is not updating."""
        client = Mpd(self.socket)
        client("password", 'secret "one"')
        while any(line.startswith("updating_db") for line in client("status")):
            time.sleep(0.02)
        files = client.files("listall")
        client.close()
        return files

    def stop(self):
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def mpd(tmp_path: Path) -> Iterator[RealMpd]:
    if not shutil.which("mpd"):
        pytest.skip("needs MPD (Debian: mpd)")
    with tempfile.TemporaryDirectory(prefix="mpd") as short:  # a socket's path is limited
        running = RealMpd(tmp_path, Path(short))
        yield running
        running.stop()


def test_a_real_mpd_updates_the_changed_folder(mpd, load):
    started = mpd.known()  # a new MPD looks through everything by itself
    assert len(started) == 2
    for name in ('Ärtist "A"/new.wav', "B/new.wav"):
        media.make(mpd.music / name, "wav")
    login = f'address = "{mpd.socket}"\npassword = \'secret "one"\'\n'
    mapped = f'{login}map = [{{ from = "{mpd.music}", to = "/" }}]'
    players = load(f"[players.mpd]\n{mapped}").players
    [player] = configured_players(players)
    assert player.check().startswith("MPD 0.")
    assert notify_all(players, changed(mpd.music / 'Ärtist "A"')) == {"mpd": None}
    assert mpd.known() == started | {'Ärtist "A"/new.wav'}
    everywhere = load(f"[players.mpd]\n{login}").players
    assert notify_all(everywhere, changed(mpd.music / "B")) == {"mpd": None}
    assert mpd.known() == started | {'Ärtist "A"/new.wav', "B/new.wav"}

    for password, reason in (
        ("guess", "refuses the password"),
        ("reader", "does not permit"),
        ("", "does not permit"),
        ("two\\nlines", "MPD cannot receive"),
    ):
        text = f'[players.mpd]\naddress = "{mpd.socket}"\npassword = "{password}"'
        players = load(text).players
        assert reason in notify_all(players, changed("/m"))["mpd"].reason
        with pytest.raises(PlayerError, match=reason):
            configured_players(players)[0].check()


@pytest.mark.parametrize(
    ("says", "hangs", "reason"),
    [
        (b"", True, "does not answer within"),
        (b"OK MPD 0.23.5\n", True, "does not answer within"),
        (b"OK MPD 0.23.5\nvolume: 1\n", False, "closes the connection"),
        (b"", False, "closes the connection"),
        (b"220 mail\r\n", False, "does not answer like MPD"),
        (b"OK MPD 0.23.5\n" + b"x" * 100_000, False, "does not answer like MPD"),
        (b"OK MPD 0.23.5\n" + b"x\n" * 2000, False, "does not answer like MPD"),
        (b"OK MPD 0.23.5\nACK [54@0] {update} busy\n", False, "the error 54"),
    ],
)
def test_a_faulty_mpd_is_an_error_with_a_next_step(says, hangs, reason, load):
    with Babbler(says, hangs=hangs) as babbler:
        players = load(f'players.mpd.address = "{babbler.address}"').players
        player = MpdPlayer(players.mpd, timeout=0.2 if hangs else 60.0)
        with pytest.raises(PlayerError) as caught:
            player.refresh(changed("/m"))
        assert reason in caught.value.reason
        assert caught.value.hint
    error = notify_all(players, changed("/m"))["mpd"]
    assert "Connection refused" in error.reason
    absent = load('players.mpd.address = "/nowhere/socket"').players
    assert "No such file" in notify_all(absent, changed("/m"))["mpd"].reason


# The configuration


REFUSED = {
    '[players.kodi]\nurl = "kodi:8080"': "line 2: players.kodi.url: not the address of a web",
    '[players.kodi]\nurl = "http://a:b@c"': "line 2: players.kodi.url: not the address of a web",
    '[players.kodi]\nurl = "http://[::1"': "line 2: players.kodi.url: not the address of a web",
    '[players.kodi]\nurl = "http://c:99999"': "line 2: players.kodi.url: not the address of a web",
    '[players.mpd]\naddress = "run/mpd"': "line 2: players.mpd.address: neither a host nor the",
    '[players.mpd]\nadress = "nas"': "line 2: players.mpd.adress: unknown key (did you mean "
    "players.mpd.address?)",
    "[players.kodi]\npasswd = 'x'": "line 2: players.kodi.passwd: unknown key (did you mean ",
    "[players.foobar]\nurl = 'x'": "line 1: players.foobar: unknown key",
    "[players.plex]\nurl = 'http://n'": "line 2: players.plex.url: Plex requires a token",
    "[players.plex]\nplaylists = true": "line 2: players.plex.playlists: Plex imports",
    "[players.emby]\nurl = 'http://n'": "line 2: players.emby.url: Emby requires an API key",
    "[players.subsonic]\nurl = 'http://n'": "line 2: players.subsonic.url: the server requires",
    "[players.subsonic]\nlogin = 'x'": "line 2: players.subsonic.login: 'x' is not possible",
    '[players]\ncommand = ["a\\u0000"]': "line 2: players.command: expected text that is not blank",
    "[players.kodi]\npassword = 5": "line 2: players.kodi.password: expected text, or {",
    "[players.kodi]\npassword = { flie = 'x' }": "line 2: players.kodi.password: expected text",
    "[players.kodi]\npassword = '********'": "line 2: players.kodi.password: is the mask of ",
    "[players.navidrome]\nurl = 'http://n'": "line 2: players.navidrome.url: Navidrome requires an",
    "[players.jellyfin]\nurl = 'http://n'": "line 2: players.jellyfin.url: Jellyfin requires an",
}


@pytest.mark.parametrize("text", REFUSED)
def test_an_invalid_player_configuration_is_refused_with_its_line(text, load, tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert str(caught.value).removeprefix(f"{tmp_path / 'config.toml'}: ").startswith(REFUSED[text])


def test_a_password_is_read_from_its_own_file(player, load, tmp_path):
    table = player.table().replace(f'"{PASSWORD}"', '{ file = "secret" }')
    players = load(table).players
    error = notify_all(players, changed("/m"))[player.kind]
    assert isinstance(error, ConfigError)
    assert error.path == tmp_path / "secret"
    (tmp_path / "secret").write_text(f"{PASSWORD}\n")
    assert notify_all(players, changed("/m")) == {player.kind: None}
    shown = config.to_toml(load(table))
    assert load(shown).players == players


def test_a_password_is_shown_in_no_output_after_any_fault(player, program, caplog):
    program.configure(player.table())
    program.config.chmod(0o644)
    settings = config.load(program.config)
    said = [repr(settings), config.to_toml(settings)]
    with caplog.at_level(logging.DEBUG):
        for fault in (None, *RAW, *ANSWERS):
            player.fault = fault
            said.append(str(notify_all(settings.players, changed("/m"))))
            said += [str(finding) for finding in exposed_secrets(settings.players)]
            said += [str(answers(one)) for one in configured_players(settings.players)]
    ran = program.run("config", "show")
    said += [ran.out, ran.err, caplog.text]
    program.config.write_text(program.config.read_text().replace("user", "usre") + "[library\n")
    ran = program.run("config", "show")
    assert ran.code == 2
    said += [ran.out, ran.err]
    assert "********" in ran.out + said[1]
    assert "other users may read it" in "".join(said)
    assert not any(PASSWORD in text or "Passw0rd" in text for text in said)


# The program


def test_commands_notify_players_at_their_end_only_after_a_change(program, jellyfin, kodi):
    program.configure(jellyfin.table() + kodi.table())

    def told(*args):
        jellyfin.asked.clear()
        ran = program.run(*args)
        assert ran.code == 0, ran.err
        return len(jellyfin.notices), ran

    for number in range(2):
        song(program.music / f"{number}.mp3", album="A", title=f"{number}")
    assert told("scan", "--dry-run")[0] == 0
    kodi.fault = "fails"
    count, ran = told("scan", "--json")
    assert (count, ran.summary["set"]) == (1, 2)
    assert ran.summary["players"] == {"jellyfin": "told", "kodi": "failed"}
    assert ran.err.startswith("player kodi: ")
    assert told("scan")[0] == 0
    assert told("playlists")[0] == 0
    (program.music / "Playlists/Genres/Classical.m3u8").unlink()
    assert told("playlists", "--dry-run")[0] == 0
    count, ran = told("playlists")
    assert (count, "player kodi" in ran.err) == (1, True)
    assert told("undo", "--dry-run")[0] == 0
    count, ran = told("undo", "--json")
    assert (count, ran.summary["set"], ran.summary["players"]["kodi"]) == (1, 2, "failed")
    assert told("undo")[0] == 0


def test_doctor_reports_players_that_do_not_answer(program, jellyfin, kodi):
    kodi.fault = "refuses"
    program.configure(jellyfin.table() + kodi.table())
    program.config.chmod(0o644)
    ran = program.run("doctor", "--json")
    found = {finding["name"]: finding for finding in ran.objects}
    assert ran.code == 1
    assert (found["player jellyfin"]["level"], found["player kodi"]["level"]) == ("ok", "failed")
    assert "players.kodi.password" in found["player kodi"]["next_step"]
    assert found["players.kodi.password"]["next_step"] == f"chmod 600 {program.config}"
    assert jellyfin.notices == []


def test_doctor_continues_after_an_answer_that_no_code_expects(program, kodi, monkeypatch):
    monkeypatch.setattr("tagger.players.kodi.KodiPlayer.check", lambda _: None + 1)
    program.configure(kodi.table())
    program.config.chmod(0o644)
    found = {finding["name"]: finding for finding in program.run("doctor", "--json").objects}
    assert found["player kodi"]["text"] == "unexpected TypeError"
    assert found["players.kodi.password"]["level"] == "warning"


def test_a_burst_is_one_notice_and_a_hanging_player_delays_no_file(program, jellyfin, kodi):
    maps = f'map = [{{ from = "{program.music}", to = "/m" }}]'
    program.configure(jellyfin.table(maps) + kodi.table())
    kodi.fault = "hangs"
    staged = program.home / "staged"
    for number in range(5):
        song(staged / f"{number}.mp3", title=f"{number}")
    with Watcher(program) as watcher:
        staged.rename(program.music / "Album")
        watcher.wait_for("burst finished")
        watcher.wait_for("player notified", player="jellyfin")
        until(lambda: jellyfin.notices)
        (program.music / "bad.mp3").write_text("no music")
        song(program.music / "unsure.mp3", bundles.both)
        watcher.wait_for("abstain")
        watcher.wait_for_calm()
        watcher.wait_for_calm()
        [(_, body)] = jellyfin.notices
        folders = {update["Path"] for update in body["Updates"]}
        assert folders == {"/m/Album", "/m/Playlists/Genres"}
        jellyfin.fault = "closes"
        song(program.music / "Second/a.mp3")
        watcher.wait_for("player not notified", player="jellyfin")
        jellyfin.fault = None
        song(program.music / "Third/a.mp3")
        until(lambda: len(jellyfin.notices) == 2)
        folders = {update["Path"] for update in jellyfin.notices[1][1]["Updates"]}
        assert folders == {"/m/Second", "/m/Third", "/m/Playlists/Genres"}
        until(lambda: len(watcher.events("player notified", player="jellyfin")) == 2)
        assert len(watcher.events("player not notified", player="jellyfin")) == 1
        watcher.process.terminate()
        watcher.process.wait(10)
    assert "Passw0rd" not in watcher.log.read_text()


def test_the_writes_of_a_killed_daemon_are_notified_once_after_its_start(program, jellyfin):
    maps = f'map = [{{ from = "{program.music}", to = "/m" }}]'
    program.configure(f"{jellyfin.table(maps)}[playlists]\nenabled = false\n")
    with Watcher(program) as watcher, (program.music / "arriving.mp3").open("wb") as arriving:
        arriving.write(b"the burst goes on")
        path = song(program.music / "Album/a.mp3")
        watcher.wait_for("set", path=path)
        watcher.kill()
    assert jellyfin.notices == []
    with Watcher(program) as watcher:
        until(lambda: jellyfin.notices)
        watcher.wait_for_calm()
    assert program.run("status", "--json").objects[0]["last_run"]["finished"]
    [(_, body)] = jellyfin.notices
    assert body["Updates"][0]["Path"] == "/m/Album"
