"""The types of values in several tables of the settings."""

from __future__ import annotations

import os
import re
import stat
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct, field

from tagger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pathspec import GitIgnoreSpec

Text = Annotated[str, Meta(pattern=r"\A[^\0]*[^\s\0][^\0]*\Z")]
"""A text that is not blank, without NUL."""
Refusal = tuple[tuple[str, ...], str, str]
"""The key of an impossible value, the reason and the hint."""
MOST = 10**9
"""The largest count in the settings."""
PositiveCount = Annotated[int, Meta(ge=1, le=MOST)]


class PathMap(Struct, frozen=True, forbid_unknown_fields=True):
    """A local folder, and the path of the same folder for a player."""

    source: Path = field(name="from")
    """The local folder."""
    target: Text = field(name="to")
    """The player's path."""


_WINDOWS = re.compile(r"[A-Za-z]:($|\\)|\\\\")
"""The start of a path of Windows with backslashes: a drive or a server."""


class PathMaps:
    """Translates local paths to the paths of a player."""

    def __init__(self, maps: Sequence[PathMap]) -> None:
        folders = [(Path(os.path.realpath(m.source)), m.target.rstrip("/\\")) for m in maps]
        self._folders = sorted(folders, key=lambda pair: len(pair[0].parts), reverse=True)

    def translate(self, path: Path) -> str | None:
        """Return the player's path for a resolved path, by the longest `from` that contains it.

        Paths of Windows have backslashes. None where no `from` contains the path.
        """
        for source, target in self._folders:
            if path.is_relative_to(source):
                separator = "\\" if _WINDOWS.match(target) else "/"
                return separator.join([target, *path.relative_to(source).parts]) or "/"
        return None


def others_may_read(file: Path) -> bool:
    """Return whether users other than its owner may read a file; False for a missing file."""
    try:
        return bool(stat.S_IMODE(file.stat().st_mode) & 0o077)
    except OSError:
        return False


class Secret:
    """A password or API key, in the configuration or in its own file.

    Not a dataclass: msgspec and `repr` would show its fields.
    """

    __slots__ = ("_inline", "file")

    MASK = "********"
    LONGEST = 4096
    """Bytes that are read from a file."""

    def __init__(self, inline: str = "", file: Path | None = None) -> None:
        """`file` is the configuration that contains `inline`, else the secret's own file."""
        self._inline = inline
        self.file = file

    @property
    def exposed(self) -> bool:
        """Whether other users may read the file that contains the secret."""
        return self.file is not None and others_may_read(self.file)

    def reveal(self) -> str:
        """Return the secret; text from a file is stripped of white space.

        Raises `ConfigError` when the file cannot be read.
        """
        if self._inline or self.file is None:
            return self._inline
        try:
            with self.file.open("rb") as file:
                return file.read(self.LONGEST).decode().strip()
        except UnicodeDecodeError:
            raise ConfigError("not UTF-8", self.file, "save it as UTF-8") from None
        except OSError as error:
            hint = "name a file that the user of tagger may read"
            raise ConfigError(f"cannot be read: {error.strerror}", self.file, hint) from error

    def shown(self) -> str | dict[str, str]:
        """Return the printable form of the configuration value: a mask, or the file name."""
        if self._inline:
            return self.MASK
        return {"file": str(self.file)} if self.file else ""

    def __str__(self) -> str:
        return str(self.shown())

    __repr__ = __str__

    def __bool__(self) -> bool:
        return bool(self._inline or self.file)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return (self._inline, self.file) == (other._inline, other.file)

    def __hash__(self) -> int:
        return hash((self._inline, self.file))


def expand(text: str) -> Path:
    """Expand `~` and `$VARIABLES`; an unset variable stays in the path.

    `Path.expanduser` would raise, but "A$AP Rocky" is a valid folder name.
    """
    return Path(os.path.expanduser(os.path.expandvars(text)))  # noqa: PTH111


_CHARACTER_CLASS = re.compile(r"\[[^\]]*\[:[a-z]+:\]")
"""A class such as `[[:alpha:]]`, which Git matches and pathspec takes for single letters."""


def is_pattern(line: str) -> bool:
    """Return whether a line is a pattern of gitignore that `gitignore` supports."""
    if _CHARACTER_CLASS.search(line):
        return False
    try:
        gitignore([line])
    except (ValueError, re.error):  # re.error for a range such as [z-a]
        return False
    return True


def gitignore(lines: Iterable[str]) -> GitIgnoreSpec:
    """Return the rules of patterns of gitignore; raises ValueError or re.error."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - most configurations have no pattern

    # re warns of `[[a]`, which a later Python may read as a nested set; git has none
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        return GitIgnoreSpec.from_lines(lines)
