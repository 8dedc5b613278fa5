"""Freed memory that stays in a process, and imports without garbage collection."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from tagger.system import memory

FAULTS = """
import resource, sys
from tagger.system import memory
if sys.argv[1] == "keep":
    memory.keep_freed()
def work():
    arrays = [bytearray(5 << 20) for _ in range(4)]
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the parameters are those of glibc")
def test_arrays_after_freed_arrays_cause_no_page_faults() -> None:
    assert faults("keep") < faults("return") / 10


def test_collection_goes_on_after_imports_that_last() -> None:
    with memory.lasting_imports():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.unfreeze()


def test_collection_that_was_off_before_imports_stays_off() -> None:
    gc.disable()
    try:
        with memory.lasting_imports():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
