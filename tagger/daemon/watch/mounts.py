"""Which folders the kernel can watch, and which have to be polled.

inotify does not see what other computers write on a network file system, not even on one
that is mounted somewhere inside a local folder.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagger.config import Watch

MOUNTINFO = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    "afs ceph cifs coda davfs gfs gfs2 glusterfs lustre ncp ncpfs nfs nfs4 ocfs2 pvfs2 smb3 smbfs"
    " sshfs".split()
)
"""File systems that systemd takes for network ones (`fstype_is_network`)."""
SHARED = frozenset(
    "9p acfs beegfs curlftpfs drvfs gvfsd-fuse juicefs orangefs prl_fs rclone s3fs vboxsf"
    " virtiofs vmhgfs vmhgfs-fuse".split()
)
"""Others that somebody else writes to as well: hosts of virtual machines, clouds."""
_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    point: Path
    kind: str


@dataclass(frozen=True, slots=True)
class Watched:
    """How a folder and what is below it is watched, and why so."""

    folder: Path
    root: Path
    how: Watch
    """`inotify` or `poll`."""
    why: str


def read_mounts() -> list[Mount]:
    """Return what is mounted; nothing on systems that do not say."""
    try:
        return parse_mounts(MOUNTINFO.read_bytes())
    except OSError:
        return []


def parse_mounts(text: bytes) -> list[Mount]:
    """Parse the format of `/proc/self/mountinfo` (`man 5 proc`)."""
    mounts = []
    for line in text.splitlines():
        before, _, after = line.partition(b" - ")
        point = _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), before.split(b" ")[4])
        kind = os.fsdecode(after.split(b" ")[0])
        mounts.append(Mount(Path(os.fsdecode(point)), kind.removeprefix("fuse.")))
    return mounts


def plan(root: Path, how: Watch, mounts: Sequence[Mount]) -> list[Watched]:
    """Decide how to watch a root, a resolved path: as the user says, or by what is mounted.

    A root on a local file system is watched by inotify, and each network file system that is
    mounted inside it is polled besides. Only Linux has inotify.
    """
    if sys.platform != "linux":
        return [Watched(root, root, "poll", f"is on {sys.platform}")]
    if how != "auto":
        return [Watched(root, root, how, "as configured")]
    kind = _kind(root, mounts)
    if _is_remote(kind):
        return [Watched(root, root, "poll", f"is on {kind}")]
    remote = {mount.point: mount.kind for mount in mounts if _is_remote(mount.kind)}
    inside = [
        Watched(point, root, "poll", f"is on {kind}")
        for point, kind in sorted(remote.items())
        if point.is_relative_to(root)
    ]
    return [Watched(root, root, "inotify", "is on a local file system"), *inside]


def _kind(path: Path, mounts: Sequence[Mount]) -> str:
    """Return the file system of a path: of equal mount points the last one covers the others."""
    holding = [mount for mount in reversed(mounts) if path.is_relative_to(mount.point)]
    return max(holding, key=lambda m: len(m.point.parts)).kind if holding else ""


def _is_remote(kind: str) -> bool:
    return kind in NETWORK or kind in SHARED
