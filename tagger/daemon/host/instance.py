"""One daemon for each state folder, and the path of its socket."""

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
    """Return the socket path for the daemon of a state folder.

    The socket lies in the service's runtime folder, else in the user's runtime folder, else in
    the state folder.
    """
    given = os.environ.get("RUNTIME_DIRECTORY")
    try:
        with warnings.catch_warnings(action="error"):
            folder = (
                Path(given.split(":")[0]) if given else platformdirs.user_runtime_path("tagger")
            )
    except (Warning, OSError):  # missing, or of a mode that lets other users in
        folder = state
    name = hashlib.sha256(os.fsencode(state)).hexdigest()[:8]
    return folder / f"{name}.sock"


def last_socket_path(state: Path) -> Path | None:
    """Return the socket path of the last daemon of a state folder; the daemon may be gone."""
    try:
        return Path(os.fsdecode((state / LOCK).read_bytes()))
    except OSError:
        return None


class InstanceLock:
    """The lock of the one daemon of a state folder; a context manager."""

    def __init__(self, state: Path, socket: Path) -> None:
        """Take the lock and write the socket's path into the lock file.

        Raises:
            DaemonError: another daemon holds the lock.
            StoreError: the state folder cannot be used.
        """
        path = state / LOCK
        try:
            self._file = locks.open_lock_file(path)
            if taken := not locks.try_lock(self._file):
                os.close(self._file)
            else:
                os.ftruncate(self._file, 0)
                os.write(self._file, os.fsencode(socket))
        except OSError as error:
            hint = "check the disk, and the permissions of the file and its folder"
            raise StoreError(f"cannot be used: {error.strerror}", path, hint) from error
        if taken:
            reason = "another `tagger watch` uses this state folder"
            raise DaemonError(reason, state, "see `tagger status`")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.close(self._file)
