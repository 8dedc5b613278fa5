"""The status socket: whoever connects gets one JSON object."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import threading
from typing import TYPE_CHECKING, Any, Self

import msgspec

from tagger.daemon.host.instance import socket_of
from tagger.errors import DaemonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TIMEOUT = 5.0
"""Seconds."""


def ask(state: Path) -> dict[str, Any] | None:
    """Return what the daemon of a state folder says; None when none is running."""
    path = socket_of(state)
    if path is None:
        return None
    answer = b""
    with socket.socket(socket.AF_UNIX) as client, _address(path) as address:
        client.settimeout(TIMEOUT)
        try:
            client.connect(address)
            while piece := client.recv(1 << 16):
                answer += piece
        except TimeoutError as error:
            raise DaemonError("does not answer", path, "see its log") from error
        except PermissionError as error:
            raise DaemonError("belongs to another user", path, "ask as that user") from error
        except OSError:
            return None
    return msgspec.json.decode(answer, type=dict[str, Any]) if answer else None


class StatusServer:
    """Answers with what `snapshot` returns; a context manager."""

    def __init__(self, path: Path, snapshot: Callable[[], dict[str, Any]]) -> None:
        """Listen at `path`, readable by this user alone.

        Raises `DaemonError` when that is not possible.
        """
        self._path = path

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    self.request.sendall(msgspec.json.encode(snapshot(), enc_hook=str))

        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.unlink(missing_ok=True)
            with _address(path) as address:
                self._server = socketserver.UnixStreamServer(address, Handler)
            path.chmod(0o600)
        except OSError as error:
            raise DaemonError(f"cannot listen: {error.strerror}", path) from error

    def __enter__(self) -> Self:
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(60.0,), name="status", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()
        self._path.unlink(missing_ok=True)


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """Give a path as short as the address of a socket has to be (108 bytes on Linux)."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
