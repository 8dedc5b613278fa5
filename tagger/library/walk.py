"""Finding the music: walking folders, and which root a path belongs to.

Nothing is left out without a word: a walk yields what it passes over, with the reason.

A walk never enters a folder through a symbolic link. A linked folder inside the library is found
at its own path. A linked folder outside must be named as a root.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tagger.audio.formats import EXTENSIONS, UNSUPPORTED
from tagger.core.domain import FileIdentity
from tagger.errors import TagError
from tagger.library import unfinished
from tagger.library.ignore import CONFLICT, IGNORE_FILE, UNFINISHED, IgnoreRules
from tagger.system.next_steps import next_step
from tagger.tags import TEMPORARY_SUFFIX, is_annexed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

NO_FOLDER = "there is no such folder"
"""The fault of a root or a start that is gone."""
MOUNT_IT = "mount its disk, or leave the folder out of the scan"
"""The next step for a folder whose disk may be away."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file with the name of music, and its state."""

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


_NAME = attrgetter("name")
Item = Found | Passed | Ignored | Leftover


def is_gone(path: Path | bytes) -> bool:
    """Return whether the path does not exist; an unreachable path may still exist."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def identity_of(path: Path) -> FileIdentity:
    """Return the identity of a file as it is now; raises TagError for a file that is gone."""
    try:
        return FileIdentity.of(path.stat())
    except OSError as error:
        hint = next_step(error, "mount its disk, or name the folder to which it moved")
        raise TagError(f"cannot be reached: {error.strerror}", path, hint) from error


def root_of(path: Path, roots: Iterable[Path]) -> Path:
    """Return the innermost root that holds `path`, or the folder itself when none does."""
    holding = [root for root in roots if path.is_relative_to(root)]
    if holding:
        return max(holding, key=lambda root: len(root.parts))
    return path if os.path.isdir(path) else path.parent  # noqa: PTH112 - raises no error


class Listing(NamedTuple):
    """What a walk found in one folder."""

    folder: str
    """A text: most folders of a scan need no path."""
    root: Path
    files: tuple[tuple[str, FileIdentity], ...] = ()
    """Name and identity of each music file, in the order of names."""
    others: tuple[Passed | Ignored | Leftover, ...] = ()

    def found(self, name: str, identity: FileIdentity) -> Found:
        """Return one of the files."""
        return Found(Path(self.folder, name), self.root, identity)

    def all_found(self) -> list[Found]:
        """Return all files."""
        return [self.found(name, identity) for name, identity in self.files]


def walk(start: Path, root: Path, patterns: Sequence[str] = ()) -> Iterator[Item]:
    """Yield the music at or below `start`, folder by folder in the order of names.

    Args:
        start: A resolved path; a file is yielded whatever its name is.
        root: The resolved library root of `start`.
        patterns: `library.ignore`, relative to the root.

    """
    for listing in folders(start, root, patterns):
        yield from listing.others
        yield from listing.all_found()


def music(start: Path, root: Path, patterns: Sequence[str] = ()) -> Iterator[Found]:
    """Yield the files of `folders` alone, without reasons for others.

    Args:
        start: The file or folder to begin with.
        root: The root of its library.
        patterns: `library.ignore`.

    """
    for listing in folders(start, root, patterns):
        yield from listing.all_found()


def folders(start: Path, root: Path, patterns: Sequence[str] = ()) -> Iterator[Listing]:
    """Yield each folder at or below `start`, without a path for each file.

    Args:
        start: A resolved path; a file is a listing of its own.
        root: The resolved library root of `start`.
        patterns: `library.ignore`, relative to the root.

    """
    try:
        status = start.stat()
    except OSError as error:
        fault = _unreadable(start, error)
        if is_gone(start):
            fault = Passed(start, f"{NO_FOLDER} ({MOUNT_IT})", failed=True)
        yield Listing(os.fspath(start.parent), root, others=(fault,))
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _below(os.fspath(start), root, IgnoreRules(root, patterns))
    else:
        yield _named(start, root, status)


def _below(start: str, root: Path, rules: IgnoreRules) -> Iterator[Listing]:
    pending = [start]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=_NAME)
        except OSError as error:
            step = next_step(error, "check its permissions and its disk")
            reason = f"cannot be entered: {error.strerror} ({step})"
            yield Listing(folder, root, others=(Passed(Path(folder), reason, failed=True),))
            continue
        names = [entry.name.lower() for entry in entries]
        if fault := rules.fault(folder, has_file=IGNORE_FILE in names):
            yield Listing(folder, root, others=(Passed(Path(folder), fault, failed=True),))
            continue
        reader = _Reader(folder, root, rules)
        yield reader.read(entries, names)
        pending += reversed(reader.below)


class _Reader:
    """Reads one folder."""

    def __init__(self, folder: str, root: Path, rules: IgnoreRules) -> None:
        self._folder = folder
        self._root = root
        self._rules = rules
        self._patterns = rules.have_patterns(folder)
        self._beside: frozenset[str] = frozenset()
        self._files: list[tuple[str, FileIdentity]] = []
        self._others: list[Passed | Ignored | Leftover] = []
        self.below: list[str] = []
        """The folders to enter."""

    def read(self, entries: Iterable[os.DirEntry[str]], names: Iterable[str]) -> Listing:
        """Read the entries, in the order of names; those without a question come last.

        Args:
            entries: The entries of the folder.
            names: Their lower-case names.

        """
        plain: list[os.DirEntry[str]] = []
        rest: list[os.DirEntry[str]] = []
        for entry, lower in zip(entries, names, strict=True):
            music = lower[lower.rfind(".") :] in EXTENSIONS
            known = lower[0] == "." or CONFLICT in lower  # by the built-in rules
            (plain if music and not known and not self._patterns else rest).append(entry)
        self._beside = unfinished.controlled(entry.name for entry in rest)
        for entry in rest:
            self._read(entry)
        for entry in plain:
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                self._read(entry)
                continue
            regular = stat.S_ISREG(status.st_mode)
            if not regular or unfinished.is_suspect(entry.name, status, self._beside):
                self._read(entry)
            else:
                self._files.append((entry.name, FileIdentity.of(status)))
        return Listing(self._folder, self._root, tuple(self._files), tuple(self._others))

    def _read(self, entry: os.DirEntry[str]) -> None:
        try:
            self._take(entry)
        except OSError as error:
            self._others.append(_unreadable(Path(entry), error))

    def _take(self, entry: os.DirEntry[str]) -> None:
        """Take an entry by its kind; raises OSError, also where names come without a kind."""
        if entry.name.endswith(TEMPORARY_SUFFIX):
            self._others.append(Leftover(Path(self._folder)))
        elif entry.is_dir(follow_symlinks=False):
            self._enter(entry)
        elif _may_be_music(entry):
            self._check(entry)

    def _enter(self, entry: os.DirEntry[str]) -> None:
        if reason := self._rules.reason_below(entry, patterns=self._patterns):
            self._others.append(Ignored(Path(entry), reason))
        else:
            self.below.append(entry.path)

    def _check(self, entry: os.DirEntry[str]) -> None:
        """Take a file that is music by its name, or the reason to pass it over."""
        path = Path(entry)
        if reason := self._rules.reason(path, is_folder=False):
            self._others.append(Ignored(path, reason))
        elif entry.is_symlink():
            self._others += _link(path, self._root, self._rules)
        elif other := UNSUPPORTED.get(path.suffix.lower()):
            self._others.append(Ignored(path, f"{other} is not supported"))
        else:
            self._look_at(entry)

    def _look_at(self, entry: os.DirEntry[str]) -> None:
        if not entry.is_file(follow_symlinks=False):
            return
        name, sign = entry.name, None
        status = entry.stat(follow_symlinks=False)
        if unfinished.is_suspect(name, status, self._beside):
            sign = unfinished.sign(Path(entry), status, self._beside)
        if sign:
            self._others.append(_unfinished(Path(entry), sign))
        else:
            self._files.append((name, FileIdentity.of(status)))


def _named(path: Path, root: Path, status: os.stat_result) -> Listing:
    try:
        if not stat.S_ISREG(status.st_mode):
            fault: Passed = Passed(path, "is not a regular file", failed=True)
        elif sign := unfinished.sign(path, status):
            fault = _unfinished(path, sign)
        else:
            file = path.name, FileIdentity.of(status)
            return Listing(os.fspath(path.parent), root, (file,))
    except OSError as error:
        fault = _unreadable(path, error)
    return Listing(os.fspath(path.parent), root, others=(fault,))


def _unreadable(path: Path, error: OSError) -> Passed:
    return Passed(path, f"cannot be read: {error.strerror} ({next_step(error)})", failed=True)


def _unfinished(path: Path, sign: str) -> Unfinished:
    return Unfinished(path, f"is still being written: {sign}", failed=False)


def _may_be_music(entry: os.DirEntry[str]) -> bool:
    """Return whether a name is that of music, a link, or an unfinished file."""
    path = Path(entry.name)
    suffix = path.suffix.lower()
    known = suffix in EXTENSIONS or suffix in UNSUPPORTED or entry.is_symlink()
    if not known and entry.name.lower().endswith(UNFINISHED):
        return Path(path.stem).suffix.lower() in EXTENSIONS or path.suffix[:-1] in EXTENSIONS
    return known


def _link(path: Path, root: Path, rules: IgnoreRules) -> Iterator[Passed | Ignored]:
    """Report links; only linked files inside that are found at their own paths need no word."""
    target, reason = Path(os.path.realpath(path)), ""
    try:
        is_folder = stat.S_ISDIR(target.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        is_folder = False
    except OSError as error:
        reason = f"links to a place that cannot be read: {error.strerror} ({next_step(error)})"
        yield Passed(path, reason, failed=False)
        return
    if is_folder:
        if not target.is_relative_to(root):
            reason = f"links to a folder outside the library: add {target} to library.roots"
    elif path.suffix.lower() in EXTENSIONS:
        reason = _fault_of(target, root)
        if not reason and rules.ignores_on_the_way(target):
            yield Ignored(path, "a link to an ignored file")
        elif not reason and target.suffix.lower() not in EXTENSIONS | UNSUPPORTED.keys():
            reason = "links to a file without the ending of music: replace the link by a copy"
    if reason:
        yield Passed(path, reason, failed=False)


def _fault_of(target: Path, root: Path) -> str:
    """Return why a linked file is never found at its own path; empty without a reason."""
    if is_annexed(target):
        return "is a link of git-annex: `git annex unlock` makes it a file"
    if is_gone(target):
        return "links to a file that does not exist: mount its disk, or delete the link"
    if not target.is_relative_to(root):
        return f"links to a file outside the library: add {target.parent} to library.roots"
    return ""
