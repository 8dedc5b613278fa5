"""An error of the device during a write condemns no file: it is an error of the moment."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING

import media
import pytest
from tagging import write

from tagger.errors import (
    CorruptTagsError,
    PayloadChangedError,
    TagError,
    UnsupportedContainerError,
    WriteFailedError,
)

if TYPE_CHECKING:
    from typing import Any

FINAL = (CorruptTagsError, PayloadChangedError, UnsupportedContainerError)
START_OF_SOUND = 12_000


class Failing(io.FileIO):
    """A file of a device that fails once, at a certain call of one method."""

    method = ""
    left = 0
    code = errno.EIO

    def _count(self, method: str) -> None:
        if method == Failing.method:
            Failing.left -= 1
            if Failing.left == 0:
                raise OSError(Failing.code, os.strerror(Failing.code))

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._count("seek")
        return super().seek(offset, whence)

    def tell(self) -> int:
        self._count("tell")
        return super().tell()

    def seekable(self) -> bool:
        try:
            self._count("seekable")
        except OSError:
            return False  # as the base does
        return super().seekable()

    def readinto(self, buffer: Any, /) -> int | None:
        self._count("readinto")
        return super().readinto(buffer)


def read_with(monkeypatch: pytest.MonkeyPatch, kind: type[io.FileIO]) -> None:
    """Open each file that is read as a file of a kind."""
    fdopen = os.fdopen

    def opened(file: int, mode: str = "r", *args: Any, **options: Any) -> Any:
        if mode == "rb":
            return io.BufferedReader(kind(file, "rb"))
        return fdopen(file, mode, *args, **options)

    monkeypatch.setattr(os, "fdopen", opened)


def fail_at(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Let each file that is read fail in one method."""
    read_with(monkeypatch, Failing)
    monkeypatch.setattr(Failing, "method", method)


@pytest.mark.parametrize(
    "form",
    [
        *("mp3", "m4a", "wavpack"),
        *(pytest.param(form, marks=pytest.mark.slow) for form in ("vorbis", "wav", "ape")),
    ],
)
@pytest.mark.parametrize("method", ["seek", "seekable", "tell", "readinto"])
def test_an_error_of_the_device_at_any_step_of_a_write_is_not_final(
    tmp_path, monkeypatch, form, method
):
    path = media.make(tmp_path / "song", form, tags={"title": "x"})
    before = path.read_bytes()
    fail_at(monkeypatch, method)
    for step in range(1, 200, 2):
        Failing.left = step
        try:
            write(path)
        except TagError as error:
            assert not isinstance(error, FINAL), (step, error)
            assert "repeat the command" in (error.hint or ""), (step, error)
            assert path.read_bytes() == before
        path.write_bytes(before)
        if Failing.left > 0:
            return


@pytest.mark.skipif(sys.platform != "linux", reason="has other errors")
@pytest.mark.parametrize(
    ("code", "step"),
    [("EIO", "check the disk"), ("ENOTCONN", "the connection"), ("EUCLEAN", "fsck")],
)
def test_a_file_that_cannot_be_read_names_the_next_step_of_its_error(
    tmp_path, monkeypatch, code, step
):
    path = media.make(tmp_path / "song.mp3")
    fail_at(monkeypatch, "readinto")
    monkeypatch.setattr(Failing, "code", getattr(errno, code))
    monkeypatch.setattr(Failing, "left", 1)
    with pytest.raises(TagError, match="cannot be read") as written:
        write(path)
    assert step in (written.value.hint or "")


class Flaky(io.FileIO):
    """A file of a device that returns another wrong byte in each reading of the sound."""

    reads = 0

    def readinto(self, buffer: Any, /) -> int | None:
        at, size = self.tell(), super().readinto(buffer)
        if size and at + size > START_OF_SOUND:
            Flaky.reads += 1
            place = max(0, START_OF_SOUND - at) + Flaky.reads
            memoryview(buffer)[place % size] ^= 1
        return size


def test_a_device_that_returns_other_bytes_in_each_reading_condemns_no_file(tmp_path, monkeypatch):
    path = media.make(tmp_path / "song.flac", "flac", tags={"title": "x"})
    before = path.read_bytes()
    assert len(before) > 2 * START_OF_SOUND
    read_with(monkeypatch, Flaky)
    with pytest.raises(WriteFailedError, match="two readings differ") as refused:
        write(path)
    assert not isinstance(refused.value, FINAL)
    assert path.read_bytes() == before
