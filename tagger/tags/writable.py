"""Whether a file may be replaced: its place, its permissions and its other names."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tagger.errors import SkippedError, TagError
from tagger.system import filesystems
from tagger.system.attributes import are_listed, is_locked
from tagger.system.closing import close
from tagger.system.next_steps import disk_step, next_step

if TYPE_CHECKING:
    from tagger.tags.options import WriteOptions


AS_OWNER: Final = "run tagger as the owner of the file, or root"
"""The hint for a file whose owner the user of tagger is not."""


@dataclass(frozen=True, slots=True)
class Place:
    """The real place of a file, without symbolic links."""

    folder: Path
    name: str


class Folders:
    """Folders of files that are checked at the same time; each folder is looked at once."""

    def __init__(self) -> None:
        self._real: dict[tuple[str, bool], str] = {}
        self._places: dict[tuple[str, Path], Path | None] = {}
        self._writable: dict[Path, bool] = {}

    def real(self, folder: str, *, strict: bool = True) -> str:
        """Return the real path of a folder, without symbolic links.

        Raises OSError if the folder must exist (`strict`) and does not, or cannot be reached.
        """
        if (known := self._real.get((folder, strict))) is None:
            known = os.path.realpath(folder, strict=strict)
            self._real[folder, strict] = known
        return known

    def inside(self, folder: str, root: Path) -> Path | None:
        """Return the real path of a folder at or below a root, None for any other folder.

        Raises OSError if the folder does not exist or cannot be reached.
        """
        if (folder, root) not in self._places:
            real = self.real(folder)
            above = os.path.join(self.real(os.fspath(root), strict=False), "")  # noqa: PTH118
            is_inside = os.path.join(real, "").startswith(above)  # noqa: PTH118
            self._places[folder, root] = Path(real) if is_inside else None
        return self._places[folder, root]

    def accept_files(self, real: Path) -> bool:
        """Return whether a file can be replaced in a folder, which is a real path."""
        if (known := self._writable.get(real)) is None:
            known = os.access(real, os.W_OK | os.X_OK) and not _is_append_only(real)
            self._writable[real] = known
        return known


def _is_append_only(folder: Path) -> bool:
    """Return whether no copy in a folder could be renamed or removed."""
    try:
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False  # the write names the fault
    try:
        return is_locked(file)
    finally:
        close(file)


def check_writable(
    path: Path, *, root: Path, options: WriteOptions, folders: Folders | None = None
) -> Place:
    """Find the file to replace.

    The target of a link is replaced, not the link.

    Args:
        path: The file.
        root: The music folder that must contain the file.
        options: How files are written.
        folders: The folders of files that are checked at the same time; None for a file alone.

    Raises:
        SkippedError: the file is outside `root`, not regular, has several names, is read-only,
            or is an object of git-annex; or its folder is read-only.
        TagError: the file does not exist, or its disk fails.
    """
    folders = folders or Folders()
    try:
        # texts, because each file is checked and objects of Path cost as much as the check
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            real = os.path.realpath(path, strict=True)
            status = os.lstat(real)
            above, name = os.path.split(real)
        else:
            above, name = os.path.split(path)
        folder = folders.inside(above, root)
        if folder is None:
            raise SkippedError("is outside the music folder", path)
        if is_annexed(folder):  # its read-only mode is no fault to mend
            hint = "`git annex unlock` makes a file of its link"
            raise SkippedError("is an object of git-annex", path, hint)
        check_status(status, path, options)
    except FileNotFoundError as error:
        raise TagError("the file does not exist", path) from error
    except OSError as error:
        reason = f"cannot be reached: {error.strerror}"
        kind = TagError if disk_step(error) else SkippedError
        raise kind(reason, path, next_step(error)) from error
    if not os.access(os.path.join(folder, name), os.W_OK):  # noqa: PTH118
        if os.geteuid() not in (0, status.st_uid):
            raise _read_only("no permission to write the file", path, AS_OWNER)
        hint = "make the file writable: chmod u+w, chattr -i; a snapshot stays read-only"
        raise _read_only("read-only file", path, hint)
    if not folders.accept_files(folder):
        how = "by chmod, chown or chattr -i -a: a copy replaces the file"
        hint = f"make the folder writable for the user of tagger, {how}"
        raise _read_only("read-only folder", path, hint)
    return Place(folder, name)


def is_annexed(path: Path) -> bool:
    """Return whether a real path is in a store of git-annex, whose objects never change."""
    return ".git" in path.parts and "annex" in path.parts


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
        raise _read_only("read-only file", path, "make the file writable: chmod u+w")
    if status.st_nlink > 1 and options.hard_links == "skip":
        hint = 'set tags.hard_links = "break" to separate it from its other names'
        raise SkippedError(f"has {status.st_nlink} names by hard links", path, hint)


def _read_only(reason: str, path: Path, hint: str) -> SkippedError:
    """Return the error, of the whole file system where that is mounted read-only.

    Args:
        reason: The reason on a writable file system.
        path: The file.
        hint: The next step on a writable file system.

    """
    with contextlib.suppress(OSError):
        if os.statvfs(path).f_flag & os.ST_RDONLY:
            hint = "mount it writable, or see dmesg for an error; `tagger classify` works without"
            return SkippedError("read-only file system", path, hint)
    return SkippedError(reason, path, hint)


def check_flags(file: int, path: Path) -> None:
    """Raise SkippedError if an open file may not change, whatever its permissions are.

    Args:
        file: The descriptor of the file.
        path: The path of the file.
    """
    if is_locked(file):
        raise SkippedError("is immutable or append-only", path, "remove the flag: chattr -i -a")


def check_mount(file: int, path: Path, kind: str) -> None:
    """Raise SkippedError if the file system of an open file has no use for its attributes.

    A mount of rclone returns an error of the disk instead of an empty list.

    Args:
        file: The descriptor of the file.
        path: The path of the file.
        kind: The type of the file system.
    """
    if kind == filesystems.RCLONE and not are_listed(file):
        hint = "mount the files by NFS, SMB or SSH, or run tagger where they are stored"
        raise SkippedError("a mount of rclone lists no attributes of files", path, hint)
