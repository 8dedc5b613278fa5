"""The page on reliability names tests that exist."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs/reliability.md"
NAMED = re.compile(r"`(?P<file>[\w/]*test_\w+\.py)`|`(?P<test>test_\w+?)(?P<cut>_?\.\.\.)?`")


@functools.cache
def names_in(name: str) -> tuple[str, ...]:
    """Return the names of the tests in the files of a name, which may end a path."""
    files = [path for path in TESTS.rglob("test_*.py") if f"/{path}".endswith(f"/{name}")]
    assert files, f"{name} does not exist"
    return tuple(
        node.name
        for path in files
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def rows() -> list[str]:
    return [line for line in PAGE.read_text().splitlines() if NAMED.search(line)]


@pytest.mark.parametrize("row", rows())
def test_a_row_of_the_page_names_tests_that_exist(row):
    file = None
    for found in NAMED.finditer(row):
        if found["file"]:
            file = found["file"].removeprefix("tests/")
            assert names_in(file)
            continue
        assert file, "the file is missing before the test"
        name = found["test"]
        fitting = [test for test in names_in(file) if test.startswith(name)]
        assert name in fitting or (found["cut"] and fitting), f"{file}: {name}"


def test_the_table_has_every_requirement():
    counts = {"A": 6, "B": 8, "C": 4, "D": 3, "E": 5, "F": 4, "G": 5}
    wanted = [f"{part}{number + 1}" for part, count in counts.items() for number in range(count)]
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\| [A-G]\d \|", line)]
    assert [line.split("|")[1].strip() for line in lines] == wanted
    assert all(NAMED.search(line) for line in lines)
