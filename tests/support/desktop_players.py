"""Real players of a desktop, without a screen or on the screen of Xvfb."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from daemons import PATIENCE, until
from real_players import GENRES, Lists, Processes, absent, call, free_port, post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Self

SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 640x480x24"]


class Vlc(Processes):
    """VLC with its web server; it opens each playlist, each of its entries and each file."""

    def __init__(self, home: Path, music: Path, short: Path) -> None:
        super().__init__(home, music, short)
        self._port = free_port()
        self._lists = home / "vlc"
        self.configuration = f"""
            [[playlists.targets]]
            folder = "{self._lists}"
            profile = "uri"
            """

    @staticmethod
    def missing() -> str | None:
        return absent("vlc", "vlc-bin vlc-plugin-base")

    def __enter__(self) -> Self:
        self._begin()
        return self

    def _begin(self) -> None:
        web = ["--http-host=127.0.0.1", f"--http-port={self._port}", "--http-password=secret"]
        quiet = ["--aout=dummy", "--no-video", "--start-paused"]
        command = [*_without_root(), "vlc", "--intf=http", *web, *quiet]
        self.start(command, env=os.environ | {"HOME": str(self._short)})
        self.wait_for(self._port)

    def playlists(self) -> Lists:
        return self._read_again(
            lambda: {path.stem: self._entries(path) for path in self._lists.glob("*.m3u8")}
        )

    def genres(self) -> Lists:
        return self._read_again(self._genres)

    def _read_again(self, read: Callable[[], Lists]) -> Lists:
        """Return no lists where VLC has ended or sends garbage, and start it again.

        VLC 3.0.24 crashes at times, and a damaged answer is the sign of a crash to come.
        """
        try:
            return read()
        except (OSError, ValueError):
            self.stop()
            self._begin()
            return {}

    def _genres(self) -> Lists:
        found: Lists = {genre: [] for genre in GENRES}
        for path in self._music.rglob("*.mp3"):
            [entry] = self._open(path)
            tags = self._tags_of(entry)
            if genre := tags.get("genre"):
                found[genre].append(tags["title"])
        return {genre: sorted(titles) for genre, titles in found.items()}

    def _entries(self, playlist: Path) -> list[str]:
        """Return the titles that VLC reads from the files of a playlist."""
        titles = []
        for entry in self._open(playlist):
            self._ask("status", command="pl_play", id=entry)
            titles.append(self._tags_of(entry)["title"])
        return titles

    def _open(self, path: Path) -> list[str]:
        """Open a song or a playlist; return the numbers of its songs in VLC's queue."""
        self._ask("status", command="pl_empty")
        until(lambda: not self._queue(), "an empty queue in VLC", 10)
        self._ask("status", command="in_play", input=path.as_uri())

        def songs() -> list[str]:
            queue = self._queue()
            return [] if any(uri.endswith(".m3u8") for uri in queue.values()) else list(queue)

        return until(songs, "a song in VLC", 10)

    def _tags_of(self, entry: str) -> dict[str, str]:
        """Wait until VLC has opened an entry of its queue, and return its tags."""

        def opened() -> dict[str, str]:
            status = self._ask("status")
            tags: dict[str, str] = status.get("information", {}).get("category", {}).get("meta", {})
            return tags if str(status["currentplid"]) == entry and "title" in tags else {}

        return until(opened, "the tags of a file in VLC", 10)

    def _queue(self) -> dict[str, str]:
        """Return the number and the URI of each file in the queue."""

        def leaves(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
            if node["type"] == "leaf":
                yield node["id"], node["uri"]
            for child in node.get("children", []):
                yield from leaves(child)

        return dict(leaves(self._ask("playlist")))

    def _ask(self, what: str, **parameters: str) -> dict[str, Any]:
        login = base64.b64encode(b":secret").decode()
        url = f"http://127.0.0.1:{self._port}/requests/{what}.json?{urlencode(parameters)}"
        read: dict[str, Any] = json.loads(post(url, None, Authorization=f"Basic {login}"))
        return read


def _without_root() -> list[str]:
    """Return the start of a command that may read root's files, but is another user: VLC asks."""
    if os.geteuid():
        return []
    capability = "+dac_override"
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return [*user, f"--inh-caps={capability}", f"--ambient-caps={capability}", "--"]


class Kodi(Processes):
    """Kodi without a screen, with smart playlists: its web server lists no M3U."""

    def __init__(self, home: Path, music: Path, short: Path) -> None:
        super().__init__(home, music, short)
        self._port = free_port()
        user = short / ".kodi/userdata"
        (user / "playlists/music").mkdir(parents=True)
        settings = {
            "services.webserver": "true",
            "services.webserverport": self._port,
            "services.webserverauthentication": "false",
            "services.zeroconf": "false",
            "general.addonupdates": "2",
        }
        lines = "".join(f'<setting id="{key}">{value}</setting>' for key, value in settings.items())
        (user / "guisettings.xml").write_text(f'<settings version="2">{lines}</settings>')
        self.configuration = f"""
            [[playlists.targets]]
            folder = "{user}/playlists/music"
            extension = "xsp"
            [players.kodi]
            url = "http://127.0.0.1:{self._port}"
            map = [{{ from = "{music}", to = "{music}" }}]
            """

    @staticmethod
    def missing() -> str | None:
        return absent("kodi", "kodi") or absent("xvfb-run", "xvfb")

    def __enter__(self) -> Self:
        command = [*SCREEN, "kodi", "--standalone", "--windowing=x11"]
        self.start(command, env=os.environ | {"HOME": str(self._short)})
        self.wait_for(self._port)
        until(self._is_idle, "Kodi")
        return self

    def playlists(self) -> Lists:
        until(self._is_idle, "the end of a scan of Kodi")  # it takes no second one meanwhile
        listed = self._files("special://musicplaylists/")
        smart = [one for one in listed if one["file"].endswith(".xsp")]
        return {one["label"]: [f["title"] for f in self._files(one["file"])] for one in smart}

    def genres(self) -> Lists:
        songs = self._call("AudioLibrary.GetSongs", properties=["title", "genre"]).get("songs", [])
        return {
            genre: sorted(song["title"] for song in songs if song["genre"] == [genre])
            for genre in GENRES
        }

    def _is_idle(self) -> bool:
        scanning = "Library.IsScanningMusic"
        return self._call("XBMC.GetInfoBooleans", booleans=[scanning]).get(scanning) is False

    def _files(self, folder: str) -> list[dict[str, Any]]:
        properties = ["title"]
        found = self._call(
            "Files.GetDirectory", directory=folder, media="music", properties=properties
        )
        files: list[dict[str, Any]] = found.get("files", [])
        return files

    def _call(self, method: str, **params: Any) -> Any:
        return call(f"http://127.0.0.1:{self._port}/jsonrpc", method, **params)


class QuodLibet(Processes):
    """Quod Libet; a plugin of the test imports each changed playlist, and writes what is there."""

    def __init__(self, home: Path, music: Path, short: Path) -> None:
        super().__init__(home, music, short)
        lists = home / "quodlibet"
        self._shown = short / "shown.json"
        (short / "user/plugins").mkdir(parents=True)
        plugin = PLUGIN.format(folder=lists, shown=self._shown, genres=GENRES)
        (short / "user/plugins/looking.py").write_text(plugin)
        (short / "user/config").write_text(
            f"[settings]\nscan = {music}\n[player]\nbackend = nullbe\n"
            "[memory]\nbrowser = PlaylistsBrowser\n[plugins]\nactive_plugins = looking\n"
        )
        paths = {"QUODLIBET_USERDIR": short / "user", "HOME": short, "XDG_RUNTIME_DIR": short}
        self._paths = {name: str(path) for name, path in paths.items()}
        self._refresh = [
            *("env", *(f"{key}={path}" for key, path in self._paths.items())),
            *("quodlibet", "--refresh"),
        ]
        self.configuration = f"""
            [players]
            command = {self._refresh!r}
            [[playlists.targets]]
            folder = "{lists}"
            profile = "absolute"
            """

    @staticmethod
    def missing() -> str | None:
        return absent("quodlibet", "quodlibet") or absent("xvfb-run", "xvfb xauth")

    def __enter__(self) -> Self:
        self.start([*SCREEN, "quodlibet", "--run"], env=os.environ | self._paths)
        until(self._shown.exists, "Quod Libet")
        subprocess.run(self._refresh, check=True, timeout=PATIENCE)
        return self

    def playlists(self) -> Lists:
        found: Lists = json.loads(self._shown.read_text())["playlists"]
        return found

    def genres(self) -> Lists:
        found: Lists = json.loads(self._shown.read_text())["genres"]
        return found


PLUGIN = """
import json
from functools import partial
from pathlib import Path

from gi.repository import GLib
from quodlibet import app
from quodlibet.plugins.events import EventPlugin

SHOWN = Path("{shown}")


class Looking(EventPlugin):
    PLUGIN_ID = PLUGIN_NAME = "looking"

    def enabled(self):
        self.changed = {{}}
        GLib.timeout_add(200, self.look)

    def look(self):
        if app.window:
            for path in Path("{folder}").glob("*.m3u8"):
                changed = path.stat().st_mtime_ns
                if self.changed.get(path) != changed:
                    self.changed[path] = changed
                    self.import_list(path, app.window.browser)
            self.show(app.window.browser.pl_lib)
        return True

    def import_list(self, path, browser):
        if old := browser.pl_lib.get(path.stem):
            old.delete()
        # Quod Libet names the playlist after its songs
        create = type(browser.pl_lib).create_from_songs
        browser.pl_lib.create_from_songs = partial(create, browser.pl_lib, title=path.stem)
        browser._import_playlists([str(path)])  # as File > Import does

    def show(self, playlists):
        def titles(songs):
            return sorted(song("title") for song in songs)

        shown = {{
            "playlists": {{playlist.name: titles(playlist) for playlist in playlists.values()}},
            "genres": {{
                genre: titles(app.library.query(f"genre = '{{genre}}'")) for genre in {genres}
            }},
        }}
        SHOWN.with_suffix(".new").write_text(json.dumps(shown))
        SHOWN.with_suffix(".new").rename(SHOWN)
"""
"""A plugin of Quod Libet, which reads M3U only when a user chooses a file."""
