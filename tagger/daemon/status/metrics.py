"""Metrics in Prometheus' text format, served on the loopback interface.

Only a daemon with a `metrics_port` imports this module: `http.server` takes 7 MB.
"""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tagger.daemon.host.logs import log
from tagger.daemon.status.serving import Serving
from tagger.errors import DaemonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOPBACK = "127.0.0.1"
HOSTS = ("127.0.0.1", "localhost")
"""The names of this server; a web page that was bound to the loopback address has another."""
CONNECTIONS = 8
"""Connections at a time; further connections are closed at once."""
TIMEOUT_S = 5.0
"""Seconds that a connection may wait for the next bytes."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricsServer(Serving):
    """Serves `/metrics` to this computer alone; a context manager."""

    def __init__(self, port: int, snapshot: Callable[[], dict[str, Any]]) -> None:
        """Listen on a TCP port of the loopback interface.

        `snapshot` returns `DaemonState.snapshot` for each request. Raises `DaemonError` when the
        port is taken.
        """

        class Handler(BaseHTTPRequestHandler):
            timeout = TIMEOUT_S

            def do_GET(self) -> None:
                host = self.headers.get("Host", LOOPBACK)
                if host.rsplit(":", 1)[0].lower() not in HOSTS:
                    self.send_error(403)
                    return
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
                """Log no request."""

        try:
            server = _Server((LOOPBACK, port), Handler)
        except OSError as error:
            raise DaemonError(
                f"daemon.metrics_port {port}: {error.strerror}", hint="set another port"
            ) from error
        super().__init__(server, "metrics")


class _Server(ThreadingHTTPServer):
    """A server with a bound on connections, so that they cannot use up the open files."""

    def __init__(self, *arguments: Any) -> None:
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a connection in a thread of its own, if there is one left."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log the error of a connection as one record, without a traceback on the terminal."""
        log.debug("metrics request failed", reason=repr(sys.exception()))


def render(snapshot: dict[str, Any]) -> str:
    """Return a `DaemonState.snapshot` in Prometheus' text format, version 0.0.4."""
    return "".join(f"{line}\n" for line in _lines(snapshot))


def _lines(snapshot: dict[str, Any]) -> Iterator[str]:
    labels = _labels(version=snapshot["version"], model=snapshot["model"])
    yield from _metric("tagger_info", "gauge", "Version and model.", {labels: 1})
    actions = {_labels(action=name): n for name, n in snapshot["actions"].items()}
    yield from _metric(
        "tagger_files_total", "counter", "Files since the start, by decision.", actions
    )
    for name, text in {
        "known": "Files in the state database.",
        "queue": "Files in the queue.",
        "settling": "Files that another program may still write.",
        "workers": "Worker processes.",
    }.items():
        yield from _metric(f"tagger_{name}", "gauge", text, {"": snapshot[name]})
    yield from _metric(
        "tagger_start_time_seconds", "gauge", "Start, Unix time.", {"": snapshot["since"]}
    )
    if reconciled := snapshot["reconciled"]:
        text = "Last comparison of the folders with the database, Unix time."
        yield from _metric("tagger_reconcile_time_seconds", "gauge", text, {"": reconciled["at"]})
        text = "Duration of that comparison."
        yield from _metric(
            "tagger_reconcile_duration_seconds", "gauge", text, {"": reconciled["seconds"]}
        )


def _labels(**values: str) -> str:
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    inside = ",".join(f'{name}="{value.translate(escapes)}"' for name, value in values.items())
    return f"{{{inside}}}"


def _metric(name: str, kind: str, text: str, values: dict[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{labels} {value}"
