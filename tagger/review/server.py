"""The web server of `tagger review`, for this computer alone."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Self

from werkzeug.serving import WSGIRequestHandler, make_server

from tagger.errors import DaemonError
from tagger.review.app import App
from tagger.review.desk import Desk
from tagger.review.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings

ADDRESS = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """Logs no requests: their paths contain the token."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


class ReviewServer:
    """Serves the page at an address with a random token."""

    def __init__(self, settings: Settings, paths: Sequence[Path], port: int = 0) -> None:
        """Listen on a port; `serve` answers.

        Args:
            settings: The settings.
            paths: Resolved files and folders that the page lists.
            port: The TCP port, 0 for any free port.

        Raises:
            DaemonError: the port is taken.
            StoreError: the database cannot be used.
            ModelError: the model bundle is unusable.

        """
        self._desk = Desk(settings, paths)
        token, key = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        try:
            self._server = make_server(
                ADDRESS, port, self._refuse, threaded=True, request_handler=_Quiet
            )
        except (OSError, SystemExit) as error:
            self._desk.close()
            raise DaemonError(f"port {port} cannot be used", None, "choose another port") from error
        self.port = int(self._server.server_port)
        self._server.app = App(self._desk, Guard(token, self.port, {key}))
        self.url = f"http://{ADDRESS}:{self.port}/{token}/"
        self.url_once = f"http://{ADDRESS}:{self.port}/{key}/"
        """Leads to `url` once, for the arguments of a browser."""

    def serve(self) -> None:
        """Answer requests until `stop`, or an interrupt."""
        self._server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        """End `serve` from another thread."""
        self._server.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()
        self._desk.close()

    @staticmethod
    def _refuse(environ: object, start: object) -> list[bytes]:  # noqa: ARG004
        return []
