"""Fixtures that several tests share."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

# tests run side by side: more threads would wait for each other; numpy reads this as it is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import bundles
import forked
import hypothesis
import pytest
from certificates import make_certificate
from programs import Program

from tagger.system import memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


LONGEST = {
    "test_known_artists.py",
    "test_model.py",
    "test_moved.py",
    "test_pool.py",
    "test_readers.py",
    "test_scan.py",
    "test_scripts.py",
    "test_sync.py",
    "test_train.py",
    "test_undo.py",
    "test_write.py",
}
"""Test files that take longer than any other."""

# no test depends on how fast its machine is; `make test-all` takes the thorough profile
hypothesis.settings.register_profile("thorough", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=10)
hypothesis.settings.load_profile("quick")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave modules and tests, which stay until the end, out of each collection of garbage."""
    with memory.lasting_imports():
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: no worker is left alone with one of them at the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the test's model once."""
    return bundles.make_bundle(tmp_path_factory.mktemp("bundle") / "test")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for loopback once."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate of the stand-in")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def program(tmp_path: Path, bundle: Path) -> Program:
    """Give each test the program in a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    return Program(home, bundle)


def pytest_sessionfinish() -> None:
    """End the server of forked programs."""
    forked.stop()
