"""How worker processes start: forked from a server that has imported their modules once.

A fork of the program itself would copy the locks of its threads and its memory. A new interpreter
for each worker would import NumPy, FFmpeg and onnxruntime again, and that takes longer than most
files.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import signal
import sys
import traceback
from itertools import pairwise
from multiprocessing import forkserver, resource_tracker, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.context import ForkServerContext, SpawnContext

PRELOAD = "tagger.analysis.preload"
"""The module with the imports of every worker."""
_SERVER_START = "tagger.analysis.server_start"
_SERVER_END = "tagger.analysis.server_end"
_THREADS = Path("/proc/self/task")
"""Has a folder for each thread of the process, also for threads that Python did not start."""
_STREAMS = 3
"""Standard input, output and errors: the files that every process has."""


def context() -> ForkServerContext | SpawnContext:
    """Return the start method of workers: a new interpreter where the system has no fork."""
    _keep_out_the_working_folder()
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([_SERVER_START, PRELOAD, _SERVER_END])
    return found


@functools.cache
def _keep_out_the_working_folder() -> None:
    """Let the interpreters of `multiprocessing` import nothing from the working folder.

    By itself, `python -c` imports a `signal.py` there, such as one beside downloaded music.
    """
    start = util.spawnv_passfds

    def start_safely(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
        return start(path, [args[0], "-P", *args[1:]], passfds)

    util.spawnv_passfds = start_safely


def stop() -> None:
    """Stop the server, which holds some 80 MB; the next worker starts another server."""
    # multiprocessing has no public name for it
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # noqa: SLF001


def start() -> None:
    """Start the server now, as a fork of this process where it has a single thread.

    For a program that soon needs workers and has opened no file yet. The fork has half of the
    imports of workers already, and imports the rest beside the program. A new interpreter for the
    server and one for the tracker of `multiprocessing` import them again.
    """
    context()
    if not _has_one_thread():
        return
    with _forks_for_interpreters(), contextlib.suppress(OSError):  # the pool raises its error
        resource_tracker.ensure_running()
        forkserver.ensure_running()


def _has_one_thread() -> bool:
    try:
        return len(list(_THREADS.iterdir())) == 1
    except OSError:  # not Linux: system libraries may not survive a fork
        return False


@contextlib.contextmanager
def _forks_for_interpreters() -> Iterator[None]:
    """Let `multiprocessing` fork this process where it would start an interpreter."""
    kept = util.spawnv_passfds
    util.spawnv_passfds = _fork
    try:
        yield
    finally:
        util.spawnv_passfds = kept


def run_code(args: Sequence[Any]) -> None:
    """Run the code of an interpreter's command line here; its own arguments may follow the code.

    Recent releases of Python pass the arguments of the program so, such as names of files.
    """
    code = args.index("-c") + 1
    sys.argv = ["-c", *args[code + 1 :]]
    exec(args[code], {"__name__": "__main__"})  # noqa: S102 - of multiprocessing


def _fork(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:  # noqa: ARG001
    """Run the code of an interpreter's command line in a fork; returns its process id."""
    sys.stdout.flush()  # the tracker closes its streams
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides how a run ends
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as below nohup
                signal.signal(number, signal.SIG_DFL)
        edges = (_STREAMS - 1, *sorted(passfds), os.sysconf("SC_OPEN_MAX"))
        for below, above in pairwise(edges):
            os.closerange(below + 1, above)
        run_code(args)
    except Exception:  # noqa: BLE001 - printed as by an interpreter
        traceback.print_exc()
    finally:
        os._exit(0)
