"""Finding the music: walking folders, and which root a path belongs to.

Nothing is left out without a word: a walk yields what it passes over, with the reason.

A walk never enters a folder through a symbolic link. A linked folder inside the library is found
at its own path. A linked folder outside must be named as a root.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.audio.formats import EXTENSIONS, UNSUPPORTED
from tagger.core.domain import FileIdentity
from tagger.library import unfinished
from tagger.library.ignore import UNFINISHED, IgnoreRules
from tagger.tags import TEMPORARY_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Found:
    """A music file, by its name's word."""

    path: Path
    root: Path
    identity: FileIdentity


@dataclass(frozen=True, slots=True)
class Passed:
    """Something on the way that will not be touched, and why."""

    path: Path
    reason: str
    failed: bool
    """Whether the cause is a failure rather than a rule."""


@dataclass(frozen=True, slots=True)
class Unfinished(Passed):
    """A file that another program is still writing."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file or folder that a rule leaves out, or a file of an unsupported format."""

    path: Path
    reason: str
    """The same words for all files of a kind, so that they can be counted."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A folder that holds a temporary file of a tagger that was killed."""

    folder: Path


def short_reason(item: Passed | Ignored) -> str:
    """Return the reason without the path and the next step, so that files can be counted by it."""
    return item.reason.partition(":")[0]


Item = Found | Passed | Ignored | Leftover


def is_gone(path: Path) -> bool:
    """Return whether the path does not exist; an unreachable path may still exist."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def root_of(path: Path, roots: Iterable[Path]) -> Path:
    """Return the innermost root that holds `path`, or the folder itself when none does."""
    holding = [root for root in roots if path.is_relative_to(root)]
    if holding:
        return max(holding, key=lambda root: len(root.parts))
    return path if os.path.isdir(path) else path.parent  # noqa: PTH112 - raises no error


def walk(start: Path, root: Path, patterns: Sequence[str] = ()) -> Iterator[Item]:
    """Yield the music at or below `start`, folder by folder in the order of names.

    Args:
        start: A resolved path; a file is yielded whatever its name is.
        root: The resolved library root of `start`.
        patterns: `library.ignore`, relative to the root.

    """
    try:
        status = start.stat()
    except OSError as error:
        yield Passed(start, f"cannot be read: {error.strerror}", failed=True)
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _below(start, root, IgnoreRules(root, patterns))
    else:
        yield _named(start, root, status)


def _below(start: Path, root: Path, rules: IgnoreRules) -> Iterator[Item]:
    pending = [start]
    while pending:
        folder = pending.pop()
        if fault := rules.fault(folder):
            yield Passed(folder, fault, failed=True)
            continue
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield Passed(folder, f"cannot be entered: {error.strerror}", failed=True)
            continue
        below = []
        beside = unfinished.controlled(entry.name for entry in entries)
        for entry in entries:
            path = folder / entry.name
            if entry.name.endswith(TEMPORARY_SUFFIX):
                yield Leftover(folder)
            elif entry.is_dir(follow_symlinks=False):
                if reason := rules.reason(path, is_folder=True):
                    yield Ignored(path, reason)
                else:
                    below.append(path)
            elif _may_be_music(entry, path):
                yield from _checked(entry, path, root, rules, beside)
        pending += reversed(below)


def _checked(
    entry: os.DirEntry[str], path: Path, root: Path, rules: IgnoreRules, beside: frozenset[str]
) -> Iterator[Found | Passed | Ignored]:
    """Yield a file that is music by its name, or the reason to pass it over."""
    if reason := rules.reason(path, is_folder=False):
        yield Ignored(path, reason)
    elif entry.is_symlink():
        yield from _link(path, root, rules)
    elif other := UNSUPPORTED.get(path.suffix.lower()):
        yield Ignored(path, f"{other} is not supported")
    else:
        yield from _looked_at(entry, path, root, beside)


def _named(path: Path, root: Path, status: os.stat_result) -> Found | Passed:
    if stat.S_ISREG(status.st_mode):
        return _found(path, root, status)
    return Passed(path, "is not a regular file", failed=True)


def _may_be_music(entry: os.DirEntry[str], path: Path) -> bool:
    """Return whether a name is that of music, a link, or an unfinished file."""
    suffix = path.suffix.lower()
    known = suffix in EXTENSIONS or suffix in UNSUPPORTED or entry.is_symlink()
    if not known and entry.name.lower().endswith(UNFINISHED):
        return Path(path.stem).suffix.lower() in EXTENSIONS or path.suffix[:-1] in EXTENSIONS
    return known


def _found(
    path: Path, root: Path, status: os.stat_result, beside: frozenset[str] | None = None
) -> Found | Unfinished:
    if sign := unfinished.sign(path, status, beside):
        return Unfinished(path, f"is still being written: {sign}", failed=False)
    return Found(path, root, FileIdentity.of(status))


def _looked_at(
    entry: os.DirEntry[str], path: Path, root: Path, beside: frozenset[str]
) -> Iterator[Found | Passed]:
    try:
        if entry.is_file(follow_symlinks=False):
            yield _found(path, root, entry.stat(follow_symlinks=False), beside)
    except OSError as error:
        yield Passed(path, f"cannot be read: {error.strerror}", failed=True)


def _link(path: Path, root: Path, rules: IgnoreRules) -> Iterator[Passed | Ignored]:
    """Report links; only linked files inside that are found at their own paths need no word."""
    target = Path(os.path.realpath(path))
    is_music = path.suffix.lower() in EXTENSIONS
    if target.is_dir():
        if not target.is_relative_to(root):
            reason = f"links to a folder outside the library: add {target} to library.roots"
            yield Passed(path, reason, failed=False)
    elif not is_music:
        return
    elif ".git" in target.parts and "annex" in target.parts:
        yield Passed(
            path, "is a link of git-annex: `git annex unlock` makes it a file", failed=False
        )
    elif is_gone(target):
        yield Passed(path, "links to a file that does not exist", failed=False)
    elif not target.is_relative_to(root):
        yield Passed(path, "links to a file outside the library", failed=False)
    elif rules.ignores_on_the_way(target):
        yield Ignored(path, "a link to an ignored file")
