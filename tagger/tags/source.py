"""An open file that records what a parser reads of it."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

from tagger.tags.containers.base import Span
from tagger.tags.containers.stream import file_size

if TYPE_CHECKING:
    from typing import BinaryIO

LARGEST: Final = 1 << 18
"""Bytes of all reads of a parse that can be compared; more are mostly pictures."""


class Source:
    """A file for a parser, with the places of its reads and the digest of their bytes.

    The result of a parse depends on these bytes and on the size of the file, and on nothing else.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._end = file_size(file)
        self._reads: list[Span] = []
        self._bytes = 0
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """See `io.RawIOBase.read`."""
        at = self._file.tell()
        data = self._file.read(size)
        self._bytes += len(data)
        if self.is_comparable:
            self._reads.append(Span(at, len(data)))
            self._digest.update(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """See `io.IOBase.seek`."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """See `io.IOBase.tell`."""
        return self._file.tell()

    @property
    def is_comparable(self) -> bool:
        """Whether the reads were small enough to be repeated."""
        return self._bytes <= LARGEST

    def move_to(self, file: BinaryIO) -> bool:
        """Read from another open file from now on; returns whether a parse of it is the same.

        The reads are repeated there, and their bytes compared. Raises OSError.
        """
        if not self.is_comparable or file_size(file) != self._end:
            return False
        digest = hashlib.sha256()
        for read in self._reads:
            file.seek(read.start)
            digest.update(file.read(read.size))
        self._file = file
        return digest.digest() == self._digest.digest()
