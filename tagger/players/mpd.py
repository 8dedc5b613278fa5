"""The Music Player Daemon (MPD), by its line protocol.

https://mpd.readthedocs.io/en/latest/protocol.html
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tagger.config.values import expand
from tagger.errors import PlayerError
from tagger.players import transport
from tagger.players.changes import player_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from tagger.config import MpdSettings
    from tagger.players.changes import Changes

PORT = 6600
KEY = "players.mpd.address"
WRONG_PASSWORD, NOT_PERMITTED = "3", "4"
"""Error numbers of MPD's protocol."""
MAX_LINES = 1000


class MpdPlayer:
    """Makes MPD update its database for the changed folder."""

    name = "mpd"
    patience = 0.0

    def __init__(self, settings: MpdSettings, timeout: float = transport.TIMEOUT) -> None:
        """`timeout` is the seconds to connect, and again for all commands with their answers."""
        self._settings = settings
        self._timeout = timeout

    def refresh(self, changes: Changes) -> None:
        """See `Player`. MPD gets the common parent of all changes as a URI."""
        if not (changes := changes.seen_by(self._settings.map)):
            return
        folder = player_path(changes.common, self._settings.map) or ""
        with self._session() as session:
            session.send("update", folder.strip("/"))

    def check(self) -> str:
        """See `Player`. The login needs permission for `update`."""
        with self._session() as session:
            if "command: update" not in session.send("commands"):
                raise _refused(NOT_PERMITTED)
            return f"MPD {session.version}"

    @contextlib.contextmanager
    def _session(self) -> Iterator[_Session]:
        address, password = self._settings.address, self._settings.password.reveal()
        try:
            with (
                _connect(address, self._timeout) as connection,
                connection.makefile("rb") as answers,
                transport.deadline(connection, self._timeout),
            ):
                session = _Session(connection, answers, address)
                if password:
                    session.send("password", password)
                yield session
        except OSError as error:
            raise transport.unreachable(error, address, KEY, self._timeout) from None


class _Session:
    """A connection after MPD's greeting."""

    def __init__(self, connection: socket.socket, answers: BufferedReader, where: str) -> None:
        self._connection = connection
        self._answers = answers
        self._where = where
        greeting = self._line()
        if not greeting.startswith("OK MPD "):
            raise transport.unexpected_answer(where, "MPD", KEY)
        self.version = greeting.removeprefix("OK MPD ")[:20]

    def send(self, command: str, argument: str | None = None) -> list[str]:
        """Send a command with at most one argument and return the lines of the answer.

        Raises `PlayerError` for a refusal.
        """
        words = command if argument is None else f"{command} {_quoted(argument)}"
        self._connection.sendall(f"{words}\n".encode())
        lines: list[str] = []
        while (line := self._line()) != "OK":
            if line.startswith("ACK ["):
                raise _refused(line.removeprefix("ACK [").partition("@")[0])
            lines.append(line)
            if len(lines) > MAX_LINES:
                raise transport.unexpected_answer(self._where, "MPD", KEY)
        return lines

    def _line(self) -> str:
        line = self._answers.readline(transport.MAX_ANSWER_BYTES)
        if not line:
            raise ConnectionResetError
        if not line.endswith(b"\n"):
            raise transport.unexpected_answer(self._where, "MPD", KEY)
        return line[:-1].decode(errors="replace")


def _connect(address: str, timeout: float) -> socket.socket:
    if "/" not in address:
        parts = urlsplit(f"//{address}")
        return socket.create_connection((parts.hostname, parts.port or PORT), timeout)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout)
        connection.connect(str(expand(address)))
    except BaseException:
        connection.close()
        raise
    return connection


def _quoted(argument: str) -> str:
    """Quote an argument by MPD's rules; an argument with a line break is an injected command."""
    if not argument.isprintable():
        hint = "correct players.mpd.password and players.mpd.map"
        raise PlayerError("MPD cannot receive an argument with control characters", hint=hint)
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _refused(number: str) -> PlayerError:
    if number == WRONG_PASSWORD:
        return PlayerError("MPD refuses the password", hint="correct players.mpd.password")
    if number == NOT_PERMITTED:
        hint = "set players.mpd.password to one that has the permission control in mpd.conf"
        return PlayerError("MPD does not permit `update`", hint=hint)
    return PlayerError(f"MPD returns the error {number[:4]}", hint="see the log of MPD")
