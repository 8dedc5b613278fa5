"""The files of known artists: the list that comes with tagger, and the user's own."""

from __future__ import annotations

import csv
import io
import mmap
import shlex
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from tagger.errors import ConfigError
from tagger.evidence import artists
from tagger.evidence.artists import Artist, ArtistList, Problem
from tagger.evidence.names import fold
from tagger.system.atomic import replace_file
from tagger.system.next_steps import next_step

if TYPE_CHECKING:
    from pathlib import Path

OWN_FILE = "artists.csv"
"""The name of the user's list, in the folder of the configuration."""
_ANOTHER = "set evidence.artists to another file"
LARGEST = 16 << 20
"""Bytes of a user's list."""


def open_list(own: Path | None) -> ArtistList:
    """Open the list of known artists; wrong lines of the user's list are left out.

    Raises ConfigError when the user's list cannot be read.
    """
    shipped = files("tagger.evidence").joinpath(OWN_FILE)
    with as_file(shipped) as path, path.open("rb") as file:
        text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return ArtistList(text, read_own(own)[0] if own else ())


def read_own(path: Path) -> tuple[list[Artist], list[Problem]]:
    """Return the artists of a user's list, and its wrong lines; nothing for a missing file.

    Raises ConfigError when the file cannot be read.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe of that name would be waited for
            raise ConfigError("is no file", path, "name a text file")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    except OSError as error:
        hint = next_step(error, _ANOTHER)
        raise ConfigError(f"cannot be read: {error.strerror}", path, hint) from error
    if len(raw) > LARGEST:
        raise ConfigError(f"is larger than {LARGEST >> 20} MiB", path, "shorten the list")
    found = list(artists.parse(raw.decode("utf-8", "surrogateescape")))
    wrong = [item for item in found if isinstance(item, Problem)]
    return [item for item in found if isinstance(item, Artist)], wrong


def add_own(path: Path, artist: Artist) -> None:
    """Write an artist into the user's list, in place of an earlier line.

    Raises ConfigError when the file cannot be written or has wrong lines, which would be lost.
    """
    known, wrong = read_own(path)
    if wrong:
        reason = f"line {wrong[0].line}: {wrong[0].reason}"
        shown = f"`tagger artists check {shlex.quote(str(path))}` shows all"
        raise ConfigError(reason, path, f"correct the line; {shown}")
    kept = [other for other in known if fold(other.name) != fold(artist.name)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(artists.COLUMNS)
    writer.writerows(map(artists.line, sorted([*kept, artist], key=lambda one: fold(one.name))))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text.getvalue().encode())
    except OSError as error:
        hint = next_step(error, _ANOTHER)
        raise ConfigError(f"cannot be written: {error.strerror}", path, hint) from error
