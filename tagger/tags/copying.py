"""The copy that replaces a file, filled from pieces by the process that parses the file."""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from tagger.core.domain import FileIdentity
from tagger.errors import FileChangedError, WriteFailedError
from tagger.system.next_steps import next_step
from tagger.tags.containers.base import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tagger.tags.containers.base import Piece, Raw

_BLOCK: Final = 1 << 20
_PAGE: Final = 4096
"""Bytes: the size of a block of btrfs and XFS."""
_NO_KERNEL_COPY: Final = (
    errno.EBADF,
    errno.EINVAL,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
    errno.EPERM,
    errno.EXDEV,
)


@dataclass(frozen=True, slots=True)
class CopyTask:
    """An original and its empty copy; plain data, so that another process can fill the copy."""

    path: Path
    """The path in errors."""
    original: Path
    """The path without symbolic links."""
    copy: Path
    expected: FileIdentity
    """The state of the original."""
    inode: int
    """Of the copy."""

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Open the original for reading and the copy for writing.

        Raises:
            FileChangedError: the original or the copy was replaced.
            WriteFailedError: the operating system refused.

        """
        flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os_errors(self.path), contextlib.ExitStack() as stack:
            original = os.open(self.original, os.O_RDONLY | flags)
            source = stack.enter_context(os.fdopen(original, "rb"))
            copy = os.open(self.copy, os.O_RDWR | flags)
            target = stack.enter_context(os.fdopen(copy, "w+b", buffering=0))
            found = FileIdentity.of(os.fstat(original)), os.fstat(copy).st_ino
            if found != (self.expected, self.inode):
                raise FileChangedError("another program changed the file", self.path)
            yield source, target

    def fill(self, original: BinaryIO, copy: BinaryIO, pieces: Iterable[Piece]) -> None:
        """Write pieces into the copy, spans by the kernel if possible.

        Args:
            original: The original, open for reading.
            copy: The copy, open for writing.
            pieces: Bytes, and spans of the original.

        Raises:
            FileChangedError: the original became shorter.
            WriteFailedError: the operating system refused.

        """
        position = 0
        with os_errors(self.path):
            for piece in pieces:
                if isinstance(piece, Span):
                    for part in _parts(piece, position):
                        self._copy_span(original.fileno(), copy.fileno(), part)
                    position += piece.size
                else:
                    _write_all(copy.fileno(), piece)
                    position += len(piece)

    def _copy_span(self, source: int, target: int, span: Span) -> None:
        at, left = span.start, span.size
        while left:
            done = _copied_by_kernel(source, target, left, at)
            if not done:
                data = os.pread(source, min(left, _BLOCK), at)
                if not data:
                    raise FileChangedError("the file became shorter", self.path)
                _write_all(target, data)
                done = len(data)
            at, left = at + done, left - done


@contextlib.contextmanager
def os_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's errors into `WriteFailedError`, with the next step."""
    try:
        yield
    except OSError as error:
        reason = f"not written: {error.strerror}"
        raise WriteFailedError(reason, path, next_step(error)) from error


def _parts(span: Span, position: int) -> Iterator[Span]:
    """Yield a span in parts, so that the kernel may let both files share the blocks of the last.

    btrfs and XFS share whole blocks alone. A snapshot or reflink then keeps few blocks of its own.

    Args:
        span: Bytes of the original.
        position: Their place in the copy.

    """
    lead = min(-span.start % _PAGE, span.size)
    if lead and (span.start - position) % _PAGE == 0:
        yield Span(span.start, lead)
        span = Span(span.start + lead, span.size - lead)
    yield span


def _copied_by_kernel(source: int, target: int, size: int, start: int) -> int:
    """Return how many bytes the kernel copied, 0 where it does not copy between these files."""
    if not hasattr(os, "copy_file_range"):  # Linux alone has it
        return 0
    try:
        return os.copy_file_range(source, target, size, start)
    except OSError as error:
        if error.errno not in _NO_KERNEL_COPY:
            raise
        return 0


def _write_all(target: int, data: Raw) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]
