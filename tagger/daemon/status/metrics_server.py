"""Serving the figures to this computer alone; imported only where that is asked for."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from tagger.daemon.status.metrics import render
from tagger.errors import DaemonError

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK = "127.0.0.1"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricsServer:
    """Serves `/metrics` on the loopback interface; a context manager."""

    def __init__(self, port: int, snapshot: Callable[[], dict[str, Any]]) -> None:
        """Listen; raises `DaemonError` when the port is taken."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/metrics":
                    self.send_error(404)
                    return
                body = render(snapshot()).encode()
                self.send_response(200)
                self.send_header("Content-Type", CONTENT_TYPE)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing of each request."""

        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        except OSError as error:
            raise DaemonError(
                f"daemon.metrics_port {port}: {error.strerror}", hint="set another port"
            ) from error

    def __enter__(self) -> Self:
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(60.0,), name="metrics", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()
