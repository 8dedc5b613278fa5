"""A server in a thread, which ends with it."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from socketserver import TCPServer

POLL_S = 60.0
"""Seconds between two looks whether to end; the end wakes the thread where the system can."""


class Serving:
    """Serves in a thread; a context manager."""

    def __init__(self, server: TCPServer, name: str) -> None:
        """`server` listens already; `name` is that of the thread."""
        self._server, self._name = server, name

    def __enter__(self) -> Self:
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(POLL_S,), name=self._name, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread, which would else wait on the number of whichever file is opened next."""
        try:
            self._server.socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # not on Linux: the thread ends with the process
            pass
        else:
            self._server.shutdown()
        self._server.server_close()
