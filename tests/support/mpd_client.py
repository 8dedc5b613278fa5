"""A client for a real MPD."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

START_S = 10.0
"""Seconds within which MPD has to listen."""


class Mpd:
    """As much of MPD's protocol as the tests speak."""

    def __init__(self, address: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._connect(address)
        self._file = self._socket.makefile("rw", encoding="utf-8", newline="\n")
        assert self._file.readline().startswith("OK MPD")

    def _connect(self, address: Path) -> None:
        """Connect to a socket, which has its name shortly before MPD listens."""
        end = time.monotonic() + START_S
        while True:
            try:
                return self._socket.connect(str(address))
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    self._socket.close()
                    raise
                time.sleep(0.02)

    def __call__(self, command: str, *arguments: str) -> list[str]:
        """Send a command; return the lines of its answer."""
        quoted = [a.replace("\\", "\\\\").replace('"', '\\"') for a in arguments]
        self._file.write(" ".join([command, *(f'"{a}"' for a in quoted)]) + "\n")
        self._file.flush()
        answer = []
        while (line := self._file.readline().removesuffix("\n")) != "OK":
            assert line, "MPD hung up"
            assert not line.startswith("ACK"), line
            answer.append(line)
        return answer

    def files(self, command: str, *arguments: str) -> set[str]:
        """Send a command; return the files in its answer."""
        answer = self(command, *arguments)
        return {line.removeprefix("file: ") for line in answer if line.startswith("file: ")}

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()
