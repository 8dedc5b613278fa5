"""How long a player may take to answer, and what to say of one that does not."""

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
"""Seconds to connect in, and again for one question and its answer."""
MOST_BYTES = 1 << 16
"""Of an answer; the ones that we wait for are short."""
UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EAFNOSUPPORT, errno.EPERM)


@contextlib.contextmanager
def deadline(connection: socket.socket) -> Iterator[None]:
    """Cut a connection off when the time is up; raises `TimeoutError` then.

    The time-out of a socket is one for each byte: who sends one now and then never meets it.
    """
    late = threading.Event()

    def cut() -> None:
        late.set()
        with contextlib.suppress(OSError):
            # not SSLSocket's own method, which is not for another thread's socket
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    timer = threading.Timer(TIMEOUT, cut)
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


def unreachable(error: OSError, where: str, key: str) -> PlayerError:
    """Say why a player cannot be talked to at `where`, which the setting `key` names."""
    hint = f"start the player, or correct {key}"
    if isinstance(error, TimeoutError):
        reason = f"{where} does not answer within {TIMEOUT:g} seconds"
    elif isinstance(error, ConnectionResetError | BrokenPipeError):
        reason = f"{where} hangs up without an answer"
    elif isinstance(error, ssl.SSLCertVerificationError):
        reason = f"the certificate of {where} is not trusted: {error.verify_message}"
        hint = f"have this system trust it, or set {key} to an http:// address"
    elif isinstance(error, ssl.SSLError):
        reason, hint = f"{where} does not speak TLS", f"correct {key}: http:// or https://"
    elif isinstance(error, socket.gaierror):
        reason, hint = f"there is no computer of the name in {where}", f"correct {key}"
    elif error.errno in UNREACHABLE:
        reason = f"{where} cannot be reached: {error.strerror}"
        hint = "a sandboxed service has no network: see Players in docs/operations.md"
    else:
        reason = f"{where}: {error.strerror or error}"
    return PlayerError(reason, hint=hint)


def nonsense(where: str, kind: str, key: str) -> PlayerError:
    """Say that what answers at `where` is no player of this kind."""
    return PlayerError(f"{where} does not answer like {kind}", hint=f"correct {key}")
