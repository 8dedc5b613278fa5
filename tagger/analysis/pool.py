"""Worker processes: a crash, a hang or a lack of memory costs one task only.

The pool is Pebble's. In the standard library's pool one dead worker breaks the whole pool, and
a task that hangs cannot be stopped.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import threading
import time
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import spawn
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, Protocol, Self, TypeVar
from weakref import WeakKeyDictionary

from pebble import ProcessExpired, ProcessPool

from tagger.analysis import forkserver
from tagger.analysis.worker_limits import run_limited, start_worker
from tagger.errors import (
    NO_TEMPORARY_FOLDER,
    TaggerError,
    WorkerCrashedError,
    WorkerFailedError,
    WorkersUnusableError,
    WorkerTimedOutError,
)
from tagger.system import interrupts
from tagger.system.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tagger.config import WorkerSettings

_log = logging.getLogger("tagger")

P = ParamSpec("P")
T = TypeVar("T")

_NO_SEMAPHORE = (
    errno.EACCES,
    errno.ENOENT,
    errno.ENOSPC,
    errno.ENOSYS,
    errno.EPERM,
    errno.EROFS,
)
"""Errors of `sem_open`."""


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


AWAY = "move the file away"
LONGER = f"raise workers.timeout, or {AWAY}"
MORE_MEMORY = "raise workers.memory_mb"
"""The next steps where a task reached a limit."""

MAX_POOLS = 3
"""The number of pools that are tried for a task when workers die before it starts."""


_SERVER_DIED = 255
"""The exit code of a worker whose server of forks died."""

CHECK_S = 0.25
"""Seconds between two checks of a pool that a task waits for."""

_GAP_S = 2.0
"""Seconds between two looks at the clock, from which on the program was stopped meanwhile."""


class _Clock:
    """Pebble's clock, which goes on while the program is stopped.

    Ctrl-Z, a sleep of the computer and a correction of the clock all use up the time of tasks.
    """

    def __init__(self) -> None:
        self._last = time.time()
        self._resumed = 0.0

    def look(self) -> float:
        """Return the time, and note the end of a stop since the last look."""
        now = time.time()
        if now - self._last > _GAP_S:
            self._resumed = now
        self._last = now
        return now

    def stopped_since(self, begun: float) -> bool:
        """Return whether a stop ended after the time `begun`."""
        self.look()
        return self._resumed > begun


class Pool(Protocol):
    """Processes that run tasks, on this machine or on others."""

    count: int
    """How many tasks run at a time."""

    def submit(self, function: Callable[..., T], /, *args: Any) -> Future[T]:
        """Run a module-level function with arguments in a worker."""
        ...

    def result(self, future: Future[T], path: Path) -> T:
        """Wait for the result of a task on the file `path`; raises its error or a WorkerError."""
        ...

    def close(self, *, wait: bool = True) -> None:
        """End the pool after the running tasks, or at once without `wait`."""

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the pool, at once after an exception."""
        self.close(wait=kind is None)


class _Call(NamedTuple):
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    more_s: float = 0.0
    """Seconds beyond the time limits."""


class _Scheduled(NamedTuple):
    call: _Call
    pool: ProcessPool
    at: float
    """By the clock of the pool."""


SLOWEST = 5_000_000
"""Bytes a second; a slower disk or share lets a large file run into the time limit."""


class WorkerPool(Pool):
    """A pool of processes that starts with the first task."""

    def __init__(
        self,
        limits: WorkerSettings,
        prepare: Callable[..., None],
        *arguments: object,
        cpu_s: float | None = None,
        spare_mb: int | None = None,
    ) -> None:
        """Prepare the pool; each worker calls `prepare(*arguments)` once.

        Args:
            limits: The number of workers, and the limits of each task and worker.
            prepare: Called by each worker before its first task.
            arguments: The arguments of `prepare`.
            cpu_s: Seconds of processor time for one task; by default `limits.timeout`.
            spare_mb: MiB of address space beyond what a worker has after `prepare`, where that
                is less than `limits.memory_mb`.

        """
        self.count = limits.count or usable_cores()
        self._timeout = limits.timeout
        self._cpu_s = limits.timeout if cpu_s is None else cpu_s
        self._time_hint = LONGER if cpu_s is None else AWAY
        self._memory_hint = MORE_MEMORY if spare_mb is None else f"shrink its pictures, or {AWAY}"
        self._worker_arguments = (limits.memory_mb, spare_mb, prepare, arguments)
        self._scheduled: WeakKeyDictionary[Future[Any], _Scheduled] = WeakKeyDictionary()
        self._clock = _Clock()
        self._pool = self._new_pool()
        self._closed = False
        self._joining = threading.Lock()

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.count,
            context=forkserver.context(),
            initializer=start_worker,
            initargs=self._worker_arguments,
        )

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a module-level function with arguments in a worker.

        Raises:
            CancelledError: the pool was closed.
            WorkersUnusableError: each new pool breaks at once.
        """
        return self._schedule(_Call(function, args, kwargs))

    def submit_sized(
        self, size: int, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Run a function that reads or writes a whole file of `size` bytes, with more time."""
        return self._schedule(_Call(function, args, kwargs, size / SLOWEST))

    def _schedule(self, call: _Call) -> Future[Any]:
        arguments = (self._cpu_s + call.more_s, call.function, call.args, call.kwargs)
        cause: BaseException | None = None
        with interrupts.deferred_signals():
            for _ in range(MAX_POOLS):
                try:
                    future: Future[Any] = self._pool.schedule(
                        run_limited, args=arguments, timeout=self._timeout + call.more_s
                    )
                except OSError as error:  # no lock, or no pipe
                    raise _unusable(error) from error
                except RuntimeError as error:  # Pebble gives a pool up whose idle worker died
                    if self._closed:
                        raise CancelledError from error
                    cause = error.__cause__
                    self._pool = self._new_pool()
                else:
                    self._scheduled[future] = _Scheduled(call, self._pool, self._clock.look())
                    return future
        raise _unusable(cause)

    def result(self, future: Future[T], path: Path) -> T:
        """Wait for the result of a task on the file `path`.

        Raises the exception of the task, or:
            WorkerCrashedError: two workers died in the task.
            WorkerTimedOutError: the task exceeded the time limit and was killed.
            WorkerFailedError: the task raised an exception that no code expects.
            WorkersUnusableError: workers die before the task starts.
            CancelledError: the pool was closed without a wait.
        """
        died = False
        for _ in range(MAX_POOLS):
            try:
                return self._wait(future)
            except FutureTimeoutError as error:
                limit = self._timeout + self._scheduled[future].call.more_s
                raise WorkerTimedOutError(
                    f"took longer than {limit:.0f} s and was given up",
                    path,
                    LONGER,
                ) from error
            except ProcessExpired as error:
                if died:
                    raise _crash(error.exitcode, path) from error
                # Pebble may blame the task before the fatal one, so each task gets a second try
                died, future = True, self._schedule(self._scheduled[future].call)
            except WorkerTimedOutError as error:
                raise WorkerTimedOutError(error.reason, path, self._time_hint) from error
            except MemoryError as error:
                reason = "needs more memory than a worker has"
                raise WorkerCrashedError(reason, path, self._memory_hint) from error
            except BrokenProcessPool:  # an idle worker died, or the program was stopped: try again
                future = self._schedule(self._scheduled[future].call)
            except (TaggerError, CancelledError):
                raise
            except Exception as error:
                _log.debug("unexpected exception for %r", str(path), exc_info=error)
                reason = f"failed with an unexpected {type(error).__name__}: {error}"
                raise WorkerFailedError(
                    one_line(reason), path, "please report this file"
                ) from error
        raise _unusable(None)

    def _wait(self, future: Future[T]) -> T:
        """Wait for a task; raises BrokenProcessPool if its time passed while all was stopped."""
        _, pool, at = self._scheduled[future]
        try:
            return _outcome(future, pool, self._clock)
        except FutureTimeoutError as error:
            if self._clock.stopped_since(at):
                raise BrokenProcessPool from error
            raise

    def close(self, *, wait: bool = True) -> None:
        """End the processes after the running tasks, or at once without `wait`.

        Another thread may close the pool at once while a thread waits for results or closes.
        """
        with interrupts.deferred_signals():
            self._closed = True
            end: Callable[[], None] = self._pool.close if wait else self._pool.stop
            end()
            if not wait:
                for future in list(self._scheduled):
                    future.cancel()
            with self._joining:  # two threads would close Pebble's pipes twice
                self._pool.join()


def _crash(exit_code: int, path: Path) -> WorkerCrashedError:
    """Return the error of a worker that died twice; the kernel ends one where memory is short."""
    if exit_code in (-signal.SIGKILL, _SERVER_DIED):
        reason = "its process was ended from outside, most likely because memory was short"
        hint = "give tagger more memory, or set workers.count = 1; then scan with --force"
        return WorkerCrashedError(reason, path, hint)
    reason = "ended the process that analyzes it: it is damaged or made to do harm"
    return WorkerCrashedError(reason, path)


def _unusable(cause: BaseException | None) -> WorkersUnusableError:
    """Return the error of a machine on which no worker starts, with the next step."""
    interpreter = os.fsdecode(spawn.get_executable() or "")
    if not os.access(interpreter, os.X_OK):
        reason, hint = f"the Python interpreter {interpreter} is gone", "install tagger again"
    elif isinstance(cause, FileNotFoundError) and "temporary directory" in str(cause):
        reason = f"no worker process can be started: {cause.strerror}"
        hint = NO_TEMPORARY_FOLDER
    elif isinstance(cause, OSError) and cause.errno in _NO_SEMAPHORE:
        reason = f"no lock for worker processes can be made: {cause.strerror}"
        hint = "/dev/shm must be a writable file system with free space"  # noqa: S108 - a message
    elif isinstance(cause, OSError):
        reason = f"no worker process can be started: {cause.strerror}"
        hint = "the limits on processes, open files or memory are too low"
    else:
        reason = "worker processes die as soon as they start"
        hint = "raise workers.memory_mb and the limits of `ulimit -a`, or install tagger again"
    return WorkersUnusableError(reason, hint=hint)


def _outcome(future: Future[T], pool: ProcessPool, clock: _Clock) -> T:
    """Wait for a future of a pool; an interrupt ends the wait without a lock left behind.

    Pebble forgets a task that is scheduled while the pool breaks; its future is never done.
    """
    done = threading.Lock()
    done.acquire()
    with interrupts.deferred_signals():
        future.add_done_callback(lambda _: done.release())
    active = True
    while not done.acquire(timeout=CHECK_S):
        clock.look()
        if not (active or pool.active):
            raise BrokenProcessPool
        active = pool.active
    with interrupts.deferred_signals():
        return future.result()
