"""How a player has to be told where a track is: each profile turns a path into a location."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.config import PathMaps
from tagger.errors import PlaylistError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tagger.config import PathMap, Settings

    Locate = Callable[[Path], str]
    """Takes a track's resolved path; raises `PlaylistError` where the player cannot reach it."""


def locator(settings: Settings) -> Locate:
    """Choose the profile that the settings ask for."""
    playlists = settings.playlists
    if playlists.profile == "absolute":
        return absolute(playlists.map)
    if playlists.profile == "mpd":
        return mpd(playlists.music_directory)
    return standard(settings.playlist_folder)


def standard(folder: Path) -> Locate:
    """Locate relative to the playlist's own folder, as players do that find it in a library."""
    start = os.path.realpath(folder)
    return lambda path: os.path.relpath(path, start)


def absolute(maps: Sequence[PathMap] = ()) -> Locate:
    """Locate by the whole path, with folders exchanged for those that the player sees."""
    path_maps = PathMaps(maps)
    return lambda path: path_maps.translate(path) or path.as_posix()


def mpd(music_directory: Path) -> Locate:
    """Locate relative to MPD's `music_directory`, as its stored playlists do.

    MPD (seen with 0.23.12) strips white space around every part of a path that it reads from a
    playlist, even from those that it wrote itself.
    """
    top = Path(os.path.realpath(music_directory))

    def locate(path: Path) -> str:
        if not path.is_relative_to(top):
            raise PlaylistError(f"outside MPD's music_directory, {top}", path)
        inside = path.relative_to(top)
        if any(part != part.strip() for part in inside.parts):
            reason = "MPD opens no name that begins or ends with white space from a playlist"
            raise PlaylistError(reason, path)
        return inside.as_posix()

    return locate
