"""Files of the playlist and table sources, and the local files that they name."""

from __future__ import annotations

import codecs
import os
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tagger.library import walk
from training.labels.base import Gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


LARGEST = 64 << 20
"""Bytes of a playlist or a table."""


def gather_files(
    named: Iterable[Path],
    extensions: tuple[str, ...],
    key: str,
    read: Callable[[Path], Gathered],
) -> Gathered:
    """Read configured files, and the files of configured folders by name.

    `named` are the files and folders under `key` in the configuration. Of folders, only files with
    one of the `extensions` count. Paths that are missing, unreadable, too large or no files, such
    as pipes, are notes, and so are folders without such files. `read` gets every other file.
    """
    parts: list[Gathered] = []
    for path in named:
        try:
            inside = _listed(path, extensions) if path.is_dir() else [path]
        except OSError as error:
            parts.append(Gathered(notes=(f"{key}: {path} cannot be read: {error.strerror}",)))
            continue
        if not inside:
            parts.append(Gathered(notes=(f"{key}: no {' or '.join(extensions)} in {path}",)))
        for file in inside:
            fault = _fault(file)
            parts.append(Gathered(notes=(f"{key}: {file} {fault}",)) if fault else read(file))
    return Gathered.joined(parts)


def _fault(file: Path) -> str:
    """Return why a file is not read; empty for a file of usual size."""
    try:
        if not file.is_file():
            return "is no file" if file.exists() else "does not exist"
        return "is too large" if file.stat().st_size > LARGEST else ""
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _listed(folder: Path, extensions: tuple[str, ...]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in extensions)


def local_file(location: str, bases: Iterable[Path]) -> Path | None:
    """Find a file as players do: a path relative to one of the folders `bases`, or a file URL.

    `location` may have the backslashes of Windows, percent signs, the letters of another encoding
    or decomposed letters. Returns None when no such file exists.
    """
    spellings = _spellings(location) if location else []
    for base in bases:
        for spelling in spellings:
            path = base / spelling
            if not (walk.is_gone(path) or os.path.isdir(path)):  # noqa: PTH112 - without errors
                return path.resolve()
    return None


def decoded_path(location: str) -> str:
    """Return the path of a location without percent signs, and without the start of a file URL.

    Many programs write `#` and `?` in a URL as they are, so neither ends the path.
    """
    if location[:5].casefold() == "file:":
        location = location[5:]
        if location.startswith("//"):  # a host, mostly an empty one
            location = "/" + location[2:].partition("/")[2]
    return unquote(location, errors="surrogateescape")


def _spellings(location: str) -> Iterable[str]:
    """Return the paths that a line may mean, the literal path first."""
    found = [location, decoded_path(location)]
    found += [readable(text) for text in found]
    found += [text.replace("\\", "/") for text in found if "\\" in text]
    found += [unicodedata.normalize(form, text) for form in ("NFC", "NFD") for text in found]
    return dict.fromkeys(text for text in found if "\0" not in text)


def readable(text: str) -> str:
    """Return a text whose lone surrogates are bytes of Windows' Latin alphabet."""
    try:
        return text.encode("utf-8", "surrogateescape").decode()
    except UnicodeDecodeError as error:
        return error.object.decode("cp1252", "replace")
    except UnicodeEncodeError:
        return text


def decoded(data: bytes) -> str:
    """Decode the text of a table: UTF-8, UTF-16 with a byte order mark, or Windows' letters."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
