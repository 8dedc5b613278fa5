"""A command of the user, for players that no module of tagger serves."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from tagger.errors import PlayerError
from tagger.players.changes import printable_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagger.players.changes import Changes

SECONDS = 60.0
"""After this time the command is ended, with all of its processes."""
KEY = "players.command"


class CommandPlayer:
    """Runs the command, without a shell; it reads the changed folders, one on each line."""

    name = "command"
    patience = SECONDS + 1

    def __init__(self, command: Sequence[str], seconds: float = SECONDS) -> None:
        self._command = list(command)
        self._seconds = seconds

    def refresh(self, changes: Changes) -> None:
        """See `Player`."""
        folders = dict.fromkeys(printable_folder(folder) for folder in changes.folders)
        text = "".join(f"{folder}\n" for folder in folders)
        process = self._start()
        try:
            process.communicate(text.encode("utf-8", "surrogateescape"), self._seconds)
        except subprocess.TimeoutExpired:
            reason = f"the command does not end within {self._seconds:g} seconds"
            raise PlayerError(reason, hint=f"start long work in the background in {KEY}") from None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode:
            reason = f"the command ends with the exit code {process.returncode}"
            raise PlayerError(reason, hint=f"run the command of {KEY} by hand")

    def check(self) -> str:
        """See `Player`. The command is not run."""
        import shutil  # noqa: PLC0415 - for `tagger doctor` alone

        if not shutil.which(self._command[0]):
            raise PlayerError("there is no such command", hint=f"correct {KEY}")
        return "the command is there and"

    def _start(self) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        try:
            return subprocess.Popen(  # noqa: S603 - the user's own command
                self._command,
                stdin=subprocess.PIPE,
                stdout=quiet,
                stderr=quiet,
                start_new_session=True,
            )
        except OSError as error:
            reason = f"the command cannot be started: {error.strerror}"
            raise PlayerError(reason, hint=f"correct {KEY}") from None
