"""M3U text: what Navidrome, Jellyfin, MPD, Kodi, Lyrion and Quod Libet all read alike. Pure.

UTF-8 without a byte order mark, LF, `#EXTM3U` first, plain paths that are never percent-encoded.
A path is bytes: names that are not UTF-8 travel as Python's surrogate escapes and come out as
they went in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tagger.errors import PlaylistError

MANIFEST = "#TAGGER:genre="
"""Begins the line that marks a playlist as made by tagger: to players, a comment like any other."""

_HEADER = "#EXTM3U"
_NAME = "#PLAYLIST:"
_INFO = re.compile(r"#EXTINF:\s*(-?\d{1,9})[^,]*,(.*)")
_CONTROLS = dict.fromkeys([*range(32), 127], " ")
_NEEDS_DOT = re.compile(r"#|\s|[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line that is played."""

    location: str
    """A path as the player has to see it."""
    label: str = ""
    """What the player shows, as `Artist - Title`."""
    seconds: int | None = None
    """The duration, None when unknown."""


@dataclass(frozen=True, slots=True)
class Playlist:
    """A playlist's content."""

    name: str
    entries: tuple[Entry, ...]
    genre: str = ""
    """The genre that tagger made it for; empty for somebody else's playlist."""


def render(playlist: Playlist) -> bytes:
    """Write a playlist as M3U; names and labels are put on one line each.

    Raises:
        PlaylistError: a location cannot be written; `check` tells beforehand.
    """
    lines = [_HEADER, _NAME + one_line(playlist.name)]
    if playlist.genre:
        lines.append(MANIFEST + one_line(playlist.genre))
    for entry in playlist.entries:
        check(entry.location)
        seconds = -1 if entry.seconds is None else entry.seconds
        lines.append(f"#EXTINF:{seconds},{one_line(entry.label)}")
        lines.append(f"./{entry.location}" if _NEEDS_DOT.match(entry.location) else entry.location)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def check(location: str) -> None:
    """Make sure that a location survives as one line of M3U.

    Raises:
        PlaylistError: it is empty, holds a line break or NUL, or ends in white space, which
            players cut off.
    """
    if not location or location != location.rstrip():
        raise PlaylistError("a name that ends in white space cannot stand in a playlist")
    if set(location) & set("\r\n\0"):
        raise PlaylistError("a name with a line break or NUL in it cannot stand in a playlist")


def parse(data: bytes) -> Playlist:
    """Read M3U, anybody's: a byte order mark, CRLF and unknown comments are passed over."""
    name, genre, entries = "", "", []
    label, seconds = "", None
    for line in _lines(data):
        if line.startswith(_NAME):
            name = line.removeprefix(_NAME)
        elif line.startswith(MANIFEST):
            genre = line.removeprefix(MANIFEST)
        elif info := _INFO.fullmatch(line):
            label, seconds = info[2], int(info[1]) if int(info[1]) >= 0 else None
        elif line and not line.startswith("#"):
            entries.append(Entry(line.removeprefix("./"), label, seconds))
            label, seconds = "", None
    return Playlist(name, tuple(entries), genre)


def one_line(text: str) -> str:
    """Fold white space and control characters into single spaces; drop what is no text."""
    text = text.translate(_CONTROLS).encode("utf-8", "ignore").decode()
    return " ".join(text.split())


def _lines(data: bytes) -> list[str]:
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return [line.removesuffix("\r") for line in text.split("\n")]
