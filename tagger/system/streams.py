"""The standard streams of a process: missing streams are opened, failed streams discarded."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from typing import TextIO

_UNWRITABLE = (
    errno.EBADF,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.ENOSPC,
    errno.EPIPE,
)


def is_of_output(error: OSError) -> bool:
    """Whether an output failed: a full disk, a closed pipe, a lost terminal.

    Failed writes to files and to the state raise errors of their own, so a plain OSError without
    a path is left.
    """
    return error.errno in _UNWRITABLE and error.filename is None


def open_missing() -> None:
    """Open missing standard streams, as after `2>&-`.

    The next file that is opened would get the number of the missing stream, and FFmpeg writes its
    messages to number 2.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def accept_all_names(stream: TextIO) -> None:
    """Let a stream write each name of a file: its bytes in UTF-8, else escapes for the encoding."""
    if isinstance(stream, io.TextIOWrapper):
        utf_8 = codecs.lookup(stream.encoding).name == "utf-8"
        stream.reconfigure(errors="surrogateescape" if utf_8 else "backslashreplace")


def discard(stream: TextIO) -> None:
    """Redirect a stream to no reader, so that the interpreter can flush it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
