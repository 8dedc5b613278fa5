"""Reading and writing tags with every byte of a file parsed in a worker process.

A tag can be made to need any amount of time and memory: compressed frames, millions of items,
sizes beyond the end of the file. The worker has little of both, and its own process.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from msgspec.structs import replace

from tagger import tags
from tagger.analysis.pool import WorkerPool
from tagger.core.domain import GENRE
from tagger.system import memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from tagger.analysis.pool import Pool
    from tagger.config import WorkerSettings
    from tagger.core.domain import TrackTags
    from tagger.tags import Run, Target

P = ParamSpec("P")
T = TypeVar("T")

CPU_S = 3.0
"""Seconds of processor time for the tags of one file."""
SPARE_MB = 144
"""MiB for the tags of one file."""
UNDO_SPARE_MB = 2 * SPARE_MB
"""MiB for an undo: it needs more than the write, and takes back each file that was written."""


class TagJobs:
    """One worker process for tags, started with the first job.

    One is enough: pictures are copied by the kernel, and the decoders need the other cores.
    """

    def __init__(
        self,
        limits: WorkerSettings,
        field: str = GENRE,
        reader: Pool | None = None,
        spare_mb: int = SPARE_MB,
    ) -> None:
        """Set the limits.

        Args:
            limits: The time of one job and the memory of the worker; its number is 1.
            field: The field that tagger writes.
            reader: Reads the tags of files in place of the worker; closed together with it.
            spare_mb: MiB for the tags of one file.

        """
        self.field = field
        self._pool = WorkerPool(replace(limits, count=1), _prepare, cpu_s=CPU_S, spare_mb=spare_mb)
        self._reader: Pool = reader or self._pool

    def submit_read(self, path: Path, field: str = "") -> Future[TrackTags]:
        """Begin to read the tags of a file; `result` returns them.

        `field` is the field of an earlier write, else the field that tagger writes.
        """
        return self._reader.submit(_read, path, field or self.field)

    def result(self, future: Future[TrackTags], path: Path) -> TrackTags:
        """Wait for the tags of a file.

        Raises:
            TagError: as `tags.read` raises it.
            WorkerError: the worker died, or the limits were reached.

        """
        return self._reader.result(future, path)

    def read(self, path: Path, field: str = "") -> TrackTags:
        """Read the tags of a file, as `submit_read`; raises the errors of `result`."""
        return self.result(self.submit_read(path, field), path)

    def sound(self, path: Path) -> str | None:
        """Return the fingerprint of a file's sound; raises the errors of `result`."""
        return self._pool.result(self._pool.submit(_sound, path), path)

    def check(self) -> None:
        """Raise WorkersUnusableError if no worker can be started, WorkerError if it fails."""
        self._pool.result(self._pool.submit(os.getpid), Path(os.devnull))

    def is_restored(self, path: Path, snapshot: str) -> bool:
        """Return whether the tags of a file are as before a write; see `tags.is_restored`.

        Args:
            path: The file.
            snapshot: `GenreEdit.snapshot` of the write.

        Raises:
            TagError: as `tags.is_restored` raises it.
            WorkerError: the worker died, or the limits were reached.

        """
        return self._pool.result(self._pool.submit(_is_restored, path, snapshot), path)

    def rehearse(self, target: Target, genres: tuple[str, ...]) -> None:
        """Raise the error of a write of `genres`, as far as it can be found without a copy.

        Raises:
            TagError: as `tags.rehearse` raises it.
            WorkerError: the worker died, or the limits were reached.

        """
        self._pool.result(self._pool.submit(_rehearse, target, genres), target.path)

    def run_on(self, path: Path) -> Run:
        """Return the `run` of `tags.write_genres` and `tags.restore_genres` for one file."""

        def run(size: int, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
            future = self._pool.submit_sized(size, function, *args, **kwargs)
            return self._pool.result(future, path)

        return run

    def close(self, *, wait: bool = True) -> None:
        """End the worker, after its job or at once."""
        self._pool.close(wait=wait)
        if self._reader is not self._pool:
            self._reader.close(wait=wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(wait=kind is None)


def _prepare() -> None:
    """Import before memory is limited; the module is imported with this function."""
    from tagger.tags.containers.base import LARGE  # noqa: PLC0415

    memory.map_large(LARGE)


# The names of `tags` are looked up in the worker: the parent imports no parsers for them.
def _read(path: Path, field: str) -> TrackTags:
    return tags.read(path, field)


def _sound(path: Path) -> str | None:
    return tags.sound(path)


def _is_restored(path: Path, snapshot: str) -> bool:
    return tags.is_restored(path, snapshot)


def _rehearse(target: Target, genres: tuple[str, ...]) -> None:
    tags.rehearse(target, genres)
