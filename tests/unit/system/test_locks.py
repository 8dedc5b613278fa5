"""Locks between processes: one holder, released at the end of the block or the process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tagger.system import locks

HOLD = """
import sys
from pathlib import Path
from tagger.system import locks
with locks.exclusive(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""
HOLD_BYTE = """
import sys
from pathlib import Path
from tagger.system import locks
locks.lock_byte(locks.open_lock_file(Path(sys.argv[1])), 7)
print("locked", flush=True)
sys.stdin.read()
"""


def holder(script, path):
    process = subprocess.Popen(
        [sys.executable, "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"locked\n"
    return process


def test_lock_of_another_process_blocks_until_that_process_dies(tmp_path):
    path = tmp_path / "folder/lock"
    with holder(HOLD, path) as process:
        with pytest.raises(BlockingIOError), locks.exclusive(path):
            pass
        process.kill()
        process.wait()
        with locks.exclusive(path):
            assert path.stat().st_mode & 0o777 == 0o600


def test_byte_lock_of_another_process_is_seen_until_that_process_dies(tmp_path):
    path = tmp_path / "lock"
    file = locks.open_lock_file(path)
    try:
        with holder(HOLD_BYTE, path) as process:
            assert (locks.is_byte_locked(file, 7), locks.is_byte_locked(file, 8)) == (True, False)
            process.kill()
            process.wait()
            assert not locks.is_byte_locked(file, 7)
    finally:
        os.close(file)
