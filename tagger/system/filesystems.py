"""The types of file systems: on a network, leases, locks and renames have other effects."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

NETWORK: Final = frozenset(
    "afs ceph cifs coda davfs gfs gfs2 glusterfs lustre ncp ncpfs nfs nfs4 ocfs2 pvfs2 smb3 smbfs"
    " sshfs".split()
)
"""The network file systems of systemd's `fstype_is_network`."""
SMB: Final = frozenset({"cifs", "smb3"})
"""The types of an SMB share that Linux itself has mounted."""
MOUNTS: Final = Path("/proc/self/mountinfo")


def is_remote(kind: str) -> bool:
    """Return whether files of this type of file system may be on a network, also through FUSE."""
    return kind in NETWORK or kind.startswith("fuse")


def kind(file: int) -> str:
    """Return the type of the file system of an open file, such as `ext4`, `cifs` or `fuse.sshfs`.

    It is empty where the system does not list the device: a subvolume of btrfs, another system
    than Linux.
    """
    device = os.fstat(file).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    for line in lines:
        mount, _, source = line.partition(" - ")
        if mount.split()[2] == wanted:
            return source.split()[0]
    return ""
