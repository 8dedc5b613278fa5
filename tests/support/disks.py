"""File systems that a test mounts; without the permission to mount, the test is skipped."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def mounted(place: Path, *options: str | Path) -> Iterator[None]:
    """Mount a file system or a file at a place."""
    if subprocess.run(["mount", *options, place], check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


@contextlib.contextmanager
def btrfs(place: Path) -> Iterator[None]:
    """Mount an empty btrfs from a file beside a place."""
    if not shutil.which("mkfs.btrfs"):
        pytest.skip("needs mkfs.btrfs (Debian: btrfs-progs)")
    image = place.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(120 << 20)
    subprocess.run(["mkfs.btrfs", "-q", "-M", image], check=True, capture_output=True)
    with mounted(place, "-o", "loop", image):
        yield
