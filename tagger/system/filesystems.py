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
SHARED: Final = frozenset(
    "9p acfs beegfs curlftpfs drvfs gvfsd-fuse juicefs orangefs prl_fs rclone s3fs vboxsf"
    " virtiofs vmhgfs vmhgfs-fuse".split()
)
"""File systems to which a virtual machine's host or a cloud service writes too."""
SMB: Final = frozenset({"cifs", "smb3"})
"""The types of an SMB share that Linux itself has mounted."""
RCLONE: Final = "fuse.rclone"
"""The type of a mount of rclone."""
MOUNTS: Final = Path("/proc/self/mountinfo")
UNKNOWN: Final = "unknown"
"""The type on other systems than Linux."""


def is_remote(kind: str) -> bool:
    """Return whether other computers write to this type of file system."""
    return kind in NETWORK or kind in SHARED


def may_delete(kind: str) -> bool:
    """Return whether a failed rename may delete its target, as on SMB, also below FUSE."""
    return is_remote(kind) or kind.startswith("fuse") or kind == UNKNOWN


def kind(file: int) -> str:
    """Return the type of the file system of an open file, such as `ext4`, `cifs` or `fuse.sshfs`.

    It is empty where Linux does not list the device, as for a subvolume of btrfs.
    """
    device = os.fstat(file).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return UNKNOWN
    for line in lines:
        mount, _, source = line.partition(" - ")
        if mount.split()[2] == wanted:
            return source.split()[0]
    return ""
