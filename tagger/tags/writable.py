"""Whether a file may be replaced: its place, its permissions and its other names."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import SkippedError, TagError
from tagger.system.attributes import is_locked

if TYPE_CHECKING:
    from tagger.tags.options import WriteOptions


@dataclass(frozen=True, slots=True)
class Place:
    """The real place of a file, without symbolic links."""

    folder: Path
    name: str


def check_writable(path: Path, *, root: Path, options: WriteOptions) -> Place:
    """Find the file to replace.

    The target of a link is replaced, not the link.

    Args:
        path: The file.
        root: The music folder that must contain the file.
        options: How files are written.

    Raises:
        SkippedError: the file is outside `root`, not regular, has several names, or is
            read-only; or its folder is read-only.
        TagError: the file does not exist.
    """
    try:
        real = os.path.realpath(path, strict=True)
        # texts, because each file is checked and objects of Path cost as much as the check
        inside = os.path.join(os.path.realpath(root), "")  # noqa: PTH118
        if not os.path.join(real, "").startswith(inside):  # noqa: PTH118
            raise SkippedError("is outside the music folder", path)
        check_status(os.lstat(real), path, options)
    except FileNotFoundError as error:
        raise TagError("the file does not exist", path) from error
    except OSError as error:
        raise SkippedError(f"cannot be reached: {error.strerror}", path) from error
    if not os.access(real, os.W_OK):
        raise SkippedError("read-only file", path, "make the file writable: chmod u+w, chattr -i")
    folder, name = os.path.split(real)
    if not os.access(folder, os.W_OK | os.X_OK):
        hint = "make the folder writable: a copy replaces the file"
        raise SkippedError("read-only folder", path, hint)
    return Place(Path(folder), name)


def check_status(status: os.stat_result, path: Path, options: WriteOptions) -> None:
    """Raise SkippedError if a file may not be replaced by its status.

    Args:
        status: The status of the file.
        path: The path of the file.
        options: How files are written.

    """
    if not stat.S_ISREG(status.st_mode):
        raise SkippedError("not a regular file", path)
    if not status.st_mode & 0o222:  # os.access accepts root with any mode
        raise SkippedError("read-only file", path, "make the file writable")
    if status.st_nlink > 1 and options.hard_links == "skip":
        hint = 'set tags.hard_links = "break" to separate it from its other names'
        raise SkippedError(f"has {status.st_nlink} names (hard links)", path, hint)


def check_flags(file: int, path: Path) -> None:
    """Raise SkippedError if an open file may not change, whatever its permissions are.

    Args:
        file: The descriptor of the file.
        path: The path of the file.
    """
    if is_locked(file):
        raise SkippedError("is immutable or append-only", path, "remove the flag: chattr -i -a")
