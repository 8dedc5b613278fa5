"""Writing genres: compose the new file, let three judges look at it, commit.

The judges: tagger's own view (every tag holds exactly the fields intended, the sound is the same
byte by byte), mutagen's (the genres are those asked for, every other field as before) and FFmpeg's
(the same streams and first packets).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tagger.errors import PayloadChangedError
from tagger.tags import changes, payload
from tagger.tags.raw.id3 import V23_SEPARATOR
from tagger.tags.reading import FIELDS, boundary, open_container, parse, texts, track_tags
from tagger.tags.safe_write import Replacement
from tagger.tags.values import GenreSnapshot, TagIntent, WriteOptions, Written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tagger.domain import FileIdentity
    from tagger.tags.changes import Tags
    from tagger.tags.raw.model import Container


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
    changes.check_genres(genres)
    with Replacement(path, root=root, expected=expected, options=options) as transaction:
        with boundary(path):
            before = track_tags(transaction.original, path).genres
            if before == genres:
                return None
            _, container = open_container(transaction.original, path)
            tags = changes.retagged(container, genres, options)
        change = _Change(tags, before, genres)
        return _commit(path, transaction, container, change, before_commit)


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
    errors are those of `write_genres`; `options.id3_version` has no effect.
    """
    with Replacement(path, root=root, expected=expected, options=options) as transaction:
        with boundary(path):
            before = track_tags(transaction.original, path).genres
            _, container = open_container(transaction.original, path)
            tags = changes.restored(container, snapshot)
            if changes.same(tags, container.tags):
                return None
        change = _Change(tags, before, snapshot.genres)
        return _commit(path, transaction, container, change, before_commit)


@dataclass(frozen=True, slots=True)
class _Change:
    """A file's tags as they shall be, and its genres before and after."""

    tags: Tags
    before: tuple[str, ...]
    after: tuple[str, ...]


def _commit(
    path: Path,
    transaction: Replacement,
    container: Container,
    change: _Change,
    before_commit: Callable[[TagIntent], None],
) -> Written:
    with boundary(path):
        snapshot = changes.snapshot(container, change.before)
        transaction.fill(container.compose(change.tags))
        fault = _fault(path, transaction, container, change)
    if fault:
        raise PayloadChangedError(f"not written: {fault}", path, "please report this file")
    intent = TagIntent(path, change.before, change.after, snapshot)
    identity = transaction.commit(lambda: before_commit(intent))
    return Written(identity, change.before, change.after, snapshot)


def _fault(path: Path, transaction: Replacement, old: Container, change: _Change) -> str | None:
    """Say what is wrong with the copy, if anything."""
    original, copy = transaction.original, transaction.copy
    form, new = open_container(copy, path)
    if not changes.same(new.tags, change.tags):
        return "the copy's tags are not those intended"
    if not _others_kept(old, new):
        return "another tag would have changed"
    if payload.digest(copy, new) != payload.digest(original, old):
        return "the sound would have changed"
    if payload.opening(copy) != payload.opening(original):
        return "FFmpeg would play it differently"
    if track_tags(copy, path).genres != change.after:
        return "the genres read back differ"
    return _second_opinion(parse(original, form), parse(copy, form), new)


def _others_kept(old: Container, new: Container) -> bool:
    """Compare the fields that are no genres, unless the tag is new or another version's."""
    return all(
        changes.by_place(tag.other_items) == changes.by_place(new.tags[kind].other_items)
        for kind, tag in old.tags.items()
        if kind in new.tags and new.tags[kind].dialect == tag.dialect
    )


def _second_opinion(old: Any, new: Any, container: Container) -> str | None:
    """Say in what mutagen disagrees with how the copy was taken apart, or with the original."""
    kind = container.primary
    if kind in container.tags:
        genres = container.tags[kind].genres()
        seen = texts(new.tags, kind, "genre")
        joined = tuple(part for text in seen for part in text.split(V23_SEPARATOR))
        if genres and genres not in (seen, joined):
            return "mutagen reads other genres"
    if _converted(old, new):
        return None
    return None if _others(old) == _others(new) else "mutagen reads another field differently"


def _converted(old: Any, new: Any) -> bool:
    version = getattr(old.tags, "version", None)
    return version is not None and version != getattr(new.tags, "version", version)


def _others(parsed: Any) -> dict[str, str]:
    """Return mutagen's view of every field but the genres."""
    names = {fields["genre"].lower() for fields in FIELDS.values()} | {"gnre", "wm/genreid"}
    tags = {} if parsed.tags is None else dict(parsed.tags)
    return {key: repr(value) for key, value in tags.items() if key.lower() not in names}
