"""The writing of genres: compose a copy, verify it, commit it."""

from __future__ import annotations

from dataclasses import replace as replace_fields
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from tagger.core.domain import GenreEdit
from tagger.errors import ChangedSinceError, PayloadChangedError, WriteFailedError
from tagger.system import filesystems
from tagger.tags import edit, fingerprint, recent, residue
from tagger.tags.boundary import boundary
from tagger.tags.containers.base import Span, size_of
from tagger.tags.containers.stream import file_size, read_at
from tagger.tags.parsed import read_by_mutagen
from tagger.tags.replace import Replacement
from tagger.tags.values import GenreSnapshot
from tagger.tags.verify import Intended, JudgedFile, first_difference, mutagen_view
from tagger.tags.writable import check_flags, check_mount, check_writable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import BinaryIO

    from tagger.core.domain import FileIdentity
    from tagger.tags.containers.base import Piece
    from tagger.tags.copying import CopyTask
    from tagger.tags.edit import Tags
    from tagger.tags.options import FieldValues, Target, WriteOptions

    BeforeCommit = Callable[[GenreEdit], None]
    Written = tuple[GenreEdit, FileIdentity]
    """An edit, and the identity of the new file."""

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


def write_genres(
    target: Target,
    genres: tuple[str, ...],
    *,
    confidence: float | None = None,
    before_commit: BeforeCommit,
    run: Run = run_here,
) -> Written | None:
    """Write genres into a file; returns the edit and the new file's identity.

    Returns None if the file contains these genres already, whatever confidence it contains. After
    any error, the file is unchanged.

    Args:
        target: the file.
        genres: the genres, in their order.
        confidence: the probability of the first genre, None for a choice of the user.
        before_commit: called once, right before the file is replaced, to journal the edit; after
            an exception of it, the file is unchanged.
        run: runs the part that parses the file, e.g. in a worker process.

    Raises:
        TagError: no container can keep these genres, or the file does not exist.
        SkippedError: see `check_writable`.
        UnsupportedContainerError: not an audio file that tagger supports.
        CorruptTagsError: the tags cannot be parsed.
        WriteFailedError: the operating system refused.
        FileChangedError: the file is not in the expected state.
        PayloadChangedError: the copy failed its verification.

    """
    edit.check_genres(genres)
    size, options = target.expected.size, target.options
    values = options.values(genres, confidence)

    def compose(task: CopyTask) -> GenreEdit | None:
        return run(size, compose_fields, task, values, options)

    return _replace(target, compose, before_commit)


def _replace(
    target: Target, compose: Callable[[CopyTask], GenreEdit | None], before_commit: BeforeCommit
) -> Written | None:
    """Replace a file by a copy; None if there is nothing to change.

    Args:
        target: The file.
        compose: Fills and verifies the copy.
        before_commit: See `write_genres`.

    """
    with Replacement(target) as transaction:
        change = compose(transaction.start_copy())
        if change is None:
            return None
        return change, transaction.commit(lambda: before_commit(change))


def compose_fields(task: CopyTask, values: FieldValues, options: WriteOptions) -> GenreEdit | None:
    """Fill a copy with the file and other values of some fields, and verify the copy.

    Args:
        task: The original and its empty copy.
        values: The fields, the one with the genres first.
        options: How files are written.

    Returns:
        The change, None if the file contains the genres already.

    Raises:
        TagError: as `write_genres` raises it.

    """
    field, genres = next(iter(values.items()))
    with task.opened() as (original_file, copy), boundary(task.path):
        known = recent.take(task.path, original_file)
        original = JudgedFile(original_file, task.path, known)
        if edit.has_values(original.container, field, genres):
            original.check_readable()
            return None
        tags = edit.retagged(original.container, values, options)
        added = frozenset(item.whole for item in edit.completion(original.container, values))
        intended = Intended(tags, tuple(values), values, added)
        new = _fill(task, original, copy, original.container.compose(tags), intended)
        before = original.values(field)
        return GenreEdit(task.path, before, genres, _snapshot(original, new, values), field)


def rehearse(target: Target, genres: tuple[str, ...]) -> None:
    """Raise the errors of a write of `genres` that need no copy, in any state of the file."""
    path, options = target.path, target.options
    edit.check_genres(genres)
    check_writable(path, root=target.root, options=options)
    with boundary(path), path.open("rb") as file:
        check_flags(file.fileno(), path)
        check_mount(file.fileno(), path, filesystems.kind(file.fileno()))
        original = JudgedFile(file, path, recent.take(path, file))
        if original.stream is None:
            raise PayloadChangedError("not written: FFmpeg cannot open the file", path)
        original.check_readable()
        tags = edit.retagged(original.container, options.values(genres), options)
        for _ in original.container.compose(tags):
            pass


def restore_genres(
    target: Target,
    snapshot: str,
    *,
    before_commit: BeforeCommit,
    run: Run = run_here,
    later: Sequence[str] = (),
) -> Written | None:
    """Restore the genre fields of a snapshot, byte by byte; returns the values of `write_genres`.

    A tag that tagger created is removed, unless another program has put a field into it.

    Args:
        target: the file; the version of ID3 in its options has no effect.
        snapshot: `GenreEdit.snapshot` of the edit that is undone.
        before_commit: as in `write_genres`.
        run: as in `write_genres`.
        later: the snapshots of the edits after it, oldest first; their further fields are restored
            as well, such as a confidence.

    Raises:
        ChangedSinceError: the snapshot was taken of another recording.
        SkippedError: see `check_writable`.
        TagError: as in `write_genres`.

    """

    def compose(task: CopyTask) -> GenreEdit | None:
        return run(target.expected.size, compose_snapshot, task, snapshot, later)

    return _replace(target, compose, before_commit)


def compose_snapshot(task: CopyTask, snapshot: str, later: Sequence[str] = ()) -> GenreEdit | None:
    """Fill a copy with the file and a snapshot's genre fields; None if no byte differs.

    Args:
        task: The original and its empty copy.
        snapshot: `GenreEdit.snapshot`.
        later: The snapshots of the edits after it, oldest first.

    Raises:
        TagError: as `restore_genres` raises it.

    """
    with task.opened() as (original_file, copy), boundary(task.path):
        before = GenreSnapshot.decoded(snapshot, task.path)
        for text in later:
            before = before.with_fields_of(GenreSnapshot.decoded(text, task.path))
        original = JudgedFile(original_file, task.path)
        if original.stream != before.sound and original.digest != before.content:
            hint = "if it was only encoded again, change its genre in a tag editor"
            raise ChangedSinceError("contains another recording now", task.path, hint)
        tags = edit.restored(original.container, before)
        if _is_composed_of(original.file, _with_residues(original, tags, before)):
            return None
        fields = tuple(before.values)
        intended = Intended(tags, fields, None, frozenset(before.added))
        # composed again: a list of pieces would hold a picture in memory during the verification
        new = _fill(task, original, copy, _with_residues(original, tags, before), intended)
        field, snapshot = before.genre_field, _snapshot(original, new, fields)
        return GenreEdit(task.path, original.values(field), before.genres, snapshot, field)


def _fill(
    task: CopyTask,
    original: JudgedFile,
    copy: BinaryIO,
    pieces: Iterable[Piece],
    intended: Intended,
) -> JudgedFile:
    """Write the copy, and verify that it has the intended fields; return the copy.

    mutagen needs four times the memory of a picture, so it reads before the copy is parsed.
    """
    form, fields = original.form, intended.fields
    known = original.parse.mutagen
    found = read_by_mutagen(original.file, form, task.path) if known is None else known
    before = mutagen_view(found, original.container, fields)
    del found
    task.fill(original.file, copy, pieces)
    after = mutagen_view(read_by_mutagen(copy, form, task.path), original.container, fields)
    new = JudgedFile(copy, task.path)
    if fault := first_difference(original, new, intended, (before, after)):
        if fingerprint.digest(original.file, original.container) != original.digest:
            hint = "check the disk, its cable and the memory of the computer"
            raise WriteFailedError("not written: two readings differ", task.path, hint)
        raise PayloadChangedError(f"not written: {fault}", task.path, "please report this file")
    return new


def _snapshot(original: JudgedFile, new: JudgedFile, fields: Iterable[str]) -> str:
    """Return fields of the original, and the bytes that undo would lose without them."""
    taken = edit.snapshot(original.container, fields, original.stream or "")
    before = replace_fields(taken, content=original.digest)
    container, restored = original.container, edit.restored(new.container, before)
    if not edit.same(restored, container.tags):
        return before.encoded()  # such as a tag in another version
    was = residue.split(container.compose(container.tags))
    back = residue.split(new.container.compose(restored))
    if was and back and was.sound.size == back.sound.size:
        composed = residue.joined(new.file, back.head)
        head = residue.difference(composed, _head(original.file, was))
        composed = residue.joined(new.file, back.tail)
        tail = residue.difference(composed, _tail(original.file, was))
        before = replace_fields(before, head=head, tail=tail)
    return before.encoded()


def _head(file: BinaryIO, parts: residue.Parts) -> bytes:
    """Return the bytes before the sound as they are in the file."""
    return read_at(file, 0, parts.sound.start)


def _tail(file: BinaryIO, parts: residue.Parts) -> bytes:
    """Return the bytes behind the sound as they are in the file."""
    start = parts.sound.start + parts.sound.size
    return read_at(file, start, file_size(file) - start)


def _with_residues(original: JudgedFile, tags: Tags, before: GenreSnapshot) -> Iterator[Piece]:
    parts = residue.split(original.container.compose(tags))
    if parts is None or not (before.head or before.tail):
        yield from original.container.compose(tags)
        return
    yield from _as_before(original, parts.head, before.head)
    yield parts.sound
    yield from _as_before(original, parts.tail, before.tail)


def _is_composed_of(file: BinaryIO, pieces: Iterable[Piece]) -> bool:
    """Return whether a file has the bytes of the pieces already."""
    at = 0
    for piece in pieces:
        size = size_of((piece,))
        if piece != (Span(at, size) if isinstance(piece, Span) else read_at(file, at, size)):
            return False
        at += size
    return at == file_size(file)


def _as_before(
    original: JudgedFile, part: list[Piece], before: residue.Residue | None
) -> Iterable[Piece]:
    """Return a part with its residue, if it has one."""
    return before.restored(residue.joined(original.file, part)) if before else part
