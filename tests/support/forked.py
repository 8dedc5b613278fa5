"""Programs that are forked from a server with their modules imported, instead of started.

The start of an interpreter with NumPy and FFmpeg costs more than most tests. A forked program has
its own memory, session, signals and exit code, as a started program has. Tests of the start itself,
of the environment of an interpreter and of its memory use `subprocess`.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import os
import pickle
import runpy
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Self

import spares

from tagger.analysis.forkserver import PRELOAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LARGEST = 2**20
"""Bytes of a request."""


class Request(NamedTuple):
    """A program that the server forks."""

    arguments: tuple[str, ...]
    """Those of the interpreter: `-m MODULE ...` or `-c CODE`."""
    environment: dict[str, str]
    folder: str
    """The working directory."""
    modules: tuple[str, ...]
    """Imported by the server."""


class Forked:
    """A forked program, with the interface of `subprocess.Popen` that the tests use."""

    def __init__(
        self,
        arguments: Iterable[str],
        environment: Mapping[str, str],
        modules: Iterable[str],
        log: IO[bytes] | None = None,
    ) -> None:
        """Fork a program.

        Args:
            arguments: `-m MODULE ...` or `-c CODE`, as for an interpreter.
            environment: The whole environment.
            modules: The modules that the server imports before.
            log: A file for the outputs, without input; by default all three are pipes.

        """
        request = Request(tuple(arguments), dict(environment), str(Path.cwd()), tuple(modules))
        self._report, report = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if log is None:
            (given, to), (out, told), (err, failed) = os.pipe(), os.pipe(), os.pipe()
            self.stdin = os.fdopen(to, "w", encoding="utf-8")
            self.stdout, self.stderr = (os.fdopen(end, encoding="utf-8") for end in (out, err))
            ends = [given, told, failed]
        else:
            ends = [os.open(os.devnull, os.O_RDONLY), os.dup(log.fileno()), os.dup(log.fileno())]
        with report:
            files = [report.fileno(), *ends]
            socket.send_fds(_server()[1], [pickle.dumps(request)], files)
        for end in ends:
            os.close(end)
        self.pid = int(self._report.recv(64))
        self.returncode: int | None = None
        self._readers: list[threading.Thread] = []
        self._texts = ["", ""]

    def poll(self) -> int | None:
        """Return the exit code, None for a running program."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; raises `subprocess.TimeoutExpired` after `timeout` seconds."""
        if self.returncode is None:
            self._report.settimeout(timeout)
            try:
                status = self._report.recv(64)
            except (TimeoutError, BlockingIOError) as error:
                raise subprocess.TimeoutExpired("forked", timeout or 0) from error
            self._report.close()
            self.returncode = os.waitstatus_to_exitcode(int(status))
        return self.returncode

    def communicate(self, text: str = "", timeout: float | None = None) -> tuple[str, str]:
        """Write the input, read both outputs to their end, and wait; raises as `wait` does."""
        if not self._readers:
            with self.stdin:
                self.stdin.write(text)
            for number, stream in enumerate((self.stdout, self.stderr)):
                reader = threading.Thread(target=self._read, args=(number, stream), daemon=True)
                reader.start()
                self._readers.append(reader)
        self.wait(timeout)
        for reader in self._readers:
            reader.join()
        return self._texts[0], self._texts[1]

    def _read(self, number: int, stream: IO[str]) -> None:
        with stream:
            self._texts[number] = stream.read()

    def send_signal(self, number: int) -> None:
        """Send a signal to the program if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the program if it runs."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the program to end if it runs."""
        self.send_signal(signal.SIGTERM)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()


@functools.cache
def _server() -> tuple[subprocess.Popen[bytes], socket.socket]:
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-c", "import forked; forked.serve()"],
            stdin=its.fileno(),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
    return process, mine


def stop() -> None:
    """End the server of this process."""
    if _server.cache_info().currsize:
        process, connection = _server()
        connection.close()
        process.wait()
        _server.cache_clear()


def serve() -> None:
    """Fork a program for each request at the standard input, and become it in the child."""
    if request := _taken():
        try:
            _become(request)
        except SystemExit as end:
            if end.code is None or isinstance(end.code, int):
                _end(end.code or 0)
            raise
        _end(0)


def _end(code: int) -> None:
    """End a program without the teardown of its modules, which takes longer than most programs."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):  # else the interpreter reports it
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _taken() -> Request | None:
    """Fork for each request; return the request in a child, None at the end in the server."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=os.dup(0)) as requests:
        while True:
            content, files, *_ = socket.recv_fds(requests, LARGEST, 4)
            if not content:
                return None
            request: Request = pickle.loads(content)  # noqa: S301 - from the test
            for module in request.modules:
                importlib.import_module(module)
            if os.fork() == 0:
                requests.close()
                _supervise(*files)
                return request
            for file in files:
                os.close(file)


def _supervise(report: int, *streams: int) -> None:
    """Fork the program, report its number and its exit status; return in the program alone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:
        for stream in streams:
            os.close(stream)
        os.write(report, b"%d" % child)
        _, status = os.waitpid(child, 0)
        os.write(report, b"%d" % status)
        os._exit(0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def _become(request: Request) -> None:
    """Run a program in this process as an interpreter does."""
    os.setsid()
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run below nohup
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    if PRELOAD in request.modules:
        spares.keep()
    kind, program, *rest = request.arguments
    sys.argv = [program, *rest]
    if kind == "-m":
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        values: dict[str, Any] = {"__name__": "__main__"}
        exec(program, values)  # noqa: S102 - the code of a test
