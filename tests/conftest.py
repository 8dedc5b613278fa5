"""Fixtures that several tests share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import bundles
import hypothesis
import pytest
from programs import ROOT, Program

if TYPE_CHECKING:
    from pathlib import Path


# tests run side by side: more threads would wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# no test depends on how fast its machine is
hypothesis.settings.register_profile("tagger", deadline=None)
hypothesis.settings.load_profile("tagger")


SHARING = (
    "integration/test_mixed_library.py",
    "integration/test_packaging.py",
    "integration/test_wheel.py",
    "unit/training/cli/test_train.py",
    "unit/training/evaluation/test_report.py",
    "unit/training/research/test_band_limited.py",
    "unit/training/research/test_cnn.py",
    "unit/training/test_model.py",
)
"""Modules whose tests share a fixture that takes seconds to make."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one of several test processes run all tests of such a module."""
    for item in items:
        module = item.path.relative_to(ROOT / "tests").as_posix()
        if module in SHARING:
            item.add_marker(pytest.mark.xdist_group(module))


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the test's model once."""
    return bundles.make_bundle(tmp_path_factory.mktemp("bundle") / "test")


@pytest.fixture
def program(tmp_path: Path, bundle: Path) -> Program:
    """Give each test the program in a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    return Program(home, bundle)
