"""The daemon with files that crash, hang or grow its workers, killed, and without its database."""

from __future__ import annotations

import signal
import subprocess
import textwrap
from typing import TYPE_CHECKING

import media
import pytest
from bundles import song
from daemons import Watcher, until

from tagger import tags

if TYPE_CHECKING:
    from programs import Program


def genres(path):
    return tags.read(path).genres


FAULTS = """
import multiprocessing, os, signal, sys, time

def fault(event, args):
    name = str(args[0]) if event == "open" and args else ""
    if multiprocessing.parent_process() is not None:
        if name.endswith("crash.mp3"):
            os.kill(os.getpid(), signal.SIGSEGV)
        if name.endswith("hang.mp3"):
            time.sleep(1000)
        if name.endswith("grow.mp3"):
            bytearray(2**42)

sys.addaudithook(fault)
"""
"""Opening a file of such a name in a worker is its end: what a malformed file may do."""


@pytest.fixture
def faulty(program: Program) -> dict[str, str]:
    """The environment in which `FAULTS` hold."""
    folder = program.home / "faults"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(textwrap.dedent(FAULTS))
    return program.environment | {"PYTHONPATH": str(folder)}


def test_a_file_that_crashes_workers_fails_alone(program, faulty):
    bad = [song(program.music / f"{name}.mp3") for name in ("crash", "hang", "grow")]
    good = [song(program.music / f"{number}.mp3") for number in range(4)]
    program.configure(workers="timeout = 1")
    with Watcher(program, env=faulty, daemon="reconcile_interval = 1") as watcher:
        for path in good:
            watcher.wait_for("set", path=path)
        for path in bad:
            until(lambda path=path: len(watcher.events("error", path=path)) == 3)
        watcher.wait_for_calm()
        watcher.wait_for_calm()
        assert [len(watcher.events("error", path=path)) for path in bad] == [3, 3, 3]
        failures = program.run("status", "--json").objects[0]["failures"]
        assert {f["path"] for f in failures if f["given_up"]} == set(map(str, bad))
        media.tag(bad[0], title="changed")
        until(lambda: len(watcher.events("error", path=bad[0])) == 4)
        bad[0].rename(program.music / "fine.mp3")
        media.tag(program.music / "fine.mp3", title="changed again")
        watcher.wait_for("set", path=program.music / "fine.mp3")


def test_a_burst_of_unreadable_files_alone_ends(program, faulty):
    path = song(program.music / "crash.mp3")
    with Watcher(program, env=faulty) as watcher:
        watcher.wait_for("error", path=path)
        watcher.wait_for("burst finished", files=1)
        watcher.wait_for_calm()


def test_a_daemon_with_a_hanging_file_stops_in_time(program, faulty):
    song(program.music / "hang.mp3")
    program.configure(workers="timeout = 600")
    with Watcher(program, env=faulty) as watcher:
        until(lambda: watcher.workers and watcher.status()["queue"] == 1)
        watcher.process.send_signal(signal.SIGTERM)
        watcher.process.wait(10)
    assert not program.run("status", "--json").objects[0]["failures"]


@pytest.mark.parametrize(
    "after", [0.7, *(pytest.param(after, marks=pytest.mark.slow) for after in (0.0, 1.1))]
)
def test_a_daemon_killed_at_any_moment_resumes_its_queue(program, after):
    paths = [song(program.music / f"{number}.mp3") for number in range(6)]
    sounds = [media.pcm(path) for path in paths]
    with Watcher(program) as watcher:
        until(lambda: watcher.events("queued"))
        with pytest.raises(subprocess.TimeoutExpired):
            watcher.process.wait(after)
        watcher.kill()
        with Watcher(program) as second:
            for path, sound in zip(paths, sounds, strict=True):
                until(lambda path=path: genres(path) == ("Classical",))
                assert (media.pcm(path) == sound).all()
            second.wait_for_calm()
    left = [p.name for p in program.music.iterdir() if p.name.endswith(tags.TEMPORARY_SUFFIX)]
    assert left == []
    undone = program.run("undo", "--since", "1h", "--json")
    assert undone.summary["set"] == 6


def test_a_daemon_whose_database_was_deleted_writes_nothing_more(program):
    with Watcher(program) as watcher:
        for file in program.state.glob("tagger.sqlite3*"):
            file.unlink()
        path = song(program.music / "song.mp3")
        before = path.read_bytes()
        watcher.wait_for("restarting after an error")
        watcher.kill()
    assert path.read_bytes() == before
    assert not list(program.state.glob("tagger.sqlite3"))
