"""Workers on other machines: a Dask cluster in place of the pool of this machine.

The scheduler repeats the tasks of a worker that is gone, and moves tasks away from a slow worker.
Only results come back, and this process alone writes to files and to the store.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, TypeVar

from tagger.analysis import remote
from tagger.analysis.pool import Pool
from tagger.errors import AudioError, ClusterError, TagError, WorkerCrashedError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from tagger.inference import Manifest

T = TypeVar("T")

CONNECT_S = 10.0
"""Seconds in which the scheduler must answer."""
WORKERS_S = 30.0
"""Seconds in which the first worker must be connected."""


class ClusterPool(Pool):
    """The workers of a Dask cluster, with the interface of `WorkerPool`."""

    def __init__(self, scheduler: str, bundle: Path, manifest: Manifest) -> None:
        """Connect to a scheduler; TLS is configured in Dask's own files.

        Args:
            scheduler: The address, such as `tcp://host:8786` or `tls://host:8786`.
            bundle: The folder of the model bundle on this machine.
            manifest: The manifest of that bundle.

        Raises:
            ClusterError: the extra is missing, or no scheduler or no worker answers.

        """
        self._scheduler = scheduler
        self._bundle = bundle
        self._wanted = remote.Requirements.of(manifest)
        self._client = connect(scheduler)
        self._executor = self._client.get_executor(pure=False)
        self.count = max(1, sum(self._client.nthreads().values()))
        """Threads of the workers that were connected at the start."""

    def submit(self, function: Callable[..., T], /, *args: Any) -> Future[T]:
        """Run a module-level function on any worker.

        Each worker replaces the path of the bundle and the paths of files by its own paths.
        """
        shared = tuple(remote.Place.BUNDLE if value == self._bundle else value for value in args)
        future: Future[T] = self._executor.submit(remote.run, self._wanted, function, shared)
        return future

    def result(self, future: Future[T], path: Path) -> T:
        """Wait for the result of a task on the file `path`.

        Raises the exception of the task, with the path of this machine, or:
            WorkerCrashedError: the workers of the cluster died in the task, several times.
            ClusterError: the scheduler is gone, or a worker differs from this machine.
            CancelledError: the pool was closed.
        """
        from distributed import KilledWorker  # noqa: PLC0415 - an extra

        try:
            return future.result()
        except (AudioError, TagError, WorkerError) as error:  # with the path of the worker
            raise type(error)(error.reason, path, error.hint) from error
        except KilledWorker as error:
            reason = "brought several workers of the cluster down"
            raise WorkerCrashedError(reason, path) from error
        except CancelledError:
            if self._client.status == "running":
                raise
            raise _lost(self._scheduler) from None
        except (OSError, ImportError) as error:
            reason = f"a worker of {self._scheduler} fails on {path}: {_why(error)}"
            raise ClusterError(reason, hint=SEE) from error

    def close(self, *, wait: bool = True) -> None:
        """End the connection; the workers stay. Without `wait`, running tasks are cancelled."""
        if not wait:
            self._executor.shutdown(wait=False)
        self._client.close()


SEE = "see the log of the worker"


def connect(scheduler: str) -> Any:
    """Return a client of Dask that is connected to a scheduler with at least one worker.

    Raises ClusterError when the extra is missing, or when no scheduler or no worker answers.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError as error:
        hint = "install tagger with the extra `cluster`, or remove cluster.scheduler"
        raise ClusterError("a cluster needs the library distributed", hint=hint) from error
    try:
        asyncio.run(_answers(scheduler))
        client = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = f"the scheduler {scheduler} does not answer: {_why(error)}"
        hint = f"start `dask scheduler` there, or correct cluster.scheduler{_tls(scheduler)}"
        raise ClusterError(reason, hint=hint) from error
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError as error:
        client.close()
        reason = f"no worker is connected to the scheduler {scheduler}"
        hint = f"start `dask worker` on some machine{_tls(scheduler)}"
        raise ClusterError(reason, hint=hint) from error
    return client


async def _answers(scheduler: str) -> None:
    """Open a connection to the scheduler, and close it.

    A client of Dask waits for another kind of server without a limit. A client that could not
    connect prints a traceback, 20 s later.
    """
    from distributed.comm.core import connect as connection  # noqa: PLC0415 - an extra
    from distributed.security import Security  # noqa: PLC0415

    arguments = Security().get_connection_args("client")
    async with asyncio.timeout(CONNECT_S):
        comm = await connection(scheduler, timeout=CONNECT_S, **arguments)
        await comm.close()


def _tls(scheduler: str) -> str:
    """Return what a hint adds for a scheduler with TLS."""
    if not scheduler.startswith("tls:"):
        return ""
    return ", with certificates that the scheduler accepts: distributed.comm.tls of Dask"


def require_same_version(client: Any) -> None:
    """Raise ClusterError if a worker of a client has another version of tagger."""
    for worker, version in client.run(remote.version).items():
        if version != remote.version():
            reason = f"the worker {worker} has tagger {version} instead of {remote.version()}"
            raise ClusterError(reason, hint=remote.SAME)


def _why(error: BaseException) -> str:
    """Return the reason of an error of Dask or of the operating system, without Dask's text."""
    if isinstance(error, TimeoutError) and error.errno is None:
        return f"no answer of Dask in {CONNECT_S:.0f} s"
    if isinstance(error, ValueError | TypeError):
        return "this is no address of Dask"
    if isinstance(error, ImportError):
        return f"the library {error.name} is not installed there"
    found = error.strerror if isinstance(error, OSError) else None
    cause = error.__cause__ or error.__context__
    return found or (_why(cause) if cause else f"the connection failed with {type(error).__name__}")


def _lost(scheduler: str) -> ClusterError:
    return ClusterError(
        f"the scheduler {scheduler} is gone",
        hint="start it again and repeat the command; everything done so far is kept",
    )
