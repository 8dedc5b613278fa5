"""Finding the music: walking folders, ignore rules, which root a path belongs to.

`.taggerignore` files contain gitignore patterns for their own folder and the folders below it.
A walk never enters a folder through a symbolic link. A linked folder inside the library is found
at its own path. A linked folder outside must be named as a root.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from tagger.audio.formats import EXTENSIONS
from tagger.core.domain import FileIdentity
from tagger.errors import ConfigError
from tagger.library import unfinished
from tagger.tags import TEMPORARY_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

IGNORE_FILE = ".taggerignore"
IGNORED_FOLDERS = frozenset(
    ["@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "__MACOSX", "lost+found"]
)
"""Folders of servers and operating systems; dot folders are ignored as well."""
UNFINISHED = (*(ending.lower() for ending in unfinished.CONTROL), ".tmp", "~")
"""Lower-case name endings of files that another program is still writing."""


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
class Leftover:
    """A folder that holds a temporary file of a tagger that was killed."""

    folder: Path


class IgnoreRules:
    """The built-in list, the configured patterns and every `.taggerignore` on the way down."""

    def __init__(self, root: Path, patterns: Sequence[str]) -> None:
        self._root = root
        configured = GitIgnoreSpec.from_lines(patterns)
        self._above = [(root, configured)] if configured else []
        self._specs: dict[Path, list[tuple[Path, GitIgnoreSpec]]] = {}

    def ignores(self, path: Path, *, is_folder: bool) -> bool:
        """Return whether `path`, below the root, is ignored."""
        name = path.name
        if name.startswith(".") or (is_folder and name in IGNORED_FOLDERS):
            return True
        if not is_folder and name.lower().endswith(UNFINISHED):
            return True
        verdict = None
        for folder, spec in self._specs_down_to(path.parent):
            relative = path.relative_to(folder).as_posix()
            nearer = spec.check_file(f"{relative}/" if is_folder else relative).include
            verdict = verdict if nearer is None else nearer
        return bool(verdict)

    def ignores_on_the_way(self, path: Path) -> bool:
        """Return whether `path`, or any folder between the root and `path`, is ignored."""
        return self.ignores(path, is_folder=False) or any(
            self.ignores(folder, is_folder=True)
            for folder in path.parents
            if folder != self._root and folder.is_relative_to(self._root)
        )

    def _specs_down_to(self, folder: Path) -> list[tuple[Path, GitIgnoreSpec]]:
        """Return the patterns for a folder, each with the folder that it is relative to."""
        if folder not in self._specs:
            above = self._above if folder == self._root else self._specs_down_to(folder.parent)
            own = self._read(folder / IGNORE_FILE)
            self._specs[folder] = [*above, (folder, own)] if own else above
        return self._specs[folder]

    @staticmethod
    def _read(file: Path) -> GitIgnoreSpec | None:
        try:
            if file.is_file():  # a pipe of that name would be waited for
                text = file.read_text("utf-8", errors="surrogateescape")
                return GitIgnoreSpec.from_lines(_patterns(text))
        except OSError:
            pass
        return None


def _patterns(text: str) -> list[str]:
    """Return the lines that mean something: a lone `!` or the like ignores nothing."""
    return [line for line in text.splitlines() if is_pattern(line)]


def check_patterns(patterns: Iterable[str]) -> None:
    """Raise `ConfigError` for a configured pattern that git would not understand."""
    for pattern in patterns:
        if not is_pattern(pattern):
            raise ConfigError(f"library.ignore: {pattern!r} is no gitignore pattern")


def is_pattern(line: str) -> bool:
    """Return whether a line is a valid pattern of gitignore."""
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


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
    return path if path.is_dir() else path.parent


def walk(
    start: Path, root: Path, patterns: Sequence[str] = ()
) -> Iterator[Found | Passed | Leftover]:
    """Yield the music at or below `start`, folder by folder in the order of names.

    Args:
        start: A resolved path; a file is yielded whatever its name is.
        root: The resolved library root of `start`.
        patterns: `library.ignore`, relative to the root.

    """
    rules = IgnoreRules(root, patterns)
    if not start.is_dir():
        yield from _named(start, root)
        return
    pending = [start]
    while pending:
        folder = pending.pop()
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
                if not rules.ignores(path, is_folder=True):
                    below.append(path)
            elif _may_be_music(entry, path) and not rules.ignores(path, is_folder=False):
                yield from _looked_at(entry, path, root, beside)
        pending += reversed(below)


def _named(path: Path, root: Path) -> Iterator[Found | Passed]:
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            yield _found(path, root, status)
        else:
            yield Passed(path, "is not a regular file", failed=True)
    except OSError as error:
        yield Passed(path, f"cannot be read: {error.strerror}", failed=True)


def _may_be_music(entry: os.DirEntry[str], path: Path) -> bool:
    return path.suffix.lower() in EXTENSIONS or entry.is_symlink()


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
        if entry.is_symlink():
            yield from _link(path, root)
        elif entry.is_file(follow_symlinks=False):
            yield _found(path, root, entry.stat(follow_symlinks=False), beside)
    except OSError as error:
        yield Passed(path, f"cannot be read: {error.strerror}", failed=True)


def _link(path: Path, root: Path) -> Iterator[Passed]:
    """Report links that lead outside; linked files inside are found at their own paths."""
    target = Path(os.path.realpath(path))
    if target.is_relative_to(root):
        return
    if target.is_dir():
        reason = f"links to a folder outside the library: add {target} to library.roots"
        yield Passed(path, reason, failed=False)
    elif path.suffix.lower() in EXTENSIONS:
        yield Passed(path, "links to a file outside the library", failed=False)
