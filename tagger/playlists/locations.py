"""The profiles: each turns a track's path into a location that a player can open."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from tagger.config import PathMaps
from tagger.errors import PlaylistError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tagger.config import PathMap, PlaylistTarget

    Locate = Callable[[str], str]
    """Takes a track's resolved path; raises `PlaylistError` for a path that no player can open."""


def locator(target: PlaylistTarget, folder: Path) -> Locate:
    """Return the locations of a target's profile; `folder` is the folder of the target."""
    if target.profile == "absolute":
        return absolute(target.map)
    if target.profile == "uri":
        return uri(target.map)
    if target.profile == "mpd":
        return mpd(target.music_directory)
    return standard(folder)


def standard(folder: Path) -> Locate:
    """Return locations relative to the playlist's folder, for players that scan the library."""
    start = os.path.realpath(folder)

    @functools.lru_cache(maxsize=1024)  # most tracks of a list follow others of their folder
    def relative(parent: str) -> str:
        found = os.path.relpath(parent, start)
        return "" if found == os.curdir else f"{found}/"

    def locate(file: str) -> str:
        parent, _, name = file.rpartition("/")
        return relative(parent or "/") + name

    return locate


def absolute(maps: Sequence[PathMap] = ()) -> Locate:
    """Return absolute locations, translated by the path maps."""
    path_maps = PathMaps(maps)
    return lambda file: path_maps.translate(Path(file)) or file


def uri(maps: Sequence[PathMap] = ()) -> Locate:
    """Return absolute locations as URIs (RFC 3986), translated by the path maps.

    VLC (seen with 3.0.24) takes `#`, `?` and `%` in a plain path for parts of a URI.
    """
    locate = absolute(maps)

    def as_uri(file: str) -> str:
        scheme, separator, rest = locate(file).rpartition("://")
        if separator:
            start = scheme + separator
        elif rest.startswith("/"):
            start = "file://"
        else:  # a path of Windows: a server, or a drive
            start = "file:" if rest.startswith("\\\\") else "file:///"
            rest = rest.replace("\\", "/")
        return start + quote(os.fsencode(rest), safe="/:")

    return as_uri


def mpd(music_directory: Path) -> Locate:
    """Return locations relative to MPD's `music_directory`, as in its stored playlists.

    MPD (seen with 0.23.12) strips white space around each part of a path in a playlist, even in
    playlists that MPD wrote.
    """
    top = Path(os.path.realpath(music_directory))

    def locate(file: str) -> str:
        path = Path(file)
        if not path.is_relative_to(top):
            raise PlaylistError(f"outside MPD's music_directory, {top}", path)
        inside = path.relative_to(top)
        if any(part != part.strip() for part in inside.parts):
            reason = "MPD cannot open a name that begins or ends with white space from a playlist"
            raise PlaylistError(reason, path)
        return inside.as_posix()

    return locate
