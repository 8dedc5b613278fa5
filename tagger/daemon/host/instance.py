"""One daemon for one state folder, and where to find it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import warnings
from pathlib import Path
from typing import Self

import platformdirs

from tagger.errors import DaemonError, StoreError

LOCK = "daemon.lock"


def socket_path(state: Path) -> Path:
    """Return where the daemon of a state folder is to listen.

    In the folder that systemd made for it, or the user's runtime folder, or, where there is
    none, in the state folder.
    """
    given = os.environ.get("RUNTIME_DIRECTORY")
    try:
        with warnings.catch_warnings(action="error"):
            folder = (
                Path(given.split(":")[0]) if given else platformdirs.user_runtime_path("tagger")
            )
    except Warning:
        folder = state
    name = hashlib.sha256(os.fsencode(state)).hexdigest()[:8]
    return folder / f"{name}.sock"


def socket_of(state: Path) -> Path | None:
    """Return where the last daemon of a state folder listened, whether it lives or not."""
    try:
        return Path(os.fsdecode((state / LOCK).read_bytes()))
    except OSError:
        return None


class InstanceLock:
    """Held by the one daemon that works on a state folder; a context manager."""

    def __init__(self, state: Path, socket: Path) -> None:
        """Take the lock and leave the socket's path in it.

        Raises `DaemonError` when another daemon holds it, `StoreError` when the folder
        cannot be used.
        """
        path = state / LOCK
        try:
            state.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"cannot be used: {error.strerror}", path) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise DaemonError(
                "another tagger watches with this state folder", state, "see `tagger status`"
            ) from error
        os.ftruncate(self._file, 0)
        os.write(self._file, os.fsencode(socket))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.close(self._file)
