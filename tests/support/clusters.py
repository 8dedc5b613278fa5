"""A Dask cluster of processes on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from programs import ROOT

if TYPE_CHECKING:
    from pathlib import Path


class Cluster:
    """A scheduler and workers, each in a process of its own."""

    def __init__(self, folder: Path, bundle: Path) -> None:
        """Start a scheduler; files go below `folder`, and workers get the model `bundle`."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self._folder = folder
        self._bundle = bundle
        self.processes: list[subprocess.Popen[bytes]] = []
        port = self.address.rpartition(":")[2]
        self._start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")

    def add_worker(
        self, name: str, *, source: Path, target: Path, bundle: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a worker whose configuration maps the folder `source` to `target`."""
        folder = self._folder / name
        folder.mkdir()
        (folder / "config.toml").write_text(
            f'[model]\nbundle = "{bundle or self._bundle}"\n[store]\nfolder = "{folder}"\n'
            f"[workers]\ncount = 1\n"
            f'[cluster]\nmap = [{{ from = "{source}", to = "{target}" }}]\n'
        )
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        environment = {"TAGGER_CONFIG": str(folder / "config.toml")}
        return self._start("worker", self.address, *options, **environment)

    def _start(self, program: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", *options]
        log = (self._folder / "cluster.log").open("ab")
        process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            stdout=log,
            stderr=log,
        )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """Kill all processes."""
        for process in self.processes:
            process.kill()
            process.wait()

    def wait_for_workers(self, count: int) -> None:
        """Wait until so many workers are connected."""
        from distributed import Client  # noqa: PLC0415 - an extra

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)
