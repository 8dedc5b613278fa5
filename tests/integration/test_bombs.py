"""Files that ask a tag reader for much time or memory cost themselves alone."""

from __future__ import annotations

import contextlib
import json

import bundles
import media
import pytest
from bombs import BOMBS, MB
from daemons import Watcher, until
from forked import Forked
from programs import MODULES, Result

from tagger.analysis.tag_jobs import TagJobs
from tagger.config import WorkerSettings
from tagger.errors import TagError, WorkerError

MARKS = {
    "huge_genre": (),
    "repeated_genre_numbers": pytest.mark.slow,
    "inflating_pictures": pytest.mark.slow,
}
SPARSE = ("huge_list", "huge_moov", "huge_wav_id3", "long_id3", "sparse_wav_chunks")
"""Bombs with holes, which a scan skips."""
PEAK = 200 * MB
"""Resident bytes of one process; the limit of the worker is one of its address space."""
cases = [pytest.param(name, marks=MARKS.get(name, pytest.mark.soak)) for name in BOMBS]


def measured(program, *args):
    """Run the program; return its result, and the costs of all its processes."""
    report = program.home / "costs"
    words = ["-m", "costs", str(report), *args]
    with Forked(words, program.environment, [MODULES[args[0]]]) as child:
        out, err = child.communicate(timeout=300)
    return Result(child.returncode, out, err), json.loads(report.read_text())


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.soak) for name in BOMBS])
def test_a_bomb_under_the_daemon_fails_alone(program, name):
    extension, make = BOMBS[name]
    bomb = program.music / f"b.{extension}"
    make(bomb)
    with Watcher(program) as watcher:
        for good in ("a.mp3", "c.mp3"):
            media.make(program.music / good, signal=bundles.low())
            watcher.wait_for("set", path=program.music / good)
        found = until(lambda: answer(watcher, bomb), "an answer for the bomb")
        assert watcher.process.poll() is None
        if found == "error":
            errors = [error["path"] for error in watcher.status()["errors"]]
            assert str(bomb) in errors
    assert not watcher.events("batch failed")


def answer(watcher, bomb):
    """Return the event of the last decision for the bomb; a sparse bomb settles without end."""
    decisions = ("set", "abstain", "skip", "error", "keep")
    seen = [event["event"] for event in watcher.events(path=bomb) if event["event"] in decisions]
    status = watcher.status()
    waits = status and status["settling"] == 1 and not status["queue"]
    return seen[-1] if seen else waits and "settling"


@pytest.mark.soak
@pytest.mark.parametrize("name", SPARSE)
def test_a_sparse_bomb_gives_tags_or_a_typed_error(tmp_path, name):
    extension, make = BOMBS[name]
    make(tmp_path / f"b.{extension}")
    good = media.make(tmp_path / "good.mp3", tags={"title": "x"})
    with TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        with contextlib.suppress(TagError, WorkerError):
            jobs.read(tmp_path / f"b.{extension}")
        assert jobs.read(good).title == "x"


@pytest.mark.parametrize("name", cases)
def test_a_bomb_among_good_files_fails_alone_in_bounded_memory(program, name):
    extension, make = BOMBS[name]
    bomb = program.music / f"b.{extension}"
    make(bomb)
    before = bomb.stat()
    for good in ("a.mp3", "c.mp3"):
        media.make(program.music / good, signal=bundles.low())
    result, costs = measured(program, "scan", "--json")
    decisions = {file: o["decision"] for file, o in result.files.items()}
    assert (decisions["a.mp3"], decisions["c.mp3"]) == ("set", "set")
    if decisions[bomb.name] == "error":
        after = bomb.stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert result.files[bomb.name]["reason"]
        failures = program.run("status", "--json").objects[0]["failures"]
        assert [failure["path"] for failure in failures] == [str(bomb)]
    assert "Traceback" not in result.err
    assert costs["peak_bytes"] < PEAK
    print(name, costs, decisions[bomb.name], result.files[bomb.name]["reason"])  # noqa: T201
