"""The writing of genres: compose a copy, verify it, commit it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from tagger.core.domain import GenreEdit
from tagger.errors import PayloadChangedError, SkippedError
from tagger.tags import edit, replace
from tagger.tags.read import boundary
from tagger.tags.replace import Replacement
from tagger.tags.values import GenreSnapshot
from tagger.tags.verify import JudgedFile, first_difference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from tagger.core.domain import FileIdentity
    from tagger.tags.copying import CopyTask
    from tagger.tags.edit import Tags
    from tagger.tags.values import WriteOptions

P = ParamSpec("P")
T = TypeVar("T")


class Run(Protocol):
    """Runs a module-level function with plain arguments, here or in another process."""

    def __call__(
        self, size: int, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return the result of a function.

        Args:
            size: The size of the file, bytes.
            function: A function of a module.
            args: Its positional arguments.
            kwargs: Its keyword arguments.
        """
        ...


def run_here(
    size: int,  # noqa: ARG001 - see Run
    function: Callable[P, T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Call a function in this process.

    Args:
        size: The size of the file, bytes; without effect.
        function: The function.
        args: Its positional arguments.
        kwargs: Its keyword arguments.
    """
    return function(*args, **kwargs)


def write_genres(  # noqa: PLR0913 - keywords, each part of the contract
    path: Path,
    genres: tuple[str, ...],
    *,
    root: Path,
    expected: FileIdentity,
    options: WriteOptions,
    before_commit: Callable[[GenreEdit], None],
    run: Run = run_here,
) -> tuple[GenreEdit, FileIdentity] | None:
    """Write genres into a file; returns the edit and the new file's identity.

    Returns None if the file contains these genres already. The target of a symbolic
    link is written. After any error, the file is unchanged.

    Args:
        path: the file.
        genres: the genres, in their order.
        root: the music folder; a link that leads out of it is refused.
        expected: the state of the file at the decision.
        options: how files are written.
        before_commit: called once, right before the file is replaced, to journal the edit; after
            an exception of it, the file is unchanged.
        run: runs the part that parses the file, e.g. in a worker process.

    Raises:
        TagError: no container can keep these genres, or the file does not exist.
        SkippedError: see `check_writable`.
        UnsupportedContainerError: not an audio file that tagger supports.
        CorruptTagsError: the tags cannot be parsed.
        WriteFailedError: the operating system refused.
        FileChangedError: the file is not in the state `expected`.
        PayloadChangedError: the copy failed its verification.

    """
    edit.check_genres(genres)
    with Replacement(path, root=root, expected=expected, options=options) as transaction:
        change = run(expected.size, compose_genres, transaction.start_copy(), genres, options)
        if change is None:
            return None
        return change, transaction.commit(lambda: before_commit(change))


def compose_genres(
    task: CopyTask, genres: tuple[str, ...], options: WriteOptions
) -> GenreEdit | None:
    """Fill a copy with the file and other genres, and verify the copy; None if nothing differs.

    Args:
        task: The original and its empty copy.
        genres: The genres, in their order.
        options: How files are written.

    Raises:
        TagError: as `write_genres` raises it.

    """
    with task.opened() as (original_file, copy), boundary(task.path):
        original = JudgedFile(original_file, task.path)
        if original.genres == genres:
            return None
        tags = edit.retagged(original.container, genres, options)
        _fill(task, original, copy, tags, genres)
        return GenreEdit(task.path, original.genres, genres, _snapshot(original))


def rehearse(path: Path, genres: tuple[str, ...], *, root: Path, options: WriteOptions) -> None:
    """Raise the errors of `write_genres` that need no copy.

    Args:
        path: The file.
        genres: The genres, in their order.
        root: The music folder that must contain the file.
        options: How files are written.
    """
    edit.check_genres(genres)
    replace.check_writable(path, root=root, options=options)
    with boundary(path), path.open("rb") as file:
        replace.check_flags(file.fileno(), path)
        original = JudgedFile(file, path)
        if original.stream is None:
            raise PayloadChangedError("not written: FFmpeg cannot open the file", path)
        for _ in original.container.compose(edit.retagged(original.container, genres, options)):
            pass


def restore_genres(  # noqa: PLR0913 - as above
    path: Path,
    snapshot: str,
    *,
    root: Path,
    expected: FileIdentity,
    options: WriteOptions,
    before_commit: Callable[[GenreEdit], None],
    run: Run = run_here,
) -> tuple[GenreEdit, FileIdentity] | None:
    """Restore the genre fields of a snapshot, byte by byte; returns the values of `write_genres`.

    A tag that tagger created is removed, unless another program has put a field into it.

    Args:
        path: the file.
        snapshot: `GenreEdit.snapshot` of the edit that is undone.
        root: the music folder; a link that leads out of it is refused.
        expected: the state of the file at the decision.
        options: how files are written; `id3_version` has no effect.
        before_commit: as in `write_genres`.
        run: as in `write_genres`.

    Raises:
        SkippedError: the snapshot was taken of another recording; see also `check_writable`.
        TagError: as in `write_genres`.

    """
    with Replacement(path, root=root, expected=expected, options=options) as transaction:
        change = run(expected.size, compose_snapshot, transaction.start_copy(), snapshot)
        if change is None:
            return None
        return change, transaction.commit(lambda: before_commit(change))


def compose_snapshot(task: CopyTask, snapshot: str) -> GenreEdit | None:
    """Fill a copy with the file and a snapshot's genre fields; None if nothing differs.

    Args:
        task: The original and its empty copy.
        snapshot: `GenreEdit.snapshot`.

    Raises:
        TagError: as `restore_genres` raises it.

    """
    with task.opened() as (original_file, copy), boundary(task.path):
        before = GenreSnapshot.decoded(snapshot, task.path)
        original = JudgedFile(original_file, task.path)
        if original.stream != before.sound:
            raise SkippedError("contains another recording now", task.path)
        tags = edit.restored(original.container, before)
        if edit.same(tags, original.container.tags):
            return None
        _fill(task, original, copy, tags, None)
        return GenreEdit(task.path, original.genres, before.genres, _snapshot(original))


def _fill(
    task: CopyTask,
    original: JudgedFile,
    copy: BinaryIO,
    tags: Tags,
    asked: tuple[str, ...] | None,
) -> None:
    """Write the copy with these tags, and verify the copy."""
    task.fill(original.file, copy, original.container.compose(tags))
    fault = first_difference(original, JudgedFile(copy, task.path), tags, asked)
    if fault:
        raise PayloadChangedError(f"not written: {fault}", task.path, "please report this file")


def _snapshot(original: JudgedFile) -> str:
    return edit.snapshot(original.container, original.genres, original.stream or "").encoded()
