"""The local server for the browser's redirect from Spotify (RFC 8252, 7.3)."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, Self

from training.errors import SpotifyLoginError

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/callback"
PATIENCE_S = 300.0
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>tagger</title>"
    "<p>tagger has its answer. You may close this window."
)


class Callback:
    """A server on 127.0.0.1, at a free port, for one response."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.timeout = 1.0

    @property
    def redirect_uri(self) -> str:
        """Address of the redirect."""
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def wait(self, answers: Callable[[str], bool], patience: float = PATIENCE_S) -> str:
        """Return the address of the redirect; addresses that `answers` rejects get an error.

        Raises SpotifyLoginError after `patience` seconds.
        """
        self._server.answers = answers
        end = time.monotonic() + patience
        while self._server.answer is None:
            if time.monotonic() > end:
                raise SpotifyLoginError(
                    "no answer came from the browser",
                    hint="`tagger spotify login --paste` works without a browser on this computer",
                )
            self._server.handle_request()
        return self._server.answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()


class _Server(HTTPServer):
    answers: Callable[[str], bool]
    answer: str | None = None


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 2.0
    """Seconds for a client that sends nothing, as browsers do in advance."""

    def do_GET(self) -> None:
        """Accept the response to the login."""
        if self.path.partition("?")[0] != PATH or not self.server.answers(self.path):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(_PAGE.encode())
        self.server.answer = self.path

    def log_message(self, *_: Any) -> None:
        """Log nothing: the address contains the code."""
