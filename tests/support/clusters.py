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


class Certificate:
    """A self-signed certificate, which is its own authority."""

    def __init__(self, folder: Path) -> None:
        """Make the certificate and its key in a new folder."""
        folder.mkdir()
        key, self._file = folder / "key.pem", folder / "cert.pem"
        self._key = key
        made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
        files = ("-keyout", key, "-out", self._file, "-subj", "/CN=tagger")
        subprocess.run([*made, *files], check=True, capture_output=True)

    @property
    def configuration(self) -> dict[str, str]:
        """Dask's configuration of this certificate for every role."""
        tls = "distributed.comm.tls"
        keys = {f"{tls}.ca-file": str(self._file)}
        for role in ("scheduler", "worker", "client"):
            keys[f"{tls}.{role}.cert"] = str(self._file)
            keys[f"{tls}.{role}.key"] = str(self._key)
        return keys


class Cluster:
    """A scheduler and workers, each in a process of its own."""

    def __init__(self, folder: Path, bundle: Path, certificate: Certificate | None = None) -> None:
        """Start a scheduler, with TLS if it has a certificate.

        Args:
            folder: The folder for all files.
            bundle: The model bundle of the workers.
            certificate: The certificate of the scheduler and, by default, of the workers.

        """
        self._certificate = certificate
        protocol = "tls" if certificate else "tcp"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"{protocol}://127.0.0.1:{free.getsockname()[1]}"
        self._folder = folder
        self._bundle = bundle
        self.processes: list[subprocess.Popen[bytes]] = []
        port = self.address.rpartition(":")[2]
        place = ("--host", "127.0.0.1", "--port", port, "--protocol", protocol)
        self._start("scheduler", *place, "--no-dashboard", **self._tls(certificate))

    def add_worker(
        self,
        name: str,
        *,
        source: Path,
        target: Path,
        bundle: Path | None = None,
        certificate: Certificate | None = None,
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
        environment |= self._tls(certificate or self._certificate)
        return self._start("worker", self.address, *options, **environment)

    @staticmethod
    def _tls(certificate: Certificate | None) -> dict[str, str]:
        keys = certificate.configuration if certificate else {}
        return {
            f"DASK_{key.upper().replace('.', '__').replace('-', '_')}": value
            for key, value in keys.items()
        }

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
