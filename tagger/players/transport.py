"""The time limit of a player's answer, and the errors of a player that does not answer."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading
from typing import TYPE_CHECKING

from tagger.errors import PlayerError

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 5.0
"""Seconds to connect, and again for one request with its answer."""
MAX_ANSWER_BYTES = 1 << 16
"""The longest answer that is read; expected answers are short."""
UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EAFNOSUPPORT, errno.EPERM)


@contextlib.contextmanager
def deadline(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Close a connection after so many seconds; raises `TimeoutError` then.

    A socket's own time-out restarts with each byte, so a slow sender never exceeds it.
    """
    late = threading.Event()

    def cut() -> None:
        late.set()
        with contextlib.suppress(OSError):
            # SSLSocket's own method must not run in another thread
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    else:
        if late.is_set():
            raise TimeoutError
    finally:
        timer.cancel()


def unreachable(error: OSError, where: str, key: str, timeout: float) -> PlayerError:
    """Return the error for a failed connection.

    Args:
        error: The failure.
        where: The address.
        key: The setting with the address.
        timeout: The seconds that the player had.

    """
    hint = f"start the player, or correct {key}"
    if isinstance(error, TimeoutError):
        reason = f"{where} does not answer within {timeout:g} seconds"
    elif isinstance(error, ConnectionResetError | BrokenPipeError):
        reason = f"{where} closes the connection without an answer"
    elif isinstance(error, ssl.SSLCertVerificationError):
        reason = f"the certificate of {where} is not trusted: {error.verify_message}"
        hint = f"have this system trust it, or set {key} to an http:// address"
    elif isinstance(error, ssl.SSLError):
        reason, hint = f"{where} does not speak TLS", f"correct {key}: http:// or https://"
    elif isinstance(error, socket.gaierror):
        reason, hint = f"the host name in {where} is unknown", f"correct {key}"
    elif error.errno in UNREACHABLE:
        reason = f"{where} cannot be reached: {error.strerror}"
        hint = "a sandboxed service has no network: see Players in docs/operations.md"
    else:
        reason = f"{where}: {error.strerror or error}"
    return PlayerError(reason, hint=hint)


def unexpected_answer(where: str, kind: str, key: str) -> PlayerError:
    """Return the error for a server at `where`, set by `key`, that is no player of this `kind`."""
    return PlayerError(f"{where} does not answer like {kind}", hint=f"correct {key}")
