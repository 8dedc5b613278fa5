"""A scan on a real Dask cluster of local processes: the same results as on one machine."""

from __future__ import annotations

import shutil
import signal
import socket
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING

import bundles
import joblib
import media
import pytest
from clusters import Certificate, Cluster

from tagger import config
from tagger.core.domain import Action
from tagger.errors import ClusterError
from tagger.pipeline.command_run import Observer
from tagger.pipeline.scan import Scan, ScanOptions
from tagger.store import Store
from training.cluster import parallel_fits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_spec("distributed"), reason="needs the extra `cluster`"),
    pytest.mark.filterwarnings("ignore"),  # of Dask's own threads and event loops
]
FILES = 24


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

    cluster.wait_for_workers(3)
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


@pytest.mark.parametrize(
    ("scheme", "hint"),
    [("tcp", "start `dask scheduler` there"), ("tls", "certificates that the scheduler accepts")],
)
def test_a_server_other_than_dask_ends_the_scan_with_the_next_step(
    tmp_path, bundle, monkeypatch, scheme, hint
):
    monkeypatch.setattr("tagger.analysis.cluster.CONNECT_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ClusterError, match=f"{address} does not answer") as raised:
            scan(tmp_path, bundle, tmp_path / "state", address)
    assert hint in raised.value.hint


def test_fits_on_a_cluster_give_the_scores_of_one_machine(tmp_path, cluster):
    for name in "ab":
        cluster.add_worker(name, source=tmp_path, target=tmp_path)
    cluster.wait_for_workers(2)
    squares = [joblib.delayed(pow)(number, 2) for number in range(20)]
    alone = list(joblib.Parallel(n_jobs=1)(squares))
    with parallel_fits(cluster.address):
        parallel = joblib.Parallel(n_jobs=-1, return_as="generator", max_nbytes=None)
        together = list(parallel(squares))
    assert together == alone


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_a_cluster_with_tls_decides_as_one_machine_and_refuses_foreign_certificates(
    tmp_path, bundle, monkeypatch
):
    pytest.importorskip("distributed")  # its defaults must be there before the certificates
    dask = pytest.importorskip("dask")
    monkeypatch.setattr("tagger.analysis.cluster.WORKERS_S", 5.0)
    own, foreign = Certificate(tmp_path / "own"), Certificate(tmp_path / "foreign")
    music = library(tmp_path / "music")
    cluster = Cluster(tmp_path, bundle, own)
    try:
        cluster.add_worker("foe", source=music, target=music, certificate=foreign)
        with pytest.raises(ClusterError, match=f"{cluster.address} does not answer") as bare:
            scan(music, bundle, tmp_path / "bare", cluster.address)
        assert "distributed.comm.tls" in bare.value.hint
        with dask.config.set(own.configuration):
            with pytest.raises(ClusterError, match="no worker is connected") as alone:
                scan(music, bundle, tmp_path / "refused", cluster.address)
            assert "distributed.comm.tls" in alone.value.hint
            cluster.add_worker("friend", source=music, target=music)
            cluster.wait_for_workers(1)
            found = scan(music, bundle, tmp_path / "encrypted", cluster.address)
        assert found == scan(music, bundle, tmp_path / "alone")
    finally:
        cluster.stop()
