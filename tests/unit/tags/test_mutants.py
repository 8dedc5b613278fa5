"""Mutated files: a write changes the genre alone or is refused, and undo restores every byte."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import mutants
import pytest
from programs import ROOT

from tagger.analysis.pool import WorkerPool
from tagger.config import WorkerSettings
from tagger.errors import WorkerError

if TYPE_CHECKING:
    from pathlib import Path

FEW, MANY = 2, 400
"""Mutants of each of the files."""
FUZZED_S = 120
"""Seconds of the fuzzer."""


def nothing() -> None:
    pass


def check(folder: Path, seeds: range) -> None:
    originals = mutants.files(folder)
    faults = []
    with WorkerPool(WorkerSettings(1, 60, 4096), nothing) as pool:
        futures = {}
        for name, data in originals.items():
            for seed in seeds:
                path = folder / f"{seed}-{name}"
                path.write_bytes(mutants.mutated(data, seed))
                futures[path] = pool.submit(mutants.write_and_undo, path)
        for path, future in futures.items():
            try:
                if fault := pool.result(future, path):
                    faults.append(f"{path.name}: {fault}")
            except WorkerError as error:  # a mutant may ask for any amount of memory
                seed, name = path.name.split("-", 1)
                if path.read_bytes() != mutants.mutated(originals[name], int(seed)):
                    faults.append(str(error))
            path.unlink()
    assert faults == []


def test_a_write_into_a_few_mutants_changes_the_genre_alone_or_is_refused(tmp_path):
    check(tmp_path, range(FEW))


@pytest.mark.soak
@pytest.mark.parametrize("block", range(5))
def test_a_write_into_many_mutants_changes_the_genre_alone_or_is_refused(tmp_path, block):
    check(tmp_path, range(FEW + block * MANY // 5, FEW + (block + 1) * MANY // 5))


@pytest.mark.soak
def test_a_coverage_guided_fuzzer_finds_no_untyped_error(tmp_path):
    pytest.importorskip("atheris")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name, data in mutants.files(tmp_path).items():
        (corpus / name).write_bytes(data)
    limits = (f"-max_total_time={FUZZED_S}", "-timeout=20", "-rss_limit_mb=4096")
    ended = subprocess.run(
        [sys.executable, ROOT / "tests/support/fuzz.py", corpus, "-max_len=100000", *limits],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        errors="replace",
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
