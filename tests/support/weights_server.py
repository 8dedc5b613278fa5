"""Stand-in for the server of a published file: HTTPS on loopback, with a switch for faults."""

from __future__ import annotations

import contextlib
import http.server
import threading
from typing import TYPE_CHECKING

from certificates import encrypted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 40
FAULTS = {
    "missing": "HTTP 404",
    "away from HTTPS": "a redirect away from HTTPS",
    "to a file": "HTTP 302",
    "to itself": "HTTP 302",
    "hangs": "no complete answer in time",
    "drips": "no complete answer in time",
}
"""Faults of a download, with a part of the reason."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: StandIn

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        with contextlib.suppress(OSError):
            self._answer(self.server.fault)

    def _answer(self, fault: str) -> None:
        redirects = {
            "away from HTTPS": f"http://127.0.0.1:{self.server.server_port}/other",
            "to a file": "file:///etc/passwd",
            "to itself": self.path,
        }
        if fault == "redirected" and self.path == "/file":
            redirects[fault] = "/moved"
        if fault in redirects:
            self.send_response(302)
            self.send_header("Location", redirects[fault])
            self.end_headers()
        elif fault == "missing":
            self.send_error(404)
        elif fault == "hangs":
            self.server.released.wait(30)
        else:
            self._send(fault)

    def _send(self, fault: str) -> None:
        self.send_response(200)
        if fault != "endless":
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if fault == "other bytes":
            self.wfile.write(CONTENT[::-1])
        elif fault == "truncated":
            self.wfile.write(CONTENT[:100])
        elif fault == "endless":
            while not self.server.released.is_set():
                self.wfile.write(CONTENT)
        elif fault == "drips":
            while not self.server.released.wait(0.05):
                self.wfile.write(b"x")
        else:
            self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class StandIn(http.server.ThreadingHTTPServer):
    """The server; `paths` are the requests."""

    daemon_threads = False  # joined at the end, with their sockets
    fault = ""

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.socket = encrypted(self.socket, certificate)
        self.paths: list[str] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        """The address of the file."""
        return f"https://127.0.0.1:{self.server_port}/file"


@contextlib.contextmanager
def serving(certificate: Path) -> Iterator[StandIn]:
    """Serve in a thread."""
    server = StandIn(certificate)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
