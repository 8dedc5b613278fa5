"""The replacement of a file as a transaction: the path always has the old or the new content.

    open, check  ->  copy beside it  ->  verify  ->  mode, owner, attributes  ->  fsync
    ->  lock  ->  unchanged?  ->  journal  ->  lease  ->  unchanged?  ->  rename
    ->  fsync the folder  ->  opened for writing meanwhile?  ->  end of the lease

The copy has a dot name of tagger in the same folder, and is locked while its process lives. So
`remove_leftovers` finds the copies of killed processes. All names are resolved relative to the
descriptor of the checked folder, even if another program moves the folder.

A program that opens the file for writing between the last check and the rename has to wait. Then it
writes into the old file, which has lost its name; so the old file's content gets the name back.

On an SMB share the file moves aside before the rename, and no file is locked. Where a program has
the target of a rename open, Linux deletes the target first, and then the rename may fail (seen with
Linux 6.1, `cifs_rename2`). `remove_leftovers` gives the file its name back after a kill in between.

Through FUSE and on other shares, a rename may be several steps on several disks. The power may fail
when one step is durable. So there the complete copy gets the name of an original that moved aside,
from which `remove_leftovers` restores a file that is gone.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from tagger.core.domain import FileIdentity
from tagger.errors import (
    AGAIN,
    CorruptTagsError,
    FileChangedError,
    PayloadChangedError,
    SkippedError,
    TagError,
    UnsupportedContainerError,
    WriteFailedError,
)
from tagger.system import atomic, filesystems, leases, locks
from tagger.system.attributes import copy_attributes, copy_flags
from tagger.system.closing import close
from tagger.system.spelling import listed
from tagger.tags.containers.base import Span
from tagger.tags.copying import CopyTask, os_errors
from tagger.tags.leftovers import temporary_name
from tagger.tags.writable import (
    AS_OWNER,
    check_flags,
    check_mount,
    check_status,
    check_writable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tagger.tags.options import Target
    from tagger.tags.writable import Place


_OF_THE_CONTENT: Final = (CorruptTagsError, PayloadChangedError, UnsupportedContainerError)
"""Errors that remain until the file changes."""
PATIENCE_S: Final = 10.0
"""Seconds for a program that opened the file during the rename to close it."""


class Replacement:
    """A file that is being replaced; a context manager around one transaction.

    `start_copy` makes the copy, which any process may fill and verify; then `commit`. Leaving the
    context without a commit removes the copy. An OSError becomes a WriteFailedError.

    """

    def __init__(self, target: Target) -> None:
        """Raise SkippedError or TagError if the file may not be replaced; see `check_writable`."""
        self._path = target.path
        self._expected = target.expected
        self._options = target.options
        self._root = target.root
        self._place = self._find()
        self._stack = contextlib.ExitStack()
        self._temporary = ""
        """The name of the copy, while there is one."""
        self._is_complete = False
        """Whether the copy may take the place of the file."""
        self._is_findable = False
        """Whether `remove_leftovers` finds the name of the file in the name of the copy."""
        self.original: BinaryIO
        self.copy: BinaryIO

    def __enter__(self) -> Self:
        with self._stack, os_errors(self._path):
            flags = os.O_RDONLY | os.O_CLOEXEC
            self._folder = os.open(self._place.folder, flags | os.O_DIRECTORY | os.O_NOFOLLOW)
            self._stack.callback(close, self._folder)
            self._stack.callback(self._end)
            # check again: the open descriptor now pins the folder
            if self._find() != self._place:
                raise FileChangedError("the file was moved", self._path)
            nonblocking = flags | os.O_NOFOLLOW | os.O_NONBLOCK
            original = os.open(self._place.name, nonblocking, dir_fd=self._folder)
            self.original = os.fdopen(original, "rb")
            self._stack.callback(close, self.original)
            self._ctime = os.fstat(original).st_ctime_ns
            self._kind = filesystems.kind(original)
            check_mount(original, self._path, self._kind)
            self._on_share = self._kind in filesystems.SMB
            self._may_vanish = not self._on_share and filesystems.may_delete(self._kind)
            self._check_unchanged()
            check_flags(original, self._path)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._stack:
            if kind in _OF_THE_CONTENT:
                # an edit during the copy explains the error, which would be final
                with os_errors(self._path):
                    self._check_unchanged()

    def _find(self) -> Place:
        return check_writable(self._path, root=self._root, options=self._options)

    def start_copy(self) -> CopyTask:
        """Create and lock the empty copy; returns the task of filling it.

        The lock is held by this process, whichever process fills the copy.
        """
        with os_errors(self._path):
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            name = temporary_name()
            copy = os.open(name, flags, 0o600, dir_fd=self._folder)
            self._temporary, self._is_complete, self._is_findable = name, False, False
            self.copy = os.fdopen(copy, "w+b", buffering=0)
            self._stack.callback(close, self.copy)
            locks.try_far_lock(copy)
            copy_flags(self.original.fileno(), copy)
            inode = os.fstat(copy).st_ino
        folder = self._place.folder
        return CopyTask(self._path, folder / self._place.name, folder / name, self._expected, inode)

    def commit(self, before_commit: Callable[[], None]) -> FileIdentity:
        """Make the copy durable and give it the file's name; return the new file's identity.

        `before_commit` is called last before the rename. Raises FileChangedError if the file is
        not in the expected state, and every exception of `before_commit`.
        """
        with os_errors(self._path):
            self._finish_copy(preserve_mtime=self._options.preserve_mtime)
            self._lock()
            self._check_unchanged()
        before_commit()
        with os_errors(self._path), leases.ReadLease(self.original.fileno(), self._kind) as lease:
            if lease.refused:
                raise self._changed("another program is writing the file")
            self._check_unchanged()
            identity = self._rename()
            contested = lease.is_contested()
        if contested and self._put_back(identity):
            raise self._changed("another program opened the file for writing at the same moment")
        return identity

    def _finish_copy(self, *, preserve_mtime: bool) -> None:
        """Give the copy the attributes of the original, and make it durable."""
        target = self.copy.fileno()
        if lost := copy_attributes(self.original.fileno(), target):
            reason = f"{lost} cannot be kept in a new file"
            raise SkippedError(reason, self._path, AS_OWNER)
        if preserve_mtime:
            status = os.fstat(self.original.fileno())
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        if self._may_vanish:
            kept = temporary_name(self._place.name)
            with contextlib.suppress(OSError):  # the longer name may be too long
                self._move(self._temporary, kept)
                self._temporary, self._is_findable = kept, True
        atomic.flush(target)

    def _rename(self) -> FileIdentity:
        """Give the copy the name of the file; return the new file's identity."""
        identity = FileIdentity.of(os.fstat(self.copy.fileno()))
        self._is_complete = True
        with self._moved_aside() if self._on_share else contextlib.nullcontext():
            self._move(self._temporary, self._place.name)
        self._temporary = ""
        if self._may_vanish:
            self._check_replaced(identity)
        # the new file is in place; recovery reads the journal if its folder never reaches the disk
        with contextlib.suppress(OSError):
            atomic.flush(self._folder)
            if self._may_vanish:
                # a rename through FUSE may change the inode or the time, as with mergerfs and encfs
                identity = FileIdentity.of(os.fstat(self.copy.fileno()))
                atomic.flush(self.copy.fileno())  # FUSE may pass on the flush of a file alone
        return identity

    @contextlib.contextmanager
    def _moved_aside(self) -> Iterator[None]:
        """Give the original another name; it gets its name back after an error in the block."""
        locks.try_far_lock(self.original.fileno(), shared=True)
        aside = temporary_name(self._place.name)
        self._move(self._place.name, aside)
        try:
            self._check_moved(aside)
            yield
        except BaseException:
            self._move(aside, self._place.name)
            raise
        with contextlib.suppress(OSError):  # a program may have it open; then the server deletes it
            os.unlink(aside, dir_fd=self._folder)

    def _check_moved(self, aside: str) -> None:
        moved = os.stat(aside, dir_fd=self._folder, follow_symlinks=False)
        if FileIdentity.of(moved) != self._expected:
            raise self._changed()

    def _changed(self, reason: str = "another program changed the file") -> FileChangedError:
        return FileChangedError(reason, self._path, AGAIN)

    def _move(self, name: str, to: str) -> None:
        os.replace(name, to, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def _put_back(self, written: FileIdentity) -> bool:
        """Replace the new file by the original, as another program has left it.

        Returns whether that was done. Otherwise the new file stays: the original is open for too
        long, or cannot be copied, or the new file has changed already.
        """
        if not leases.wait_for_writers(self.original.fileno(), self._kind, PATIENCE_S):
            return False
        with contextlib.suppress(TagError, OSError):
            task = self.start_copy()
            size = os.fstat(self.original.fileno()).st_size
            task.fill(self.original, self.copy, [Span(0, size)])
            self._finish_copy(preserve_mtime=True)
            named = os.stat(self._place.name, dir_fd=self._folder, follow_symlinks=False)
            if FileIdentity.of(named) == written:
                self._rename()
                return True
        return False

    def _lock(self) -> None:
        """Exclude other tagger processes between the last check and the rename."""
        if self._on_share:  # nobody else could read the file
            return
        with contextlib.suppress(OSError):  # not every network file system has locks
            if not locks.try_lock(self.original.fileno()):
                raise self._changed("another program changed the file, or is about to")

    def _check_unchanged(self) -> None:
        named = os.stat(self._place.name, dir_fd=self._folder, follow_symlinks=False)
        opened = os.fstat(self.original.fileno())
        same = FileIdentity.of(named) == FileIdentity.of(opened) == self._expected
        # an edit in place may keep size and modification time
        if not same or opened.st_ctime_ns != self._ctime:
            raise self._changed()
        check_status(named, self._path, self._options)

    def _check_replaced(self, copied: FileIdentity) -> None:
        """Raise WriteFailedError if the file still has its name after a rename without error.

        A union may leave the file on a disk that it cannot write (seen with mergerfs 2.33). Size
        and time distinguish the file from its copy, because an inode may belong to a path.
        """
        if copied[2:] == self._expected[2:]:
            return
        with contextlib.suppress(OSError):
            named = os.stat(self._place.name, dir_fd=self._folder, follow_symlinks=False)
            if FileIdentity.of(named) == self._expected:
                raise WriteFailedError(
                    "not written: the file system kept the old file",
                    self._path,
                    "one of its disks may be read-only: check them, and the log of the system",
                )

    def _end(self) -> None:
        """Remove a copy that was not committed; after a failure, `remove_leftovers` removes it.

        A server may delete the file for a rename that then fails, as through a union of SMB shares.
        The library of FUSE hides an open file before a rename over it, and deletes it at the close.
        The file is gone when the last program closes it. So a complete copy gets its name where it
        is gone now. Else the copy waits, under a hidden name, for the next `remove_leftovers`,
        which looks whether the file exists. A mount without any rename leaves no such name.
        """
        if not self._temporary:
            return
        with contextlib.suppress(OSError):
            if self._is_complete and self._may_vanish and self._is_gone():
                self._move(self._temporary, self._place.name)
                atomic.flush(self._folder)
            elif not (self._is_complete and self._is_findable):
                os.unlink(self._temporary, dir_fd=self._folder)

    def _is_gone(self) -> bool:
        """Return whether the folder does not list the file; the kernel may have a cached name."""
        names = frozenset(os.listdir(self._folder))  # noqa: PTH208 - of a descriptor
        return listed(self._place.name, names) not in names
