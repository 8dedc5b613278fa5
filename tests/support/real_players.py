"""Real players, each with a configuration and a state of its own."""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from daemons import PATIENCE
from mpd_client import Mpd as MpdClient

if TYPE_CHECKING:
    from typing import Self

GENRES = ("Classical", "Metal")
"""The genres of the test's model."""
SUPYSONIC = Path(sys.prefix) / "supysonic"
"""Where `.ci/run` installs it: apart, since it has other versions of libraries."""
QUIET: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

Lists = dict[str, list[str]]


class RealPlayer(Protocol):
    """A player that a test starts and asks."""

    configuration: str
    """What tagger needs to know."""

    def __init__(self, home: Path, music: Path, short: Path) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    @staticmethod
    def missing() -> str | None:
        """Return why the player cannot be started here."""

    def playlists(self) -> Lists:
        """Return the titles of the tracks in each playlist, as the player shows them."""

    def genres(self) -> Lists:
        """Return the titles of the tracks of each genre, as the player shows them."""


def absent(program: str, package: str) -> str | None:
    return None if shutil.which(program) else f"needs {program} (Debian: {package})"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(url: str, body: bytes | None, **headers: str) -> str:
    request = Request(url, body, {k.replace("_", "-"): v for k, v in headers.items()})  # noqa: S310
    with urlopen(request, timeout=20) as answer:  # noqa: S310 - on loopback
        return str(answer.read().decode())


def call(url: str, method: str, **params: Any) -> Any:
    """Return the result of a call by JSON-RPC; it is empty where the server sends none."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = post(url, json.dumps(body).encode(), Content_Type="application/json")
    return json.loads(answer).get("result", {})


class Processes:
    """Ends what it started."""

    def __init__(self, home: Path, music: Path, short: Path) -> None:
        """`home` is a folder for its files, `short` one for sockets, whose paths are limited."""
        self._home, self._music, self._short = home, music, short
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, command: list[str], **options: Any) -> None:
        process = subprocess.Popen(command, start_new_session=True, **QUIET, **options)
        self._processes.append(process)

    def stop(self) -> None:
        """End each process with its children."""
        for process in self._processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()

    def wait_for(self, port: int) -> None:
        """Wait until something listens on a port."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                assert time.monotonic() < end
                assert all(process.poll() is None for process in self._processes)
                time.sleep(0.05)
            else:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Mpd(Processes):
    """MPD with stored playlists."""

    def __init__(self, home: Path, music: Path, short: Path) -> None:
        super().__init__(home, music, short)
        self._socket = short / "socket"
        (home / "stored").mkdir()
        (home / "mpd.conf").write_text(
            f"""
            music_directory "{music}"
            playlist_directory "{home / "stored"}"
            db_file "{home / "mpd-database"}"
            bind_to_address "{self._socket}"
            zeroconf_enabled "no"
            audio_output {{
                type "null"
                name "nothing"
            }}
            """
        )
        self.configuration = f"""
            [[playlists.targets]]
            folder = "{home / "stored"}"
            profile = "mpd"
            music_directory = "{music}"
            [players.mpd]
            address = "{self._socket}"
            map = [{{ from = "{music}", to = "/" }}]
            """

    @staticmethod
    def missing() -> str | None:
        return absent("mpd", "mpd")

    def __enter__(self) -> Self:
        self.start(["mpd", "--no-daemon", str(self._home / "mpd.conf")])
        while not self._socket.exists():
            assert self._processes[0].poll() is None
            time.sleep(0.02)
        self._client = MpdClient(self._socket)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self.stop()

    def playlists(self) -> Lists:
        names = [line.removeprefix("playlist: ") for line in self._client("listplaylists")]
        names = [name for name in names if not name.startswith("Last-Modified")]
        return {name: self._titles("listplaylistinfo", name) for name in names}

    def genres(self) -> Lists:
        return {genre: self._titles("find", "genre", genre) for genre in GENRES}

    def _titles(self, *command: str) -> list[str]:
        lines = self._client(*command)
        return [line.removeprefix("Title: ") for line in lines if line.startswith("Title: ")]


class Mopidy(Processes):
    """Mopidy with its extensions local and m3u."""

    def __init__(self, home: Path, music: Path, short: Path) -> None:
        super().__init__(home, music, short)
        self._port = free_port()
        conf = home / "mopidy.conf"
        for name in ("lists", "cache", "config", "data"):
            (home / "mopidy" / name).mkdir(parents=True)
        conf.write_text(
            f"""
[core]
cache_dir = {home}/mopidy/cache
config_dir = {home}/mopidy/config
data_dir = {home}/mopidy/data
[http]
hostname = 127.0.0.1
port = {self._port}
zeroconf =
[m3u]
playlists_dir = {home}/mopidy/lists
[local]
media_dir = {music}
[file]
enabled = true
media_dirs = {music}
[audio]
output = fakesink
mixer = none
[softwaremixer]
enabled = false
"""
        )
        self._command = ["mopidy", "--config", str(conf)]
        self.configuration = f"""
            [players]
            command = {[*self._command, "local", "scan"]!r}
            [[playlists.targets]]
            folder = "{home}/mopidy/lists"
            profile = "absolute"
            """

    @staticmethod
    def missing() -> str | None:
        if reason := absent("mopidy", "mopidy mopidy-local"):
            return reason
        found = subprocess.run(["mopidy", "deps"], capture_output=True, text=True, check=False)
        return None if "Mopidy-Local" in found.stdout else "needs mopidy-local"

    def __enter__(self) -> Self:
        subprocess.run([*self._command, "local", "scan"], check=True, **QUIET)
        self.start(self._command)
        self.wait_for(self._port)
        return self

    def playlists(self) -> Lists:
        found = self._call("core.playlists.as_list")
        return {one["name"]: self._entries(one["uri"]) for one in found}

    def genres(self) -> Lists:
        found: Lists = {}
        for genre in GENRES:
            answers = self._call("core.library.search", query={"genre": [genre]}, uris=["local:"])
            tracks = [track for answer in answers for track in answer.get("tracks", [])]
            found[genre] = sorted(track["name"] for track in tracks)
        return found

    def _entries(self, uri: str) -> list[str]:
        """Return the titles that Mopidy reads from the files of a playlist."""
        uris = [one["uri"] for one in self._call("core.playlists.get_items", uri=uri)]
        found = self._call("core.library.lookup", uris=uris)
        return [track["name"] for one in uris for track in found[one]]

    def _call(self, method: str, **params: Any) -> Any:
        return call(f"http://127.0.0.1:{self._port}/mopidy/rpc", method, **params)


class Supysonic(Processes):
    """Supysonic, which reads no M3U: it keeps the playlists itself."""

    def __init__(self, home: Path, music: Path, short: Path) -> None:
        super().__init__(home, music, short)
        self._port = free_port()
        (home / "supysonic.conf").write_text(
            f"""
[base]
database_uri = sqlite:///{home}/supysonic.db
[webapp]
cache_dir = {home}/supysonic-cache
[daemon]
socket = {short}/socket
run_watcher = no
"""
        )
        self.configuration = f"""
            [players.subsonic]
            url = "http://127.0.0.1:{self._port}"
            user = "ada"
            password = "secret"
            login = "password"
            playlists = true
            """

    @staticmethod
    def missing() -> str | None:
        return None if SUPYSONIC.is_dir() else f"needs Supysonic in {SUPYSONIC}"

    def __enter__(self) -> Self:
        setup = (
            "import contextlib, sys; from supysonic.cli import main; music = sys.argv[1]\n"
            "for words in ('user add ada -p secret', 'user setroles -A ada', 'folder add music'):\n"
            "    sys.argv = ['cli', *words.split(), *([music] if words[0] == 'f' else [])]\n"
            "    with contextlib.suppress(SystemExit): main()"
        )
        subprocess.run([sys.executable, "-c", setup, str(self._music)], check=True, **self._options)
        self._run("from supysonic.daemon import main; main()")
        run = f"create_application().run(port={self._port})"
        self._run(f"from supysonic.web import create_application; {run}")
        self.wait_for(self._port)
        while not (self._short / "socket").exists():
            time.sleep(0.05)
        return self

    def playlists(self) -> Lists:
        listed = self._call("getPlaylists")["playlists"].get("playlist", [])
        return {
            one["name"]: [
                entry["title"]
                for entry in self._call("getPlaylist", id=one["id"])["playlist"].get("entry", [])
            ]
            for one in listed
        }

    def genres(self) -> Lists:
        return {
            genre: sorted(
                song["title"]
                for song in self._call("getSongsByGenre", genre=genre)["songsByGenre"].get(
                    "song", []
                )
            )
            for genre in GENRES
        }

    @property
    def _options(self) -> dict[str, Any]:
        paths = {"PYTHONPATH": str(SUPYSONIC), "HOME": str(self._home)}
        return {"cwd": self._home, "env": os.environ | paths, **QUIET}

    def _run(self, script: str) -> None:
        options = {key: value for key, value in self._options.items() if key not in QUIET}
        self.start([sys.executable, "-c", script], **options)

    def _call(self, method: str, **parameters: str) -> Any:
        login = {"u": "ada", "p": "secret", "f": "json", "v": "1.12.0", "c": "test"}
        url = f"http://127.0.0.1:{self._port}/rest/{method}"
        answer = json.loads(post(url, urlencode({**login, **parameters}).encode()))
        return answer["subsonic-response"]


class MiniDlna(Processes):
    """MiniDLNA; it reads changed playlists a minute later, so each look starts it again."""

    def __init__(self, home: Path, music: Path, short: Path) -> None:
        super().__init__(home, music, short)
        self._port = free_port()
        (home / "minidlna").mkdir()
        (home / "minidlna.conf").write_text(
            f"port={self._port}\nmedia_dir=A,{music}\ndb_dir={home}/minidlna\n"
            f"log_dir={home}/minidlna\nnetwork_interface=lo\ninotify=no\n"
        )
        self.configuration = """
            [playlists]
            extension = "m3u"
            """

    @staticmethod
    def missing() -> str | None:
        return absent("minidlnad", "minidlna")

    def playlists(self) -> Lists:
        self._look_again()
        return {name: [t for _, t in self._browse(id_)] for id_, name in self._browse("1$F")}

    def genres(self) -> Lists:
        found: Lists = {genre: [] for genre in GENRES}
        for id_, name in self._browse("1$5"):
            everybody = self._browse(id_)[0][0]
            found[name] = sorted(title for _, title in self._browse(everybody))
        return found

    def _look_again(self) -> None:
        self.stop()
        shutil.rmtree(self._home / "minidlna")
        (self._home / "minidlna").mkdir()
        folder = self._home / "minidlna"
        self.start(["minidlnad", "-f", f"{self._home}/minidlna.conf", "-P", f"{folder}/pid", "-S"])
        self.wait_for(self._port)
        end = time.monotonic() + 5
        while not self._browse("1$F") and time.monotonic() < end:
            time.sleep(0.1)

    def _browse(self, id_: str) -> list[tuple[str, str]]:
        """Return the ids and titles below an object."""
        service = "urn:schemas-upnp-org:service:ContentDirectory:1"
        arguments = {
            "ObjectID": id_,
            "BrowseFlag": "BrowseDirectChildren",
            "Filter": "*",
            "StartingIndex": "0",
            "RequestedCount": "0",
            "SortCriteria": "",
        }
        inside = "".join(f"<{key}>{value}</{key}>" for key, value in arguments.items())
        body = (
            '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
            f'<s:Body><u:Browse xmlns:u="{service}">{inside}</u:Browse></s:Body></s:Envelope>'
        )
        url = f"http://127.0.0.1:{self._port}/ctl/ContentDir"
        headers = {"SOAPACTION": f'"{service}#Browse"', "Content_Type": "text/xml"}
        try:
            answer = html.unescape(post(url, body.encode(), **headers))
        except URLError:  # the object is not there yet
            return []
        pattern = r'<(?:container|item) id="([^"]+)".*?<dc:title>(.*?)</dc:title>'
        return re.findall(pattern, answer)
