"""The rules of what a walk leaves out, each with its reason.

Known folders of servers and systems are left out, and so is `library.ignore`. A `.taggerignore`
file contains patterns of gitignore for its own folder and the folders below it. Names that begin
with a dot are music like others, such as the album `...And Justice for All`.
"""

from __future__ import annotations

import codecs
import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tagger.audio.formats import EXTENSIONS
from tagger.config import gitignore, is_pattern
from tagger.library import unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pathspec import GitIgnoreSpec

IGNORE_FILE: Final = ".taggerignore"
UNFINISHED: Final = (*(ending.lower() for ending in unfinished.CONTROL), ".tmp", "~")
"""Lower-case name endings of files that another program is still writing."""
MOST_FOLDERS = 1000
"""Folders whose patterns are kept in memory."""
SERVICE: Final = frozenset(
    [
        *("@eadir", "@tmp", "@appstore", "@sharebin", "__macosx", "lost+found"),
        *(".git", ".hg", ".svn", ".bzr", ".cache", ".config", ".local", ".var", ".venv", ".tmp"),
        *(".stfolder", ".sync", ".dropbox.cache", ".thumbnails", ".@__thumb", ".streams"),
        *(".appledouble", ".appledb", ".appledesktop", ".spotlight-v100", ".fseventsd"),
        *(".temporaryitems", ".documentrevisions-v100", ".mediaartlocal", ".android_secure"),
        *("system volume information", "temporary items", "network trash folder"),
        *("thevolumesettingsfolder", ".synologyworkingdirectory", ".@upload_cache"),
        *(".tmp.drivedownload", ".tmp.driveupload", ".syncarchive", "_gsdata_"),
    ]
)
"""Lower-case names of folders that servers, operating systems and programs keep for themselves."""
_TRASH: Final = re.compile(
    r"[@#$.~]recycle(\.bin|d|r)?|recycler|recycle\.bin|[.$~]trash(es|-\d+|bin)?|files_trashbin|\.debris"
)
_SNAPSHOTS: Final = re.compile(
    r"[@#.~]snapshots?|[@#]recently-snapshot|\.zfs|\.stversions|\.versions|\.btrfs|\.\$snapshot"
    r"|files_versions|@gmt-[\d.]+-[\d.]+"
)
_MUSIC: Final = "|".join(map(re.escape, sorted(EXTENSIONS)))
_PARTIAL: Final = re.compile(
    rf"\.rsync-partial|\.~tmp~|\.unwanted|_(unpack|failed)_.+|.+({_MUSIC})\.download", re.DOTALL
)
"""The name of a folder in which rsync, qBittorrent, SABnzbd or Safari keeps unfinished files."""
_FOLDERS: Final = {
    _TRASH: "a trash folder",
    _SNAPSHOTS: "a folder of snapshots",
    _PARTIAL: "a folder of unfinished files",
}
CONFLICT: Final = ".sync-conflict-"
"""Part of the name of a version that Syncthing keeps for the user to compare."""
_KEPT: Final = {
    re.compile(r"\.trashed-\d+-.*", re.DOTALL): "a file in the trash of Android",
    re.compile(rf".+{CONFLICT}\d{{8}}-\d{{6}}.*", re.DOTALL): "a conflict copy of Syncthing",
    re.compile(r"\.bak\.\d+\..+", re.DOTALL): "a backup of Unison",
}
"""The names of files that are kept beside the music, each with the reason to leave them alone."""
_PENDING: Final = re.compile(r"\.pending-\d+-.*", re.DOTALL)
"""The name of a file that a program on Android is still writing."""
_ENCODINGS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""By the mark at the beginning, which the editors of Windows write."""


class IgnoreRules:
    """The built-in list, the configured patterns and every `.taggerignore` on the way down."""

    def __init__(self, root: Path, patterns: Sequence[str]) -> None:
        """Take the root, and `library.ignore` with patterns relative to it."""
        self._root = root
        configured = _spec(patterns)
        self._above = [(root, configured)] if configured else []
        self._specs: dict[str, list[tuple[Path, GitIgnoreSpec]]] = {}
        self._faults: dict[str, str] = {}

    def fault(self, folder: str, *, has_file: bool) -> str:
        """Return why nothing in a folder may be written: an ignore file without a meaning.

        Args:
            folder: The folder.
            has_file: Whether a name in the folder may be that of an ignore file.

        """
        self._specs_down_to(folder, has_file=has_file)
        return self._faults.get(folder, "")

    def reason_below(self, folder: os.DirEntry[str], *, patterns: bool) -> str:
        """Return why a folder is ignored.

        Args:
            folder: The folder.
            patterns: The result of `have_patterns` for the folder around it.

        """
        if patterns:
            return self.reason(Path(folder), is_folder=True)
        return _known(folder.name.lower(), is_folder=True)

    def have_patterns(self, folder: str) -> bool:
        """Return whether any pattern of the user's may match a file in `folder`."""
        return bool(self._specs_down_to(folder))

    def reason(self, path: Path, *, is_folder: bool) -> str:
        """Return why `path`, below the root, is ignored; empty if it is not."""
        if known := _known(path.name.lower(), is_folder=is_folder):
            return known
        verdict = None
        parent = os.fspath(path.parent)
        for folder, spec in self._specs_down_to(parent):
            relative = path.relative_to(folder).as_posix()
            nearer = spec.check_file(f"{relative}/" if is_folder else relative).include
            verdict = verdict if nearer is None else nearer
        return "ignored by a pattern of yours" if verdict else self._faults.get(parent, "")

    def ignores(self, path: Path, *, is_folder: bool) -> bool:
        """Return whether `path`, below the root, is ignored."""
        return bool(self.reason(path, is_folder=is_folder))

    def ignores_on_the_way(self, path: Path, start: Path | None = None) -> bool:
        """Return whether `path`, or any folder between `start` and `path`, is ignored.

        Without a start, that is the root.
        """
        start = start or self._root
        return self.ignores(path, is_folder=False) or any(
            self.ignores(folder, is_folder=True)
            for folder in path.parents
            if folder != start and folder.is_relative_to(start)
        )

    def _specs_down_to(
        self, folder: str, *, has_file: bool = True
    ) -> list[tuple[Path, GitIgnoreSpec]]:
        """Return the patterns for a folder, each with the folder that it is relative to.

        A walk asks for each folder, and texts are compared faster than paths.
        """
        root, unread = os.fspath(self._root), list[str]()
        while (found := self._specs.get(folder)) is None:  # without a recursion: folders are deep
            unread.append(folder)
            if folder == root:
                found = self._above
                break
            folder = os.path.dirname(folder)  # noqa: PTH120
        for folder in reversed(unread):
            if len(self._specs) >= MOST_FOLDERS:
                self._specs.clear()
            own = self._own(folder) if has_file or folder != unread[0] else None
            found = [*found, (Path(folder), own)] if own else found
            self._specs[folder] = found
        return found

    def _own(self, folder: str) -> GitIgnoreSpec | None:
        """Return the patterns of the folder's own ignore file; a fault is noted."""
        file = os.path.join(folder, IGNORE_FILE)  # noqa: PTH118
        try:
            os.lstat(file)
            return _read(file)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self._faults[folder] = f"{file} cannot be understood: {reason}"
            return None


def _known(name: str, *, is_folder: bool) -> str:
    """Return why a lower-case name is ignored everywhere."""
    if not is_folder:
        if name.startswith("._"):
            return "a resource file of macOS"
        if name.endswith(UNFINISHED) or _PENDING.fullmatch(name):
            return "an unfinished file"
    elif name in SERVICE:
        return "a folder of a server or system"
    reasons = _FOLDERS if is_folder else _KEPT
    return next((reason for names, reason in reasons.items() if names.fullmatch(name)), "")


def _read(name: str) -> GitIgnoreSpec | None:
    """Read the patterns of an ignore file; None without a pattern.

    Raises OSError or ValueError for a file that cannot be read or understood.
    """
    file = Path(name)
    if not file.is_file():  # a pipe of that name would be waited for
        raise ValueError("it is no regular file")
    data = file.read_bytes()
    mark = next((mark for mark in _ENCODINGS if data.startswith(mark)), b"")
    errors = "strict" if len(mark) == 2 else "surrogateescape"
    text = data[len(mark) :].decode(_ENCODINGS.get(mark, "utf-8"), errors)
    if "\0" in text:
        raise ValueError("it is no text in UTF-8")
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not is_pattern(line):
            raise ValueError(f"line {number} is no supported pattern: {line!r}")
    return _spec(lines)


def _spec(lines: Iterable[str]) -> GitIgnoreSpec | None:
    """Return the patterns of lines; None without a pattern."""
    forms = [form for line in lines for form in _forms(line)]
    return gitignore(forms) or None if forms else None


def _forms(line: str) -> Iterable[str]:
    """Return the forms of a pattern: as it is, in Windows' letters, composed and decomposed."""
    if line.isascii():
        return [line]
    raw = line.encode("utf-8", "surrogateescape")
    try:
        forms = [line, raw.decode()]
    except UnicodeDecodeError:
        forms = [line, raw.decode("cp1252", "replace")]
    forms += [unicodedata.normalize(kind, form) for kind in ("NFC", "NFD") for form in forms]
    # the decomposed form of a valid range such as [é-ü] is no range
    return dict.fromkeys([line, *filter(is_pattern, forms)])
