"""The server of workers as a fork of the program."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys, threading
from multiprocessing import spawn
from pathlib import Path
from tagger.analysis import forkserver
from tagger.analysis.pool import WorkerPool
from tagger.config import WorkerSettings
from tagger.errors import WorkersUnusableError

def nothing():
    pass

def open_files():
    return [os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]

if __name__ == "__main__":
    file = open(__file__)
    spawn.set_executable("/missing/python")
    if "thread" in sys.argv:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    print("once", end=" ")
    forkserver.start()
    try:
        with WorkerPool(WorkerSettings(1, 20.0, 2048), nothing) as pool:
            print(file.name in pool.result(pool.submit(open_files), Path("song.mp3")))
    except WorkersUnusableError as error:
        print(error.reason)
"""
"""Shows whether a worker starts without an interpreter, and shares an open file of the program."""

INTERRUPTED = """
import signal
from pathlib import Path
from tagger.analysis import forkserver
from tagger.analysis.pool import WorkerPool
from tagger.config import WorkerSettings

def nothing():
    pass

if __name__ == "__main__":
    forkserver.PRELOAD = "imports_of_workers"
    signal.signal(signal.SIGINT, lambda *_: print("interrupted"))
    with WorkerPool(WorkerSettings(1, 20.0, 2048), nothing) as pool:
        pool.result(pool.submit(nothing), Path("song.mp3"))
"""
"""Has a server whose imports send Ctrl-C to the program and to the server, as a terminal does."""

WITH_ARGUMENTS = """
import os, sys
from multiprocessing import forkserver as server, resource_tracker, util
from tagger.analysis import forkserver

def start():
    code = "import os, sys; os.write(2, repr(sys.argv).encode())"
    os.waitpid(util.spawnv_passfds(b"", ["python", "-B", "-c", code, *sys.argv], []), 0)

resource_tracker.ensure_running = lambda: None
server.ensure_running = start
forkserver.start()
"""
"""Starts the server as recent releases of Python do: arguments follow the code."""

ELSEWHERE = """
import os, sys
from pathlib import Path
from tagger.analysis.pool import WorkerPool
from tagger.config import WorkerSettings

def nothing():
    pass

if __name__ == "__main__":
    os.chdir(sys.argv[1])
    with WorkerPool(WorkerSettings(1, 20.0, 2048), nothing) as pool:
        pool.result(pool.submit(nothing), Path("song.mp3"))
"""
"""Starts a worker in another working folder."""


def ended(folder, *arguments):
    script = folder / "program.py"
    script.write_text(PROGRAM)
    return subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, check=False, text=True
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the server is an interpreter")
def test_a_program_with_one_thread_is_forked_without_its_files_and_its_output(tmp_path):
    program = ended(tmp_path)
    assert (program.stdout, program.stderr) == ("once False\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the server is an interpreter")
def test_the_last_argument_of_the_program_is_never_run_as_code(tmp_path):
    name = 'open("run", "w")'
    command = [sys.executable, "-c", WITH_ARGUMENTS, name]
    program = subprocess.run(command, capture_output=True, check=False, cwd=tmp_path, text=True)
    assert program.stderr == repr(["-c", "-c", name])


def test_a_module_in_the_working_folder_is_never_imported(tmp_path):
    script, album = tmp_path / "program.py", tmp_path / "album"
    script.write_text(ELSEWHERE)
    album.mkdir()
    (album / "signal.py").write_text("print('imported')")
    command = [sys.executable, script, album]
    program = subprocess.run(command, capture_output=True, check=False, text=True)
    assert (program.returncode, program.stdout, program.stderr) == (0, "", "")


def test_a_program_with_two_threads_needs_an_interpreter(tmp_path):
    # Python 3.13 warns of the tracker, which needs the same interpreter
    program = ended(tmp_path, "thread")
    assert program.stdout == "once the Python interpreter /missing/python is gone\n"


def test_an_interrupt_during_the_imports_of_the_server_is_for_the_program_alone(tmp_path):
    imports = "import os, signal\nos.killpg(0, signal.SIGINT)\n"
    (tmp_path / "imports_of_workers.py").write_text(imports)
    script = tmp_path / "program.py"
    script.write_text(INTERRUPTED)
    program = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        start_new_session=True,
        text=True,
    )
    assert (program.returncode, program.stdout, program.stderr) == (0, "interrupted\n", "")
