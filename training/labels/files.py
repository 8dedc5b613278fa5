"""Files of the playlist and table sources, and the local files that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tagger.library import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def source_files(
    named: Iterable[Path], extensions: tuple[str, ...], notes: list[str], key: str
) -> Iterator[Path]:
    """Yield configured files, and the files of configured folders by name.

    `named` are the files and folders under `key` in the configuration. Of folders, only files with
    one of the `extensions` count. Missing paths are added to `notes`.
    """
    for path in named:
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.suffix.lower() in extensions)
        elif path.is_file():
            yield path
        else:
            notes.append(f"{key}: {path} does not exist")


def local_file(location: str, bases: Iterable[Path]) -> Path | None:
    """Find a file as players do: a path relative to one of the folders `bases`, or a file URL.

    `location` may have the backslashes of Windows. Returns None when no such file exists.
    """
    if location.startswith("file:"):
        location = unquote(urlsplit(location).path)
    if "/" not in location:
        location = location.replace("\\", "/")
    for base in bases if location and "\0" not in location else ():
        if not walk.is_gone(base / location):
            return (base / location).resolve()
    return None
