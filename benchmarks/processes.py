"""The processes of tagger: two cores against one, remembered features, the daemon, a worker."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import psutil

from benchmarks.library import BATCH, TAGGER, environment, fill, track_of
from benchmarks.measure import Result, commands
from tagger import config
from tagger.analysis import worker
from tagger.core.domain import AnalysisKey, FileIdentity, GenreEdit
from tagger.inference import in_use, read_manifest
from tagger.pipeline import build
from tagger.store import Store

if TYPE_CHECKING:
    from pathlib import Path

IDLE_S = 60.0
"""How long the idle daemon is watched."""
RECLASSIFY = ("scan", "--reclassify", "--dry-run", "--summary")
START_S = 600.0
"""The longest time until the daemon has compared all folders."""


def two_cores(folder: Path, track: Path, count: int):
    """Yield the wall time of a scan of `count` copies of a track, with one worker and with two.

    The only row that is no processor time: other programs on the machine make the ratio worse.
    """
    root = folder / "music"
    root.mkdir(parents=True)
    for number in range(count):
        shutil.copy(track, root / f"{number}.mp3")
    took = []
    for jobs in (1, 2):
        env = environment(folder, folder / f"state-{jobs}", root)
        began = time.monotonic()
        argv = (*TAGGER, "scan", "--dry-run", "--summary", "--jobs", str(jobs), str(root))
        commands(argv, rounds=1, env=env)
        took.append(time.monotonic() - began)
    one, two = took
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    yield Result(f"scan of {count:,} tracks, 2 workers, wall ({load})", two, "s", one, 1 / 1.9)


def reclassify(folder: Path, track: Path, count: int):
    """Yield the cost of a new decision on `count` written tracks, from remembered features."""
    env = remember(folder, track, count)
    (cost,) = commands((*TAGGER, *RECLASSIFY, str(folder / "music")), rounds=1, env=env)
    name = f"reclassify {count:,} tracks from remembered features"
    yield Result(name, cost.cpu_s, "s", None, 5.0)
    yield Result(f"{name}, memory", cost.peak_mb, "MB")


def remember(folder: Path, track: Path, count: int) -> dict[str, str]:
    """Record `count` written tracks with the features of one; returns their configuration."""
    root, state = folder / "music", folder / "state"
    root.mkdir(parents=True)
    fill(state, root, count, on_disk=True)
    settings = in_use.resolve_bundle(config.Settings())
    with build.worker_pool(settings) as pool:
        window = settings.listen.window
        found = pool.submit(worker.analyze, track, settings.model.bundle.folder, window).result()
    with Store(state) as store:
        run = store.runs.start("scan")
        for start in range(0, count, BATCH):
            with store.transaction():
                for number in range(start, min(count, start + BATCH)):
                    _remember(
                        store, track_of(number, root), run, found, str(settings.listen.window)
                    )
        store.runs.finish(run)
    env = environment(folder, state, root)
    # the scan that wrote the genres has counted those of the owner
    commands((*TAGGER, "scan", "--summary", str(root)), rounds=1, env=env)
    return env


def _remember(store: Store, made, run: int, found: worker.Analysis, window: str) -> None:
    """Record a track as written by tagger, with features of its own."""
    identity = FileIdentity.of(made.path.stat())
    key = AnalysisKey(made.content.content, window)
    store.files.record_write(made.path, identity, made.tags)
    store.files.set_content(store.files.get(made.path), key)
    store.analyses.put_features(key, found.features)
    edit = GenreEdit(made.path, (), made.tags.genres, "{}")
    store._connection.execute(  # noqa: SLF001 - the journal would flush each write
        "INSERT INTO changes (run, path, root, state, before, after, snapshot, at, field)"
        " VALUES (?, ?, ?, 'done', '[]', ?, '{}', ?, 'GENRE')",
        (run, os.fsencode(edit.path), os.fsencode(made.root), f'["{edit.after[0]}"]', time.time()),
    )


def idle_watch(folder: Path, count: int):
    """Yield the memory and the share of a core of a daemon with nothing to do."""
    root, state = folder / "music", folder / "state"
    root.mkdir(parents=True)
    fill(state, root, count, on_disk=True)
    env = os.environ | environment(folder, state, root)
    quiet = subprocess.DEVNULL
    with subprocess.Popen((*TAGGER, "watch"), env=env, stdout=quiet, stderr=quiet) as daemon:
        try:
            _wait_until_idle(daemon.pid)
            before, began = _cpu_s(daemon.pid), time.monotonic()
            time.sleep(IDLE_S)
            share = 100 * (_cpu_s(daemon.pid) - before) / (time.monotonic() - began)
            memory = resident_mb(psutil.Process(daemon.pid))
        finally:
            daemon.send_signal(signal.SIGTERM)
    yield Result(f"idle watch of {count:,} files, share of a core", share, "%", None, 0.2)
    yield Result(f"idle watch of {count:,} files, memory", memory, "MB", None, 100.0)


def one_worker(track: Path):
    """Yield the resident memory of a worker after one track, with the pages that it shares."""
    settings = in_use.resolve_bundle(config.Settings())
    with build.worker_pool(settings) as pool:
        window, bundle = settings.listen.window, settings.model.bundle.folder
        pool.submit(worker.analyze, track, bundle, window).result()
        memory = max(map(resident_mb, psutil.Process().children(recursive=True)))
    model = read_manifest(bundle).id
    yield Result(f"a worker after one track, {model}", memory, "MB", None, 200.0)


def _cpu_s(process: int) -> float:
    times = psutil.Process(process).cpu_times()
    return times.user + times.system


def resident_mb(process: psutil.Process) -> float:
    """Return the resident memory of a process."""
    return process.memory_info().rss / 2**20


def _wait_until_idle(process: int) -> None:
    """Wait until the daemon has spent almost nothing for five seconds."""
    until = time.monotonic() + START_S
    time.sleep(5)
    while time.monotonic() < until:
        before = _cpu_s(process)
        time.sleep(5)
        if _cpu_s(process) - before < 0.05:
            return
    raise TimeoutError("the daemon is not idle")
