"""Processor time, not wall time: user and system, of functions in turn and of whole commands."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 9


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


def in_turn(*functions: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return the least processor time of each function, ms; they run in turn."""
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for place, function in enumerate(functions):
            began = time.process_time()
            function()
            best[place] = min(best[place], 1000 * (time.process_time() - began))
    return best


def commands(*argvs: Sequence[str], rounds: int = 3, env: dict[str, str] | None = None):
    """Return the cost of each command with its children: the least time, the greatest memory."""
    best = [Cost(float("inf"), 0.0)] * len(argvs)
    for _ in range(rounds):
        for place, argv in enumerate(argvs):
            process = subprocess.Popen(
                argv,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | (env or {}),
            )
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
            cpu = usage.ru_utime + usage.ru_stime
            best[place] = Cost(
                min(best[place].cpu_s, cpu), max(best[place].peak_mb, usage.ru_maxrss / 1024)
            )
    return best
