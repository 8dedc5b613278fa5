"""`tagger watch` while a test looks on: its log, its status, its processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from forked import Forked

from tagger.analysis.forkserver import PRELOAD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Self

    from programs import Program


T = TypeVar("T")
PATIENCE = 90
"""Seconds until a test gives up waiting; no test waits longer than it has to."""
DAEMON = 'log_format = "json"\nio_priority = "normal"\nnice = 0\n'
LIMITED = """
from tagger import config
from tagger.daemon.daemon import Daemon
from tagger.daemon.host.logs import configure
from tagger.daemon.host.wakeup import SignalWakeup
from tagger.daemon.loop import Limits

settings = config.load(None)
configure(settings.daemon.log_format, verbose=True)
Daemon(settings, lambda: config.load(None), SignalWakeup(), Limits({limits})).run()
"""
"""`tagger watch --verbose` with other time limits."""


def until(condition: Callable[[], T], what: str = "", patience: float = PATIENCE) -> T:
    """Wait for a condition and return what it returned."""
    end = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > end:
            pytest.fail(f"waited in vain for {what or condition}")
        time.sleep(0.02)
    return found


class Watcher:
    """A running daemon; a context manager that ends it and looks at how it ended."""

    def __init__(
        self,
        program: Program,
        *prefix: str,
        daemon: str = "",
        limits: str = "",
        settle: float = 0.3,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start it with a prefix, else fork it.

        Args:
            program: The home of the daemon.
            prefix: A command that starts an interpreter.
            daemon: More of the table of that name.
            limits: Arguments for the daemon's time limits, "idle=1" say.
            settle: Seconds without a change of a file before it is read.
            env: Its environment, by default that of the program; another one is also the
                environment of a new interpreter for its workers.

        """
        self.program = program
        self.log = program.home / f"log {len(list(program.home.glob('log *')))}"
        table = f"[daemon]\nsettle = {settle}\n{DAEMON}{daemon}\n"
        config = program.config.read_text().replace("[daemon]\nsettle = 0\n", table)
        program.config.write_text(config if "[daemon]" in config else config + table)
        start = ["-c", LIMITED.format(limits=limits)] if limits else ["-m", "tagger"]
        words = [*start, "watch", "--verbose"]
        modules = ["tagger.daemon.daemon"] if env else ["tagger.daemon.daemon", PRELOAD]
        env = env or program.environment
        self.process: Forked | subprocess.Popen[bytes]
        with self.log.open("wb") as log:
            if prefix:
                command = [*prefix, sys.executable, *words]
                self.process = subprocess.Popen(
                    command, stderr=log, env=env, start_new_session=True
                )
            else:
                self.process = Forked(words, env, modules, log)

    def __enter__(self) -> Self:
        until(lambda: self.events("reconciled") or self.process.poll() is not None, "the start")
        assert self.process.poll() is None, self.log.read_text()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        killed = self.process.returncode == -signal.SIGKILL
        self.stop()
        if kind is None and not killed:
            assert self.process.returncode == 0, self.log.read_text()
            assert not self.events("restarting after an error")
            assert not self.events("batch failed")

    def stop(self) -> None:
        """End it as a service manager does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def kill(self) -> None:
        """Kill it; its workers notice by themselves."""
        self.process.kill()
        self.process.wait(20)

    def events(self, event: str | None = None, **fields: object) -> list[dict[str, Any]]:
        """Return the records of the log, those of one event or all, with certain fields."""
        lines = self.log.read_text().split("\n")[:-1]  # the last one may be half written
        if self.process.returncode == -signal.SIGKILL:  # multiprocessing has its say, too
            lines = [line for line in lines if line.startswith("{")]
        if event:
            lines = [line for line in lines if f'"event": "{event}"' in line or line[0] != "{"]
        records = [json.loads(line) for line in lines]
        return [
            record
            for record in records
            if event in (None, record["event"])
            and all(str(record.get(key)) == str(value) for key, value in fields.items())
        ]

    def queued(self, path: Path) -> int:
        """Tell how often a file became a job."""
        return len(self.events("queued", path=path))

    def wait_for(self, event: str, **fields: object) -> dict[str, Any]:
        """Wait for a record and return it."""
        return until(lambda: self.events(event, **fields), f"{event} {fields}")[-1]

    def wait_for_calm(self) -> None:
        """Wait until the daemon has seen all that was done before this call."""
        seen = len(self.events("reconciled"))
        self.process.send_signal(signal.SIGUSR1)
        until(lambda: len(self.events("reconciled")) > seen, "a reconcile")
        until(lambda: self.idle, "calm")

    @property
    def idle(self) -> bool:
        """Whether nothing waits or is worked on."""
        status = self.status()
        return status is not None and not (status["queue"] or status["settling"] or status["busy"])

    def status(self) -> dict[str, Any] | None:
        """Ask the daemon itself."""
        from tagger.daemon.status.server import query_status  # noqa: PLC0415

        return query_status(self.program.state)

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers, which a server forks."""
        return [
            worker
            for pid in children(self.process.pid)
            if b"fork" in Path(f"/proc/{pid}/cmdline").read_bytes()
            for worker in children(pid)
        ]


def children(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    try:
        texts = [(task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []
    return [int(child) for text in texts for child in text.split()]
