"""The limits of one worker process, set inside it: processor time and memory."""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tagger.analysis import forkserver
from tagger.errors import WorkerTimedOutError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _OutOfTime(BaseException):
    """The processor time of a task is used up; no `except Exception` may take this for its own."""


def run_limited(
    seconds: float,
    function: Callable[..., T],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> T:
    """Run a task with limited processor time.

    A task that runs in the interpreter ends with an error of its own. One that does not return
    to the interpreter is killed a second later, also when the parent process is gone.

    Args:
        seconds: Of processor time.
        function: The task.
        args: Its arguments by place.
        kwargs: Its arguments by name.

    Raises:
        WorkerTimedOutError: the time is used up.
        MemoryError: the memory is used up.

    """
    with contextlib.suppress(ImportError):  # Windows has no such limits
        import resource  # noqa: PLC0415

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        limit = math.ceil(time.process_time() + seconds) + 1
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
            signal.signal(signal.SIGXCPU, _out_of_time)
    try:
        return function(*args, **kwargs)
    except _OutOfTime:
        reason = f"needs more than {seconds:.0f} s of processor time and was given up"
        failure: Exception = WorkerTimedOutError(reason)
    except MemoryError:
        failure = MemoryError()
    # raised here, without the traceback that holds the memory of the task: to send needs some
    raise failure


def _out_of_time(*_: object) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)  # the kernel signals again each second
    raise _OutOfTime


def start_worker(
    memory_mb: int,
    spare_mb: int | None,
    prepare: Callable[..., None],
    arguments: tuple[object, ...],
) -> None:
    """Limit the memory of a worker process, and prepare it.

    Args:
        memory_mb: MiB of address space.
        spare_mb: MiB beyond what the process has after `prepare`, where that is less.
        prepare: Called once, with `arguments`.
        arguments: The arguments of `prepare`.

    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides how a run ends
    importlib.import_module(forkserver.PRELOAD)  # not yet imported where the system has no fork
    with contextlib.suppress(ImportError):  # Windows has no such limits
        import resource  # noqa: PLC0415

        limit, hard = memory_mb * 2**20, resource.getrlimit(resource.RLIMIT_AS)[1]
        if hard != resource.RLIM_INFINITY:  # only root may exceed it
            limit = min(limit, hard)
        _limit_memory(limit, hard)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        prepare(*arguments)
        if spare_mb is not None and (used := _address_space()):
            limit = min(limit, used + spare_mb * 2**20)
        _limit_memory(limit, limit)
        return
    prepare(*arguments)


def _limit_memory(soft: int, hard: int) -> None:
    """Limit the address space, bytes, where the system can."""
    import resource  # noqa: PLC0415

    # macOS refuses a limit below the hundreds of GB that its libraries are mapped at
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int | None:
    """Return the bytes of this process's address space, None where they are unknown."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[0]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
