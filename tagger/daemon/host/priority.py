"""Stepping back for other programs."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
from typing import TYPE_CHECKING, Literal

from tagger.daemon.host.logs import log

if TYPE_CHECKING:
    from tagger.config import DaemonSettings

_IOPRIO_SET = {
    "x86_64": 251,
    "i686": 289,
    "aarch64": 30,
    "armv7l": 314,
    "ppc64le": 273,
    "riscv64": 30,
    "s390x": 282,
}
"""Number of the system call, which no libc wraps (`man 2 ioprio_set`)."""
_WHO_PROCESS = 1
_CLASSES: dict[Literal["normal", "low", "idle"], int] = {
    "normal": 0,
    "low": 2 << 13 | 7,  # best effort, last of its eight levels
    "idle": 3 << 13,
}


def step_back(daemon: DaemonSettings) -> None:
    """Lower this process's priority for processor and disk; worker processes inherit both.

    To be called before threads are started. What the system forbids is left.
    """
    try:
        os.nice(max(0, daemon.nice - os.nice(0)))
    except OSError as error:
        log.warning("nice was refused", error=error.strerror)
    number = _IOPRIO_SET.get(platform.machine())
    priority = _CLASSES[daemon.io_priority]
    if priority and number and platform.system() == "Linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(number, _WHO_PROCESS, 0, priority):
            log.warning("io_priority was refused", error=os.strerror(ctypes.get_errno()))


def give_back_memory() -> None:
    """Return to the system what was freed, which glibc keeps for the next time."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
