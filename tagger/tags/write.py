"""Writing genres: compose the new file, have it judged, commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.errors import PayloadChangedError, SkippedError
from tagger.tags import edit, fingerprint, replace
from tagger.tags.read import boundary, open_container, track_tags
from tagger.tags.replace import Replacement
from tagger.tags.values import GenreSnapshot, TagIntent, WriteOptions, Written
from tagger.tags.verify import ParsedFile, first_difference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tagger.core.domain import FileIdentity
    from tagger.tags.containers.base import Container
    from tagger.tags.edit import Tags


def write_genres(  # noqa: PLR0913 - keywords, each part of the contract
    path: Path,
    genres: tuple[str, ...],
    *,
    root: Path,
    expected: FileIdentity,
    options: WriteOptions,
    before_commit: Callable[[TagIntent], None],
) -> Written | None:
    """Write genres into a file; None if they stand there already.

    `expected` is the file's state that the decision was made on. `before_commit` is called once,
    right before the file is replaced; if it raises, the file stays as it was. A symbolic link is
    written through to its target.

    Raises TagError: genres that no container can keep, or the file is gone; SkippedError: see
    `check_writable`; UnsupportedContainerError and CorruptTagsError: as `read` does;
    WriteFailedError: the operating system refused; FileChangedError: the file is not, or no
    longer, as expected; PayloadChangedError: the copy failed its verification. Whatever is raised,
    the file is as it was.
    """
    edit.check_genres(genres)
    with Replacement(path, root=root, expected=expected, options=options) as transaction:
        with boundary(path):
            before = track_tags(transaction.original, path).genres
            if before == genres:
                return None
            _, container = open_container(transaction.original, path)
            tags = edit.retagged(container, genres, options)
        change = _Change(tags, before, genres)
        return _commit(path, transaction, container, change, before_commit)


def rehearse(path: Path, genres: tuple[str, ...], *, root: Path, options: WriteOptions) -> None:
    """Raise what `write_genres` would, as far as it can be known without making a copy."""
    edit.check_genres(genres)
    replace.check_writable(path, root=root, options=options)
    with boundary(path), path.open("rb") as file:
        judged = ParsedFile(file, path)
        if judged.opening is None:
            raise PayloadChangedError("not written: FFmpeg cannot open it", path)
        for _ in judged.container.compose(edit.retagged(judged.container, genres, options)):
            pass


def restore_genres(  # noqa: PLR0913 - as above
    path: Path,
    snapshot: GenreSnapshot,
    *,
    root: Path,
    expected: FileIdentity,
    options: WriteOptions,
    before_commit: Callable[[TagIntent], None],
) -> Written | None:
    """Put back what a file said about its genres, byte by byte; None if it says so already.

    A tag that tagger created goes, unless somebody has put something else into it. Parameters and
    errors are those of `write_genres`; `options.id3_version` has no effect. SkippedError, too, if
    the snapshot was taken of another recording.
    """
    with Replacement(path, root=root, expected=expected, options=options) as transaction:
        with boundary(path):
            before = track_tags(transaction.original, path).genres
            if fingerprint.stream_fingerprint(transaction.original) != snapshot.sound:
                raise SkippedError("another recording stands there now", path)
            _, container = open_container(transaction.original, path)
            tags = edit.restored(container, snapshot)
            if edit.same(tags, container.tags):
                return None
        change = _Change(tags, before, snapshot.genres, restores=True)
        return _commit(path, transaction, container, change, before_commit)


@dataclass(frozen=True, slots=True)
class _Change:
    """A file's tags as they shall be, and its genres before and after."""

    tags: Tags
    before: tuple[str, ...]
    after: tuple[str, ...]
    restores: bool = False


def _commit(
    path: Path,
    transaction: Replacement,
    container: Container,
    change: _Change,
    before_commit: Callable[[TagIntent], None],
) -> Written:
    with boundary(path):
        transaction.fill(container.compose(change.tags))
        asked = None if change.restores else change.after
        original, copy = ParsedFile(transaction.original, path), ParsedFile(transaction.copy, path)
        fault = first_difference(original, copy, change.tags, asked)
        snapshot = edit.snapshot(container, change.before, original.opening or "")
        after = copy.genres
    if fault:
        raise PayloadChangedError(f"not written: {fault}", path, "please report this file")
    intent = TagIntent(path, change.before, after, snapshot)
    identity = transaction.commit(lambda: before_commit(intent))
    return Written(identity, change.before, after, snapshot)
