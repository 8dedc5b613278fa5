"""Processor time, not wall time: user and system, of functions in turn and of whole commands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 9
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Modules are compiled once, as an installation compiles them, whatever the environment forbids."""


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Result:
    """One row of the table."""

    name: str
    value: float
    unit: str
    """`ms`, `s` or `MB`."""
    base: float | None = None
    """The same work in its plainest form, in the same unit."""
    aim: float | None = None
    """The greatest ratio to `base`, or the greatest value without a base."""

    @property
    def ratio(self) -> float | None:
        """The value divided by the base."""
        return self.value / self.base if self.base else None

    @property
    def reached(self) -> bool | None:
        """Whether the aim is reached, None without an aim."""
        if self.aim is None:
            return None
        return (self.value if self.ratio is None else self.ratio) <= self.aim


def processor_ms(function: Callable[..., object], *args: object) -> float:
    """Return the processor time of a function in this process, ms."""
    began = time.process_time()
    function(*args)
    return 1000 * (time.process_time() - began)


def in_turn(*functions: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return the least processor time of each function, ms; they run in turn."""
    return list(map(min, zip(*(map(processor_ms, functions) for _ in range(rounds)), strict=True)))


_LAUNCHER = """
import contextlib, ctypes, os, resource, subprocess, sys
with contextlib.suppress(AttributeError):  # Linux: orphans become children of this process
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, _, main = os.wait4(process.pid, 0)
with contextlib.suppress(ChildProcessError):
    while True:
        os.wait()
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime, main.ru_maxrss / 1024)
"""
"""Starts a command from a small process: the peak of its parent counts as its own.

The server that forks workers ends after the command, so its time is counted as that of an orphan.
"""


def commands(
    *argvs: Sequence[str], rounds: int = 3, env: dict[str, str] | None = None
) -> list[Cost]:
    """Return the cost of each command with all its processes: least time, greatest memory."""
    best = [Cost(float("inf"), 0.0)] * len(argvs)
    for _ in range(rounds):
        for place, argv in enumerate(argvs):
            launcher = [sys.executable, "-S", "-c", _LAUNCHER, *argv]
            out = subprocess.run(
                launcher,
                stdout=subprocess.PIPE,
                env=os.environ | COMPILED | (env or {}),
                check=True,
            ).stdout
            cpu, peak = map(float, out.split())
            best[place] = Cost(min(best[place].cpu_s, cpu), max(best[place].peak_mb, peak))
    return best
