"""The daemon's priority for processor and disk, and the memory that it gives back."""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import TYPE_CHECKING

import psutil

from tagger.daemon.host.logs import log

if TYPE_CHECKING:
    from tagger.config import DaemonSettings

LOWEST_LEVEL = 7
"""Of the eight levels of Linux's best-effort class."""


def lower_priority(daemon: DaemonSettings) -> None:
    """Lower this process's priority for processor and disk; worker processes inherit both.

    Call it before threads start. A priority that the system refuses is logged and skipped.
    """
    try:
        os.nice(max(0, daemon.nice - os.nice(0)))
    except OSError as error:
        log.warning("cannot set nice", error=error.strerror)
    if daemon.io_priority == "normal" or not hasattr(psutil.Process, "ionice"):  # macOS
        return
    try:
        process = psutil.Process()  # reads /proc, which a chroot may lack
        if daemon.io_priority == "idle":
            process.ionice(psutil.IOPRIO_CLASS_IDLE)
        else:
            process.ionice(psutil.IOPRIO_CLASS_BE, LOWEST_LEVEL)
    except (OSError, psutil.Error) as error:
        log.warning("cannot set io_priority", error=str(error))


def release_memory() -> None:
    """Return freed memory to the system; glibc keeps it otherwise."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
