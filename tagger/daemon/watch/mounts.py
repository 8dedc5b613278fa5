"""The choice between inotify and polling for each folder.

inotify reports no changes that other computers make on a network file system. That includes a
network file system that is mounted inside a local folder.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tagger.system.filesystems import is_remote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagger.config import Watch


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    point: Path
    kind: str


@dataclass(frozen=True, slots=True)
class Watched:
    """How a folder with its subfolders is watched, and the reason."""

    folder: Path
    root: Path
    how: Watch
    """`inotify` or `poll`."""
    why: str
    mounts: tuple[Path, ...] = ()
    """The mount points at or below the folder; inotify sees nothing of a later mount."""


def read_mounts() -> list[Mount]:
    """Return the mounted file systems, in the order in which they were mounted."""
    try:
        partitions = psutil.disk_partitions(all=True)
    except OSError:
        return []
    return [Mount(Path(p.mountpoint), p.fstype.removeprefix("fuse.")) for p in partitions]


def plan(root: Path, how: Watch, mounts: Sequence[Mount]) -> list[Watched]:
    """Decide how to watch a library root: as configured, else by its file system.

    A root on a local file system is watched by inotify. Each network file system that is mounted
    inside the root is polled. Only Linux has inotify.

    Args:
        root: The root, resolved.
        how: The configuration of the root.
        mounts: The mounted file systems.

    """
    if sys.platform != "linux":
        return [Watched(root, root, "poll", f"is on {sys.platform}")]
    points = tuple(mount.point for mount in mounts if mount.point.is_relative_to(root))
    if how != "auto":
        return [Watched(root, root, how, "as configured", points)]
    kind = _kind(root, mounts)
    if is_remote(kind):
        return [Watched(root, root, "poll", f"is on {kind}")]
    remote = {mount.point: mount.kind for mount in mounts if is_remote(mount.kind)}
    inside = [
        Watched(point, root, "poll", f"is on {kind}")
        for point, kind in sorted(remote.items())
        if point.is_relative_to(root)
    ]
    return [Watched(root, root, "inotify", "is on a local file system", points), *inside]


def _kind(path: Path, mounts: Sequence[Mount]) -> str:
    """Return the file system type of a path; a later mount on the same point hides an earlier."""
    holding = [mount for mount in reversed(mounts) if path.is_relative_to(mount.point)]
    return max(holding, key=lambda m: len(m.point.parts)).kind if holding else ""
