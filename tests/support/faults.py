"""System calls that fail in a program, with its workers, on chosen files.

A filter of the kernel (`man 2 seccomp_unotify`) holds each use of one system call in a process that
runs `tagger`, until this process has answered: go on, or fail with an error. A test may change
files meanwhile. The process runs one command after another, so that a run costs no start.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import platform
import select
import socket
import struct
import subprocess
import sys
import threading
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
from programs import Result, run_here

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import TracebackType

    from programs import Program

NUMBERS = {
    "read": 0,
    "write": 1,
    "fstat": 5,
    "lseek": 8,
    "pread64": 17,
    "pwrite64": 18,
    "fsync": 74,
    "fdatasync": 75,
    "ftruncate": 77,
    "rename": 82,
    "fchmod": 91,
    "fchown": 93,
    "fcntl": 72,
    "flock": 73,
    "setxattr": 188,
    "getxattr": 191,
    "fgetxattr": 193,
    "flistxattr": 196,
    "getdents64": 217,
    "openat": 257,
    "newfstatat": 262,
    "unlinkat": 263,
    "renameat": 264,
    "utimensat": 280,
    "copy_file_range": 326,
    "unlink": 87,
}
"""The calls of Linux on x86-64."""
AT_FOLDER = ("openat", "newfstatat", "unlinkat", "renameat", "utimensat")
"""Calls with a folder's descriptor and a path."""
BY_PATH = ("rename", "unlink", "setxattr", "getxattr")
"""Calls with a path alone."""

_PR_SET_NO_NEW_PRIVS = 38
_SYS_SECCOMP = 317
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_USER_NOTIF, _ALLOW = 0x7FC00000, 0x7FFF0000
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1
_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
_RESPONSE = struct.Struct("=QqiI")

supported = pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() != "x86_64",
    reason="needs Linux's seccomp, and knows the calls of x86-64",
)


@dataclass
class Fault:
    """Uses of the call that fail: in each of some folders, the n-th use of it or below it."""

    at: Mapping[Path, int] = field(default_factory=dict)
    """The number of the use, from 1, by folder."""
    error: str | None = "EIO"
    """None for a call that goes on."""
    meanwhile: Callable[[], None] = lambda: None
    """Called while the call is held."""
    hits: list[Path] = field(default_factory=list)
    """The files on which the call was held."""
    uses: Counter[Path] = field(default_factory=Counter)


class FaultyProgram:
    """`tagger` with a system call that fails at will; a context manager."""

    def __init__(self, program: Program, call: str, folders: Collection[Path]) -> None:
        """Start the process.

        Args:
            program: The home of the program.
            call: The name of the system call.
            folders: A use of the call counts for the innermost of them.

        """
        self._program = program
        self._call = call
        self._folders = sorted(folders, key=lambda path: -len(path.parts))
        self._fault = Fault()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        mine, its = socket.socketpair()
        with its:
            words = [sys.executable, "-c", "import faults; faults.serve()", self._call]
            paths = os.pathsep.join(filter(None, sys.path))
            self._process = subprocess.Popen(
                words, stdin=its.fileno(), env=os.environ | {"PYTHONPATH": paths}
            )
        self._socket = mine
        _, (self._listener, *_), *_ = socket.recv_fds(mine, 1, 1)
        self._lines = mine.makefile("rw", encoding="utf-8")
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._socket.close()
        if kind:
            self._process.kill()
        self._process.wait(60)
        self._over.set()
        self._thread.join()
        os.close(self._listener)

    def run(self, fault: Fault, *args: object) -> Result:
        """Run a command while one use of the call fails; `fault` has the files afterwards."""
        self._fault = fault
        request = {"env": self._program.environment, "args": list(map(str, args))}
        self._lines.write(json.dumps(request) + "\n")
        self._lines.flush()
        answer = self._lines.readline()
        self._fault = Fault()
        assert answer, "the program under test died"
        return Result(**json.loads(answer))

    def _answer(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        while not self._over.is_set():
            events = poll.poll(200)
            if events and not events[0][1] & select.POLLIN:
                return  # every process with the filter has ended
            if events:
                self._answer_one()

    def _answer_one(self) -> None:
        notification = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, notification)
        except FileNotFoundError:
            return  # the process has ended
        number, task, _, _, _, _, *arguments = _NOTIFICATION.unpack(notification)
        path = self._path(task, arguments)
        folder = next((f for f in self._folders if path.is_relative_to(f)), None) if path else None
        fault, held = self._fault, False
        if folder:
            fault.uses[folder] += 1
            held = fault.at.get(folder) == fault.uses[folder]
        if held and path:
            fault.meanwhile()
            fault.hits.append(path)  # before the answer, after which the run may end
        error = -getattr(errno, fault.error) if held and fault.error else 0
        reply = _RESPONSE.pack(number, 0, error, 0 if error else _CONTINUE)
        try:
            fcntl.ioctl(self._listener, _SEND, bytearray(reply))
        except FileNotFoundError:  # a signal interrupted the call, which begins again
            if folder:
                fault.uses[folder] -= 1
            if held:
                fault.hits.pop()

    def _path(self, task: int, arguments: list[int]) -> Path | None:
        """Return the path that a call is about, None without one."""
        with contextlib.suppress(OSError):
            if self._call in BY_PATH:
                return Path(_text(task, arguments[0]))
            if self._call not in AT_FOLDER or not arguments[1]:
                return _opened(task, arguments[0])
            name = _text(task, arguments[1])
            if name.startswith("/"):
                return Path(name)
            return _opened(task, arguments[0]) / name
        return None


def _opened(task: int, descriptor: int) -> Path:
    number = ctypes.c_int32(descriptor).value
    link = "cwd" if number < 0 else f"fd/{number}"
    return Path(str(Path(f"/proc/{task}/{link}").readlink()).removesuffix(" (deleted)"))


def _text(task: int, address: int) -> str:
    with Path(f"/proc/{task}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return os.fsdecode(memory.read(4096).split(b"\0", 1)[0])


def serve() -> None:
    """Install the filter, hand its listener over, and run the commands that come in."""
    import tagger.cli.scan  # noqa: F401, PLC0415 - imported before each use of a call costs more

    with socket.socket(fileno=os.dup(0)) as connection:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        listener = _filtered(NUMBERS[sys.argv[1]])
        socket.send_fds(connection, [b"."], [listener])
        os.close(listener)
        with connection.makefile("rw", encoding="utf-8") as lines:
            while request := lines.readline():
                lines.write(_run(**json.loads(request)) + "\n")
                lines.flush()


def _run(env: Mapping[str, str], args: list[str]) -> str:
    try:
        result = run_here(env, *args)
    except BaseException:  # noqa: BLE001 - a fault of the program, for the test to show
        result = Result(-1, "", traceback.format_exc())
    return json.dumps(vars(result))


def _filtered(number: int) -> int:
    """Hold each use of a call in this process and its children; return the listener."""
    libc = ctypes.CDLL(None, use_errno=True)
    rules = (
        (0x20, 0, 0, 0),  # load the number of the call
        (0x15, 0, 1, number),  # jump over the next rule unless it is this one
        (0x06, 0, 0, _USER_NOTIF),
        (0x06, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *rule) for rule in rules))
    program = struct.pack("@HP", len(rules), ctypes.addressof(code))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    listener: int = libc.syscall(_SYS_SECCOMP, _SET_MODE_FILTER, _NEW_LISTENER, program)
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return listener
