"""An error of the device during a write condemns no file: it is an error of the moment."""

from __future__ import annotations

import errno
import io
import os
from typing import TYPE_CHECKING

import media
import pytest
from tagging import write

from tagger.errors import CorruptTagsError, PayloadChangedError, TagError, UnsupportedContainerError

if TYPE_CHECKING:
    from typing import Any

FINAL = (CorruptTagsError, PayloadChangedError, UnsupportedContainerError)


class Failing(io.FileIO):
    """A file of a device that fails once, at a certain call of one method."""

    method = ""
    left = 0

    def _count(self, method: str) -> None:
        if method == Failing.method:
            Failing.left -= 1
            if Failing.left == 0:
                raise OSError(errno.EIO, os.strerror(errno.EIO))

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
    fdopen = os.fdopen

    def failing(file: int, mode: str = "r", *args: Any, **options: Any) -> Any:
        if mode == "rb":
            return io.BufferedReader(Failing(file, "rb"))
        return fdopen(file, mode, *args, **options)

    monkeypatch.setattr(os, "fdopen", failing)
    Failing.method = method
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
