"""Stand-ins for players on loopback: strict about what they are asked, with a switch for faults."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from certificates import encrypted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import Any, Self

    Answer = tuple[int, dict[str, Any] | None]


USER, PASSWORD = "ada", "Passw0rd ünlike any other"
TABLES = {
    "navidrome": f'user = "{USER}"\npassword = "{PASSWORD}"',
    "subsonic": f'user = "{USER}"\npassword = "{PASSWORD}"',
    "jellyfin": f'api_key = "{PASSWORD}"',
    "emby": f'api_key = "{PASSWORD}"',
    "plex": f'token = "{PASSWORD}"',
    "kodi": f'user = "{USER}"\npassword = "{PASSWORD}"',
    "lyrion": f'user = "{USER}"\npassword = "{PASSWORD}"',
}
"""What stands in a player's table of the configuration besides its address."""
RAW = {"no HTTP": b"220 mail\r\n\r\n", "closes": b"HTTP/1.1 200 OK\r\nContent-Le"}
ANSWERS = {
    "refuses": (401, b""),
    "redirects": (302, b""),
    "fails": (500, b""),
    "missing": (404, b""),
    "garbage": (200, b"\xff<html>" + PASSWORD.encode()),
    "deep": (200, b"[" * 100_000),
    "a list": (200, b"[1]"),
    "an empty object": (200, b"{}"),
}
SLOW = ("hangs", "drips")
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class StandIn:
    """One player; `asked` are the requests that it took as they should be."""

    def __init__(self, kind: str, certificate: Path | None = None) -> None:
        """Stand in for a kind of player, by TLS with a certificate."""
        self.kind = kind
        self._certificate = certificate
        self.fault: str | None = None
        self.fault_after = 0
        """How many requests are answered before the fault begins."""
        self.scans = False
        """Whether Kodi is at it."""
        self.admin = True
        """Whether the user of a Subsonic server is an administrator."""
        self.busy = 0
        """How often a scan is still going on when somebody asks."""
        self.late = 0
        """How often it says that no scan is going on before one begins."""
        self.finds_all = True
        """Whether an empty search of a Subsonic server finds every song."""
        self.keeps_comments = True
        """Whether playlists of a Subsonic server have comments."""
        self.music = {"2": "/data/music", "3": "D:\\Music"}
        """The folder of each music section of Plex."""
        self.songs: list[dict[str, Any]] = []
        self.playlists: dict[str, dict[str, Any]] = {}
        """What a Subsonic server has."""
        self.asked: list[tuple[Any, Any]] = []
        self.wrong: list[tuple[str, str, bytes, str]] = []
        """What a real one would not have taken."""
        self.hanging, self.released = threading.Event(), threading.Event()

    def __enter__(self) -> Self:
        stand_in: StandIn = self

        class Handler(_Handler):
            player = stand_in

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        if self._certificate:
            self._server.socket = encrypted(self._server.socket, self._certificate)
            self.url = f"https://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        assert self.wrong == []

    @property
    def notices(self) -> list[tuple[Any, Any]]:
        """The requests that have it look at the library."""
        quiet = (
            *("/System/Info", "/rest/getUser", "XBMC.GetInfoBooleans", ["version", "?"]),
            *("/library/sections", "/identity"),
        )
        return [asked for asked in self.asked if asked[0] not in quiet]

    def scanning(self) -> bool:
        """Whether a scan is going on at this question."""
        if self.late > 0:
            self.late -= 1
            return False
        self.busy -= 1
        return self.busy > 0

    def table(self, more: str = "") -> str:
        """Its table of the configuration."""
        return f'[players.{self.kind}]\nurl = "{self.url}"\n{TABLES[self.kind]}\n{more}\n'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    player: StandIn

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers["Content-Length"])))

    def _serve(self, body: bytes) -> None:
        if self.player.fault and len(self.player.asked) >= self.player.fault_after:
            return self._misbehave(self.player.fault)
        try:
            status, answer = getattr(self, self.player.kind)(body)
        except (AssertionError, KeyError, ValueError) as error:
            self.player.wrong.append((self.command, self.path, body, repr(error)))
            status, answer = 400, {}
        return self._answer(status, json.dumps(answer).encode() if answer is not None else b"")

    def _answer(self, status: int, content: bytes, headers: Iterable[tuple[str, str]] = ()) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _misbehave(self, fault: str) -> None:
        self.close_connection = True
        if fault == "hangs":
            self.player.hanging.set()
            self.player.released.wait()
        elif fault == "drips":
            with contextlib.suppress(OSError):
                while not self.player.released.wait(0.05):
                    self.wfile.write(b"H")
        elif fault in RAW:
            self.wfile.write(RAW[fault])
        else:
            away = [("Location", f"{self.player.url}/login")] if fault == "redirects" else []
            status, content = ANSWERS[fault]
            self._answer(status, content, away)

    def navidrome(self, body: bytes) -> Answer:
        return self.subsonic(body)

    def subsonic(self, body: bytes) -> Answer:
        assert self.command == "POST"
        assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        found = parse_qs(body.decode(), strict_parsing=True, keep_blank_values=True)
        songs = found.pop("songId", [])
        form = {key: value for key, [value] in found.items()}
        assert (form.pop("v"), form.pop("c"), form.pop("f")) == ("1.16.1", "tagger", "json")
        assert PASSWORD not in body.decode()
        if "p" in form:
            right = form.pop("p") == "enc:" + PASSWORD.encode().hex()
        else:
            salt, token = form.pop("s"), form.pop("t")
            assert len(salt) >= 6
            right = token == hashlib.md5((PASSWORD + salt).encode()).hexdigest()  # noqa: S324
        if not right or form.pop("u").lower() != USER:
            return 200, _subsonic("failed", error={"code": 40, "message": "Wrong username"})
        self.player.asked.append((self.path, form))
        method = self.path.removeprefix("/rest/")
        assert method in SUBSONIC
        if method == "startScan" and not self.player.admin:
            return 200, _subsonic("failed", error={"code": 50, "message": "not authorized"})
        return 200, _subsonic("ok", **SUBSONIC[method](self.player, form, songs))

    def emby(self, body: bytes) -> Answer:
        if self.headers["X-Emby-Token"] != quote(PASSWORD):
            return 401, None
        return self._media(body)

    def plex(self, body: bytes) -> Answer:
        if self.headers["X-Plex-Token"] != quote(PASSWORD, safe=""):
            return 401, None
        assert (body, self.headers["Accept"]) == (b"", "application/json")
        assert "Passw0rd" not in self.path
        path, _, query = self.path.partition("?")
        asked = (
            {key: value for key, [value] in parse_qs(query, strict_parsing=True).items()}
            if query
            else {}
        )
        self.player.asked.append((path, asked))
        if path == "/identity":
            return 200, {"MediaContainer": {"version": "1.41.0", "machineIdentifier": "x"}}
        if path == "/library/sections":
            sections = self._sections(busy=self.player.scanning())
            return 200, {"MediaContainer": {"Directory": sections}}
        if path == "/playlists/upload":
            assert (self.command, set(asked)) == ("POST", {"sectionID", "path"})
            return 200, None
        assert path in ("/library/sections/2/refresh", "/library/sections/3/refresh")
        assert (self.command, asked.keys() <= {"path"}) == ("GET", True)
        return 200, None

    def _sections(self, *, busy: bool) -> list[dict[str, Any]]:
        def section(key: str, kind: str, path: str) -> dict[str, Any]:
            return {"key": key, "type": kind, "refreshing": busy, "Location": [{"path": path}]}

        music = [section(key, "artist", path) for key, path in self.player.music.items()]
        return [section("1", "movie", "/films"), *music]

    def jellyfin(self, body: bytes) -> Answer:
        if self.headers["Authorization"] != f'MediaBrowser Token="{quote(PASSWORD)}"':
            return 401, None
        return self._media(body)

    def _media(self, body: bytes) -> Answer:
        self.player.asked.append((self.path, json.loads(body) if body else None))
        if self.command == "GET":
            assert self.path == "/System/Info"
            return 200, {"Version": "10.11.0", "ServerName": "home"}
        if self.path == "/Library/Refresh":
            assert body == b""
            return 204, None
        assert (self.command, self.path) == ("POST", "/Library/Media/Updated")
        assert self.headers["Content-Type"] == "application/json"
        updates = json.loads(body)["Updates"]
        assert updates
        assert all(update.keys() == {"Path", "UpdateType"} for update in updates)
        assert all(update["UpdateType"] == "Modified" for update in updates)
        return 204, None

    def kodi(self, body: bytes) -> Answer:
        assert (self.command, self.path) == ("POST", "/jsonrpc")
        assert self.headers["Content-Type"] == "application/json"
        if self.headers["Authorization"] != BASIC:
            return 401, None
        asked = json.loads(body)
        assert (asked.keys(), asked["jsonrpc"]) == ({"jsonrpc", "id", "method", "params"}, "2.0")
        self.player.asked.append((asked["method"], asked["params"]))
        if asked["method"] == "XBMC.GetInfoBooleans":
            assert asked["params"] == {"booleans": ["Library.IsScanningMusic"]}
            return 200, _result({"Library.IsScanningMusic": self.player.scans}, jsonrpc="2.0")
        assert asked["method"] == "AudioLibrary.Scan"
        assert asked["params"].keys() <= {"directory", "showdialogs"}
        assert not self.player.scans, "this would have ended the scan"
        return 200, _result("OK", jsonrpc="2.0")

    def lyrion(self, body: bytes) -> Answer:
        assert (self.command, self.path) == ("POST", "/jsonrpc.js")
        assert self.headers["Content-Type"] == "application/json"
        if self.headers["Authorization"] != BASIC:
            return 401, None
        asked = json.loads(body)
        assert (asked.keys(), asked["method"]) == ({"id", "method", "params"}, "slim.request")
        player, command = asked["params"]
        assert player == ""
        self.player.asked.append((command, None))
        if command == ["version", "?"]:
            return 200, _result({"_version": "9.0.3"}, method="slim.request")
        assert command == ["rescan"]
        return 200, _result({}, method="slim.request")


def _playlists(player: StandIn, *_: Any) -> dict[str, Any]:
    listed = [{k: v for k, v in one.items() if k != "entry"} for one in player.playlists.values()]
    return {"playlists": {"playlist": listed}}


def _create_playlist(player: StandIn, form: dict[str, str], songs: list[str]) -> dict[str, Any]:
    """Replace the songs of a playlist, or make one; like a server of version 1.13, return none."""
    assert set(songs) <= {song["id"] for song in player.songs}
    key = form.get("playlistId") or str(len(player.asked))
    made = player.playlists.setdefault(key, {"id": key, "name": form["name"], "owner": USER})
    made["entry"] = [{"id": id_} for id_ in songs]
    return {}


def _update_playlist(player: StandIn, form: dict[str, str], _: Any) -> dict[str, Any]:
    playlist = player.playlists[form.pop("playlistId")]
    assert form.keys() <= {"name", "comment"}
    if not player.keeps_comments:
        form.pop("comment", None)
    playlist.update(form)
    return {}


def _search(player: StandIn, form: dict[str, str], _: Any) -> dict[str, Any]:
    assert (form["query"], form["artistCount"], form["albumCount"]) == ("", "0", "0")
    first = int(form["songOffset"])
    found = player.songs[first : first + int(form["songCount"])] if player.finds_all else []
    return {"searchResult3": {"song": found}}


def _albums(player: StandIn, form: dict[str, str], _: Any) -> dict[str, Any]:
    """List each song as an album."""
    assert form["type"] == "alphabeticalByName"
    first = int(form["offset"])
    page = player.songs[first : first + int(form["size"])]
    return {"albumList2": {"album": [{"id": f"album {song['id']}"} for song in page]}}


def _album(player: StandIn, form: dict[str, str], _: Any) -> dict[str, Any]:
    [song] = [song for song in player.songs if form["id"] == f"album {song['id']}"]
    return {"album": {"id": form["id"], "song": [song]}}


def _scan_status(player: StandIn, *_: Any) -> dict[str, Any]:
    return {"scanStatus": {"scanning": player.scanning(), "count": 3}}


def _delete_playlist(player: StandIn, form: dict[str, str], _: Any) -> dict[str, Any]:
    del player.playlists[form["id"]]
    return {}


SUBSONIC: dict[str, Callable[[StandIn, dict[str, str], list[str]], dict[str, Any]]] = {
    "ping": lambda *_: {"type": "stand-in", "serverVersion": "1.0"},
    "getUser": lambda player, form, _: {"user": {**form, "adminRole": player.admin}},
    "startScan": lambda *_: {"scanStatus": {"scanning": True, "count": 3}},
    "getScanStatus": _scan_status,
    "search3": _search,
    "getAlbumList2": _albums,
    "getAlbum": _album,
    "getPlaylists": _playlists,
    "getPlaylist": lambda player, form, _: {"playlist": player.playlists[form["id"]]},
    "createPlaylist": _create_playlist,
    "updatePlaylist": _update_playlist,
    "deletePlaylist": _delete_playlist,
}


def _subsonic(status: str, **more: Any) -> dict[str, Any]:
    return {"subsonic-response": {"status": status, "version": "1.16.1", **more}}


def _result(result: Any, **more: Any) -> dict[str, Any]:
    return {"id": 1, "result": result, **more}


class Babbler:
    """Something that listens, says what it is given to say, and then hangs or hangs up."""

    def __init__(self, says: bytes = b"", *, hangs: bool = False) -> None:
        self._says = says
        self._hangs = hangs
        self._released = threading.Event()

    def __enter__(self) -> Self:
        babbler = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    self.request.sendall(babbler._says)
                    if babbler._hangs:
                        babbler._released.wait()
                    self.request.shutdown(socket.SHUT_WR)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:{1}".format(*self._server.server_address)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
