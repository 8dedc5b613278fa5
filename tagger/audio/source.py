"""An open regular file that separates errors of the device from damage of the content."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from tagger.errors import UnreadableError
from tagger.system.next_steps import next_step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; a FIFO or a device is refused without blocking on it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        reason = f"cannot be opened: {error.strerror}"
        hint = next_step(error, "check the path and the permissions of the file")
        raise UnreadableError(reason, path, hint) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableError("is not a regular file", path)
    # unbuffered: FFmpeg has a buffer of its own, and Python's hides errors of the device
    return os.fdopen(descriptor, "rb", buffering=0)


class ReadErrors:
    """A file that stores the first error of its device; FFmpeg treats an error as the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        """See `io.RawIOBase.read`."""
        with self._noted():
            return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """See `io.IOBase.seek`."""
        with self._noted():
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        """See `io.IOBase.tell`."""
        with self._noted():
            return self._file.tell()

    def raise_error(self, path: Path) -> None:
        """Raise UnreadableError if the device failed."""
        if self.error:
            reason = f"cannot be read: {self.error.strerror}"
            raise UnreadableError(reason, path, next_step(self.error)) from self.error

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.error = self.error or device_error(error)
            raise


def device_error(error: OSError) -> OSError | None:
    """Return the error of the device that caused an error of an open regular file.

    None for an invalid seek, in a damaged file. Python asks a file once whether it can seek, and
    takes an error of the device for "no".
    """
    if isinstance(error, io.UnsupportedOperation):
        return OSError(errno.EIO, os.strerror(errno.EIO))
    return None if error.errno in (None, errno.EINVAL) else error


@contextlib.contextmanager
def device_errors(file: BinaryIO) -> Iterator[ReadErrors]:
    """Raise the first OSError of the device, which a library treats as the end of the file."""
    reading = ReadErrors(file)
    try:
        yield reading
    finally:
        if reading.error:
            raise reading.error
