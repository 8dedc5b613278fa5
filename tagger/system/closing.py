"""The end of the use of an open file."""

from __future__ import annotations

import contextlib
import os
from typing import BinaryIO


def close(file: int | BinaryIO) -> None:
    """Close a file that was only read, or that has been written through to the disk.

    An error is ignored: file systems of other programs, such as sshfs, report a lost connection at
    each close. The file is closed all the same, and the error would hide an earlier error.
    """
    with contextlib.suppress(OSError):
        if isinstance(file, int):
            os.close(file)
        else:
            file.close()
