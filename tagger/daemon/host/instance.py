"""One daemon for one state folder, and where to find it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import warnings
from pathlib import Path
from typing import Self

import platformdirs

from tagger.errors import DaemonError, StoreError
from tagger.system import locks

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
            self._file = locks.open_lock_file(path)
            taken = not locks.try_lock(self._file)
        except OSError as error:
            raise StoreError(f"cannot be used: {error.strerror}", path) from error
        if taken:
            os.close(self._file)
            reason = "another tagger watches with this state folder"
            raise DaemonError(reason, state, "see `tagger status`")
        os.ftruncate(self._file, 0)
        os.write(self._file, os.fsencode(socket))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.close(self._file)
