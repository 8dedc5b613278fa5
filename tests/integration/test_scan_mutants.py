"""A scan of mutated files changes the genre alone, and undo restores every byte."""

from __future__ import annotations

import bundles
import mutants
import pytest

from tagger import tags
from tagger.analysis.pool import WorkerPool
from tagger.config import WorkerSettings

FEW, MANY = 4, 385
"""Mutants of each of 26 files."""
BLOCKS = 11
SECONDS = 3.2
"""Of sound in each file, little more than the least that tagger analyzes."""


def nothing() -> None:
    pass


def check(program, seeds: range) -> None:
    originals = mutants.files(program.home, bundles.low(SECONDS))
    former = {}
    for seed in seeds:
        folder, kept = program.music / f"{seed}", program.home / f"{seed}"
        folder.mkdir()
        kept.mkdir()
        for name, data in originals.items():
            mutant = mutants.mutated(data, seed)
            (folder / name).write_bytes(mutant)
            former[folder / name] = kept / name
            (kept / name).write_bytes(mutant)
    result = program.scan("--mode", "replace")
    assert "Traceback" not in result.err
    assert {o["path"] for o in result.objects if "path" in o} == set(map(str, former))
    changed = [path for path, kept in former.items() if path.read_bytes() != kept.read_bytes()]
    assert len(changed) > len(former) / 4
    print(f"{len(former)} mutants, {len(changed)} written")  # noqa: T201
    assert find_faults(changed, former) == {}
    assert program.run("undo", program.music).code == 0
    assert [p for p, kept in former.items() if p.read_bytes() != kept.read_bytes()] == []


def find_faults(changed, former):
    """Return the fault of each written file that has one."""
    with WorkerPool(WorkerSettings(1, 60, 4096), nothing) as pool:
        futures = {p: pool.submit(mutants.rewritten_fault, p, former[p]) for p in changed}
        found = {path.name: pool.result(future, path) for path, future in futures.items()}
    strange = [p.name for p in changed if tags.read(p).genres != ("Classical",)]
    return {name: fault for name, fault in found.items() if fault} | dict.fromkeys(strange, "genre")


@pytest.mark.slow
def test_a_scan_of_some_mutants_changes_the_genre_alone_and_undo_restores_every_byte(program):
    check(program, range(FEW))


@pytest.mark.soak
@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_scan_of_many_mutants_changes_the_genre_alone_and_undo_restores_every_byte(
    program, block
):
    check(program, range(FEW + block * MANY // BLOCKS, FEW + (block + 1) * MANY // BLOCKS))
