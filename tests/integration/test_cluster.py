"""A scan on a real Dask cluster of local processes: the same results as on one machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import bundles
import media
import pytest
from programs import ROOT

from tagger import config
from tagger.core.domain import Action
from tagger.errors import ClusterError
from tagger.pipeline.scan import Observer, Scan, ScanOptions
from tagger.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("distributed", reason="needs the extra `cluster`")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of Dask's own threads and event loops
]
FILES = 24


class Cluster:
    """A scheduler and workers, each in a process of its own."""

    def __init__(self, folder: Path, bundle: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self._folder = folder
        self._bundle = bundle
        self.processes: list[subprocess.Popen[bytes]] = []
        port = self.address.rpartition(":")[2]
        self._start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")

    def add_worker(self, name: str, *, source: Path, target: Path, bundle: Path | None = None):
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
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path, bundle: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path, bundle)
    yield made
    made.stop()


class Collected(Observer):
    """The outcomes of a scan; `after` is called once, at the first outcome."""

    def __init__(self, after=lambda: None) -> None:
        self.outcomes = []
        self._after = after

    def outcome(self, outcome) -> None:
        if not self.outcomes:
            self._after()
        self.outcomes.append(outcome)


def library(folder: Path) -> Path:
    folder.mkdir()
    for number in range(FILES):
        signal_ = bundles.low(5 + number / 10) if number % 2 else bundles.high(5 + number / 10)
        media.make(folder / f"{number:02}.flac", "flac", signal=signal_)
    (folder / "broken.mp3").write_bytes(b"no sound" * 100)
    return folder


def scan(music: Path, bundle: Path, state: Path, scheduler: str = "", observer=None):
    """Scan without a write; returns (name, action, genre, confidence) of each file."""
    settings = config.Settings().override("model", bundle=config.Bundle(bundle))
    settings = settings.override("store", folder=state).override("workers", count=1)
    settings = settings.override("cluster", scheduler=scheduler).by_sound_alone()
    observer = observer or Collected()
    with Store(state) as store:
        Scan(settings, store, [music], ScanOptions(dry_run=True)).run(observer)
    return sorted((o.path.name, o.action, o.genre, o.confidence) for o in observer.outcomes)


def test_a_cluster_with_a_dead_and_a_slow_worker_decides_as_one_machine(tmp_path, bundle, cluster):
    music = library(tmp_path / "music")
    alone = scan(music, bundle, tmp_path / "alone")
    assert len(alone) == FILES + 1
    assert {action for _, action, *_ in alone} >= {Action.SET, Action.ERROR}

    there = tmp_path / "there"
    there.symlink_to(music)
    killed, slow, _ = (cluster.add_worker(n, source=music, target=there) for n in "abc")

    def harm() -> None:
        killed.kill()
        slow.send_signal(signal.SIGSTOP)
        threading.Timer(3.0, slow.send_signal, [signal.SIGCONT]).start()

    wait_for_workers(cluster, 3)
    state = tmp_path / "together"
    observer = Collected(harm)
    together = scan(music, bundle, state, cluster.address, observer)
    assert together == alone
    assert killed.poll() is not None
    with Store(state) as store:
        assert store.files.count() == FILES + 1
        assert [f.path.name for f in store.failures.all()] == ["broken.mp3"]
        analyzed = [store.files.get(music / f"{n:02}.flac").content for n in range(FILES)]
    assert len(set(analyzed)) == FILES


def wait_for_workers(cluster: Cluster, count: int) -> None:
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def test_a_worker_with_another_model_is_refused(tmp_path, bundle, cluster):
    music = library(tmp_path / "music")
    other = bundles.make_bundle(tmp_path / "other", name="other-1")
    cluster.add_worker("a", source=music, target=music, bundle=other)
    with pytest.raises(ClusterError, match="has the model other-1 instead of test-1"):
        scan(music, bundle, tmp_path / "state", cluster.address)


def test_a_scheduler_that_does_not_answer_ends_the_scan_with_the_next_step(
    tmp_path, bundle, monkeypatch
):
    monkeypatch.setattr("tagger.analysis.cluster.CONNECT_S", 1.0)
    with pytest.raises(ClusterError, match="does not answer") as raised:
        scan(tmp_path, bundle, tmp_path / "state", "tcp://127.0.0.1:9")
    assert "dask scheduler" in raised.value.hint
