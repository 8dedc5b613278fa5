"""Processes that die, hang or grow cost one task."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tagger.errors import NotAudioError, WorkerCrashedError, WorkerTimedOutError
from tagger.workers import Workers

PATH = Path("song.mp3")


def nothing():
    pass


def fine(value):
    return value


def die(how):
    os.kill(os.getpid(), how)


def hang():
    time.sleep(60)


def grow():
    return bytearray(2**40)


def refuse():
    raise NotAudioError("is no audio", PATH, "look elsewhere")


@pytest.fixture
def workers():
    with Workers(1, 1.0, 2048, nothing) as pool:
        yield pool
        pool.close(wait=False)


def test_a_result_comes_back(workers):
    assert workers.result(workers.submit(fine, 7), PATH) == 7


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_death_costs_one_task(workers, how):
    before, deadly, after = (
        workers.submit(fine, 1),
        workers.submit(die, how),
        workers.submit(fine, 2),
    )
    assert workers.result(before, PATH) == 1
    with pytest.raises(WorkerCrashedError) as caught:
        workers.result(deadly, PATH)
    assert caught.value.path == PATH
    assert workers.result(after, PATH) == 2


def test_a_hang_is_killed_after_the_time_limit(workers):
    hanging, after = workers.submit(hang), workers.submit(fine, 2)
    with pytest.raises(WorkerTimedOutError):
        workers.result(hanging, PATH)
    assert workers.result(after, PATH) == 2


def test_more_memory_than_allowed_is_refused(workers):
    with pytest.raises(WorkerCrashedError, match="memory"):
        workers.result(workers.submit(grow), PATH)


def test_typed_errors_cross_the_process_boundary_whole(workers):
    with pytest.raises(NotAudioError) as caught:
        workers.result(workers.submit(refuse), PATH)
    assert (caught.value.reason, caught.value.path, caught.value.hint) == (
        "is no audio",
        PATH,
        "look elsewhere",
    )
