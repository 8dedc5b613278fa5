"""The status socket: each connection receives one JSON object."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
from typing import TYPE_CHECKING, Any

from tagger.daemon.host.instance import last_socket_path
from tagger.daemon.status.serving import Serving
from tagger.errors import DaemonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TIMEOUT = 5.0
"""Seconds."""


def query_status(state: Path) -> dict[str, Any] | None:
    """Return the snapshot of the daemon of a state folder; None when no daemon runs.

    Raises:
        DaemonError: the daemon does not answer in full, or belongs to another user.
    """
    path = last_socket_path(state)
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
            raise DaemonError("the daemon does not answer", path, "see its log") from error
        except PermissionError as error:
            raise DaemonError(
                "the daemon belongs to another user", path, "run `tagger status` as that user"
            ) from error
        except OSError:
            return None
    if not answer:
        return None
    try:
        found: dict[str, Any] = json.loads(answer)
    except ValueError as error:
        raise DaemonError("the daemon's answer is cut off", path, "see its log") from error
    return found


class StatusServer(Serving):
    """Sends a snapshot to each connection; a context manager."""

    def __init__(self, path: Path, snapshot: Callable[[], dict[str, Any]]) -> None:
        """Listen at the socket `path`, which this user alone can open.

        `snapshot` returns the object to send. Raises `DaemonError` when listening fails.
        """
        self._path = path

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                # ASCII, so that names that are not UTF-8 come through
                answer = json.dumps(snapshot(), default=str).encode("ascii")
                self.request.settimeout(TIMEOUT)
                with contextlib.suppress(OSError):
                    self.request.sendall(answer)

        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.unlink(missing_ok=True)
            with _address(path) as address:
                server = socketserver.UnixStreamServer(address, Handler)
            path.chmod(0o600)
        except OSError as error:
            hint = "set XDG_RUNTIME_DIR to your own folder of mode 700 on a disk that has sockets"
            raise DaemonError(f"cannot listen: {error.strerror}", path, hint) from error
        super().__init__(server, "status")

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        with contextlib.suppress(OSError):  # its folder may be gone, or read-only now
            self._path.unlink()


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """Yield an address for a path; an address has at most 108 bytes on Linux."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
