"""A user of Spotify playlists: `tagger spotify` as a program, and its parts in this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unittest import mock

import pytest
import requests
import spotify_server
from forked import Forked
from programs import Result

pytest.importorskip("spotipy", reason="Spotify playlists need the extra `train`")

import tagger.cli
from tagger.config import Settings, SpotifySettings, StoreSettings, TrainingSettings
from training.spotify import consent
from training.spotify.api import Api, Pace
from training.spotify.auth import Login, plain_session
from training.spotify.cache import SpotifyStore
from training.spotify.endpoints import Endpoints
from training.spotify.tokens import TokenFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from programs import Program
    from spotify_server import StandIn


BROWSER = f'{sys.executable} -c "import sys, urllib.request as r; r.urlopen(sys.argv[1])" %s'
"""A browser without a window: it opens an address, follows it to its end, and shows nothing."""


@dataclass
class Clock:
    """A clock that a test turns; sleeping turns it, too."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def endpoints(server: StandIn, interval: float = 0.0, timeout: float = 10.0) -> Endpoints:
    url = server.url
    return Endpoints(f"{url}/v1/", f"{url}/authorize", f"{url}/api/token", interval, timeout)


@contextlib.contextmanager
def api(
    server: StandIn,
    folder: Path,
    *,
    interval: float = 0.0,
    timeout: float = 10.0,
    clock: Clock | None = None,
) -> Iterator[Api]:
    """The API with a login, in this process."""
    clock, file = clock or Clock(), TokenFile(folder)
    if file.read() is None:
        file.begin(server.log_in())
    where = endpoints(server, interval, timeout)
    with plain_session() as session:
        login = Login(spotify_server.CLIENT_ID, file, where, session)
        yield Api(login, where, session, Pace(interval, clock, clock.sleep))


def follow(address: str) -> str:
    """Open an address as a browser does; returns where it is sent on to."""

    return requests.get(address, allow_redirects=False, timeout=10).headers["Location"]


def settings(folder: Path, **spotify: Any) -> Settings:
    """Settings with the source turned on."""
    given: dict[str, Any] = {"enabled": True, "client_id": spotify_server.CLIENT_ID} | spotify
    return Settings(
        store=StoreSettings(folder=folder),
        training=TrainingSettings(spotify=SpotifySettings(**given)),
    )


class Listener:
    """`tagger spotify` against the stand-in, in a home of its own."""

    def __init__(self, program: Program, server: StandIn) -> None:
        self.program, self.server = program, server
        self.state = program.state
        self.variables = {
            "TAGGER_SPOTIFY_STAND_IN": server.url,
            "BROWSER": BROWSER,
            "NO_PROXY": "127.0.0.1",
        }
        self.configure({p.id: p.name.removeprefix("My ") for p in server.playlists})

    def configure(self, playlists: Mapping[str, str], text: str = "", **given: Any) -> None:
        """Write the configuration: what is given, and playlists with their genres."""
        given = {"enabled": True, "client_id": spotify_server.CLIENT_ID} | given
        lines = [f"{key} = {json.dumps(value)}" for key, value in given.items()]
        named = [f"{json.dumps(name)} = {json.dumps(genre)}" for name, genre in playlists.items()]
        tables = ["[training.spotify]", *lines, "[training.spotify.playlists]", *named]
        self.program.configure("\n".join([text, *tables]))

    def start(self, *words: str) -> Forked:
        """Start a program, `-m tagger spotify sync` say, without a wait."""
        environment = self.program.environment | self.variables
        return Forked(words, environment, ["training.cli.spotify"])

    def run(self, *args: str, answers: str = "") -> Result:
        """Run `tagger spotify` to its end, in this process; `answers` are typed."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.program.environment | self.variables),
            mock.patch.multiple(sys, argv=["tagger", "spotify", *args], stdin=io.StringIO(answers)),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as left,
        ):
            tagger.cli.main()
        return Result(int(left.value.code or 0), out.getvalue(), err.getvalue())

    def log_in(self) -> None:
        """Let things be as after a login."""
        with SpotifyStore(self.state) as store:
            consent.agree(store)
        TokenFile(self.state).begin(self.server.log_in())

    def log_in_by_paste(self, first: str = "y\n") -> Result:
        """Agree and log in by the pasted address."""
        with self.start("-m", "tagger", "spotify", "login", "--paste") as child:
            child.stdin.write(first)
            child.stdin.flush()
            shown = ""
            while "/authorize?" not in (line := child.stdout.readline()):
                assert line, child.stderr.read()
                shown += line
            out, err = child.communicate(follow(line.strip()) + "\n", timeout=60)
        return Result(child.wait(), shown + line + out, err)
