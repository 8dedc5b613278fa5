"""Processes that a forked program keeps for the fork server and the resource tracker.

`multiprocessing` starts both as new interpreters, and the fork server imports NumPy and FFmpeg
again. A spare is forked before the program begins, with their modules imported. It waits for the
code of such a process, and becomes it. A program without a spare left starts interpreters.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import traceback
from multiprocessing import util
from typing import TYPE_CHECKING, Any, NamedTuple

from tagger.analysis.forkserver import run_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COUNT = 2
"""One for the fork server, and one for the resource tracker."""
LARGEST = 2**16
"""Bytes of a request."""
MOST_FILES = 16
ABOVE = 500
"""A file number that no request names."""


class _Spare(NamedTuple):
    pid: int
    connection: int
    """A socket, which the end of the program closes."""


def keep() -> None:
    """Fork the spares of this process, which has one thread and no file but its streams."""
    spares = [_fork() for _ in range(COUNT)]
    start: Callable[[bytes, Sequence[Any], Sequence[int]], int] = util.spawnv_passfds

    def spawn(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
        if not spares:
            return start(path, args, passfds)
        pid, connection = spares.pop()
        request = json.dumps([list(passfds), list(map(os.fsdecode, args))])
        with socket.socket(fileno=connection) as requests:
            socket.send_fds(requests, [request.encode()], passfds)
        return pid

    util.spawnv_passfds = spawn


def _fork() -> _Spare:
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid:
        its.close()
        return _Spare(pid, mine.detach())
    try:
        os.dup2(its.fileno(), 3)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        _become_requested(socket.socket(fileno=3))
    except Exception:  # noqa: BLE001 - printed as by an interpreter
        traceback.print_exc()
    finally:
        os._exit(0)


def _become_requested(requests: socket.socket) -> None:
    """Take the place of the interpreter of one request; return at the end of the program."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the program decides how it ends
    content, files, *_ = socket.recv_fds(requests, LARGEST, MOST_FILES)
    requests.close()
    if not content:
        return
    numbers, args = json.loads(content)
    files = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, ABOVE) for file in files]
    os.closerange(3, ABOVE)
    for file, number in zip(files, numbers, strict=True):
        os.dup2(file, number, inheritable=False)
        os.close(file)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")  # both are closed by their owner
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    run_code(args)
