"""Processes that die, hang or grow cost one task."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from multiprocessing import spawn
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from daemons import until
from pebble.pool.process import TaskResult, WorkerManager

from tagger.analysis import forkserver
from tagger.analysis.pool import SLOWEST, WorkerPool
from tagger.config import WorkerSettings
from tagger.errors import (
    NotAudioError,
    WorkerCrashedError,
    WorkerFailedError,
    WorkersUnusableError,
    WorkerTimedOutError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = Path("song.mp3")


def nothing():
    pass


def fine(value):
    return value


def die(how):
    os.kill(os.getpid(), how)


def hang():
    time.sleep(60)


def take(seconds):
    time.sleep(seconds)
    return seconds


def grow():
    return bytearray(2**40)


def refuse():
    raise NotAudioError("is no audio", PATH, "look elsewhere")


def stumble():
    raise ZeroDivisionError("by zero\nin two lines")


def spin_for_ever():
    while True:
        pass


def threads_of_the_server():
    return len(list(Path(f"/proc/{os.getppid()}/task").iterdir()))


@pytest.fixture
def workers() -> Iterator[WorkerPool]:
    with WorkerPool(WorkerSettings(1, 1.0, 2048), nothing) as pool:
        yield pool
        pool.close(wait=False)


def test_the_server_that_forks_workers_has_one_thread(workers):
    assert workers.result(workers.submit(threads_of_the_server), PATH) == 1


def test_a_task_returns_its_result(workers):
    assert workers.result(workers.submit(fine, 7), PATH) == 7


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_workers_death_fails_one_task(workers, how):
    assert workers.result(workers.submit(fine, 1), PATH) == 1
    deadly, after = workers.submit(die, how), workers.submit(fine, 2)
    with pytest.raises(WorkerCrashedError) as caught:
        workers.result(deadly, PATH)
    assert caught.value.path == PATH
    assert workers.result(after, PATH) == 2


def test_a_worker_that_was_ended_from_outside_is_no_fault_of_the_file(workers):
    with pytest.raises(WorkerCrashedError, match=r"memory was short.*workers\.count"):
        workers.result(workers.submit(die, signal.SIGKILL), PATH)
    with pytest.raises(WorkerCrashedError, match="damaged"):
        workers.result(workers.submit(die, signal.SIGSEGV), PATH)


def test_an_answer_in_the_pipe_survives_the_death_of_its_worker(monkeypatch):
    receive = WorkerManager.receive

    def late(manager, timeout):
        message = receive(manager, timeout)
        if isinstance(message, TaskResult):
            time.sleep(1.0)  # long enough to see the next task's worker dead
        return message

    monkeypatch.setattr(WorkerManager, "receive", late)
    pool = WorkerPool(WorkerSettings(1, 60.0, 2048), nothing)
    innocent, _ = pool.submit(fine, 1), pool.submit(die, signal.SIGKILL)
    assert pool.result(innocent, PATH) == 1
    pool.close(wait=False)


def test_a_hanging_task_is_killed_after_the_time_limit(workers):
    hanging, after = workers.submit(hang), workers.submit(fine, 2)
    with pytest.raises(WorkerTimedOutError):
        workers.result(hanging, PATH)
    assert workers.result(after, PATH) == 2


def test_the_time_of_a_stopped_program_is_no_time_of_a_task(monkeypatch):
    pool = WorkerPool(WorkerSettings(1, 60.0, 2048), nothing)
    task = pool.submit(take, 1.0)
    until(task.running)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 3600)
    assert pool.result(task, PATH) == 1.0
    pool.close()


def test_a_task_on_a_large_file_has_more_time(workers):
    assert workers.result(workers.submit_sized(9 * SLOWEST, take, 1.5), PATH) == 1.5


def test_a_task_over_the_memory_limit_fails(workers):
    with pytest.raises(WorkerCrashedError, match="memory") as caught:
        workers.result(workers.submit(grow), PATH)
    assert caught.value.hint == "raise workers.memory_mb"


def test_a_typed_error_crosses_the_process_boundary_whole(workers):
    with pytest.raises(NotAudioError) as caught:
        workers.result(workers.submit(refuse), PATH)
    assert (caught.value.reason, caught.value.path, caught.value.hint) == (
        "is no audio",
        PATH,
        "look elsewhere",
    )


def sleepy(seconds):
    time.sleep(seconds)


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_an_idle_workers_death_fails_no_task(workers):
    idle = workers.result(workers.submit(os.getpid), PATH)
    os.kill(idle, signal.SIGKILL)
    until(lambda: not is_running(idle), "the worker has ended")
    for value in range(3):
        assert workers.result(workers.submit(fine, value), PATH) == value


def test_workers_that_cannot_start_blame_no_file():
    with WorkerPool(WorkerSettings(1, 5.0, 2048), die, signal.SIGKILL) as pool:
        with pytest.raises(WorkersUnusableError):
            pool.result(pool.submit(fine, 1), PATH)
        pool.close(wait=False)


def test_closing_the_pool_ends_every_wait():
    with WorkerPool(WorkerSettings(1, 60.0, 2048), nothing) as pool:
        under_way, behind = pool.submit(sleepy, 60), pool.submit(fine, 1)
        threading.Timer(0.5, pool.close, kwargs={"wait": False}).start()
        for future in (under_way, behind):
            with pytest.raises(CancelledError):
                pool.result(future, PATH)
        with pytest.raises(CancelledError):
            pool.submit(fine, 2)


def test_closing_from_several_threads_raises_nothing(monkeypatch):
    closed = Connection.close

    def slowly(connection):  # as when another thread takes its turn in the middle
        before = connection.closed
        time.sleep(0.05)
        assert connection.closed == before
        closed(connection)

    pool = WorkerPool(WorkerSettings(1, 60.0, 2048), nothing)
    assert pool.result(pool.submit(fine, 1), PATH) == fine(1)
    monkeypatch.setattr(Connection, "close", slowly)
    with ThreadPoolExecutor(4) as threads:
        closings = [threads.submit(pool.close, wait=False) for _ in range(4)]
    assert [closing.exception() for closing in closings] == [None] * 4


def spin(started):
    Path(started).write_text(str(os.getpid()))
    while True:
        pass


ORPHANING = """
import sys
from test_pool import nothing, spin
from tagger.analysis.pool import WorkerPool
from tagger.config import WorkerSettings
if __name__ == "__main__":
    workers = WorkerPool(WorkerSettings(1, 1.0, 2048), nothing, cpu_s=0.1)
    workers.submit(spin, sys.argv[1])
    input()
"""


@pytest.mark.slow  # two seconds of processor time
def test_a_worker_whose_parent_dies_ends(tmp_path):
    started, program = tmp_path / "pid", tmp_path / "orphaning.py"
    program.write_text(ORPHANING)
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    with subprocess.Popen(
        [sys.executable, program, started],
        stdin=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    ) as parent:
        wait_until(lambda: started.exists() and started.read_text())
        parent.kill()
    status = Path("/proc", started.read_text(), "status")
    wait_until(lambda: ended(status))


def ended(status):
    try:
        return "State:\tZ" in status.read_text()
    except OSError:
        return True


def wait_until(true, seconds=90):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_exception_that_no_code_expects_becomes_the_error_of_the_file(workers, caplog):
    with caplog.at_level("DEBUG", "tagger"), pytest.raises(WorkerFailedError) as caught:
        workers.result(workers.submit(stumble), PATH)
    assert caught.value.path == PATH
    assert "ZeroDivisionError: by zero" in caught.value.reason
    assert "\n" not in caught.value.reason
    (record,) = caplog.records
    assert record.exc_info is not None
    assert workers.result(workers.submit(fine, 2), PATH) == 2


def test_a_task_that_uses_up_its_processor_time_ends_without_its_worker():
    with WorkerPool(WorkerSettings(1, 60.0, 2048), nothing, cpu_s=0.2) as pool:
        before = pool.result(pool.submit(os.getpid), PATH)
        with pytest.raises(WorkerTimedOutError, match="processor time") as caught:
            pool.result(pool.submit(spin_for_ever), PATH)
        assert caught.value.path == PATH
        assert pool.result(pool.submit(os.getpid), PATH) == before


def test_a_worker_with_little_spare_memory_fails_the_task_alone():
    with WorkerPool(WorkerSettings(1, 60.0, 2048), nothing, spare_mb=64) as pool:
        with pytest.raises(WorkerCrashedError, match="memory"):
            pool.result(pool.submit(bytearray, 200 * 2**20), PATH)
        assert len(pool.result(pool.submit(bytearray, 2**20), PATH)) == 2**20


DOCTOR = "mount -t tmpfs -o ro tmpfs /dev/shm && exec {python} -m tagger {command}"


def unsharing() -> bool:
    """Return whether this machine lets a test mount in a name space of its own."""
    mount = ["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "ro", "tmpfs", "/dev/shm"]  # noqa: S108
    try:
        return subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not unsharing(), reason="this machine permits no mounts")
@pytest.mark.parametrize(("command", "code"), [("scan", 2), ("doctor", 1)])
def test_workers_without_shared_memory_are_reported_with_the_next_step(program, command, code):
    shell = DOCTOR.format(python=sys.executable, command=command)
    (program.music / "song.mp3").write_bytes(b"ID3")
    ended = subprocess.run(
        ["unshare", "--mount", "sh", "-c", shell],
        env=program.environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert ended.returncode == code
    assert "/dev/shm must be a writable file system" in ended.stdout + ended.stderr  # noqa: S108
    assert "Traceback" not in ended.stderr


def test_a_missing_interpreter_is_reported_with_the_next_step(tmp_path):
    forkserver.stop()  # a running server needs no interpreter
    before = spawn.get_executable()
    spawn.set_executable(str(tmp_path / "python"))
    try:
        with (
            WorkerPool(WorkerSettings(1, 5.0, 2048), nothing) as pool,
            pytest.raises(WorkersUnusableError) as seen,
        ):
            pool.result(pool.submit(fine, 1), PATH)
    finally:
        spawn.set_executable(before)
    assert "is gone" in seen.value.reason
    assert seen.value.hint == "install tagger again"


def limits():
    return resource.getrlimit(resource.RLIMIT_AS)


UNDER_A_LIMIT = """
import resource, sys
from pathlib import Path
from tagger.analysis.pool import WorkerPool
from tagger.config import WorkerSettings
from test_pool import limits, nothing

hard = 3 * 2**30
resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
with WorkerPool(WorkerSettings(1, 30, 4096), nothing) as pool:
    soft, most = pool.result(pool.submit(limits), Path("song.mp3"))
sys.exit(not soft <= most <= hard)
"""


def test_a_worker_starts_below_a_limit_of_memory_that_the_user_may_not_raise():
    folders = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    environment = os.environ | {"PYTHONPATH": folders}
    subprocess.run([sys.executable, "-c", UNDER_A_LIMIT], env=environment, check=True, timeout=120)
