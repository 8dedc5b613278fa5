"""M3U text that Navidrome, Jellyfin, MPD, Kodi, Lyrion and Quod Libet read alike. Pure.

UTF-8 without a byte order mark, LF, `#EXTM3U` first, plain paths that are never percent-encoded.
A path is bytes: a name that is not UTF-8 keeps its bytes through surrogate escapes (PEP 383).
"""

from __future__ import annotations

import io
import re
from dataclasses import replace

from tagger.errors import PlaylistError
from tagger.playlists.values import Entry, Playlist, marked

MANIFEST = "#TAGGER:"
"""The start of the line that marks a playlist as made by tagger; a comment for players."""

_HEADER = "#EXTM3U"
_NAME = "#PLAYLIST:"
_INFO = re.compile(r"#EXTINF:\s*(-?\d{1,9})[^,]*,(.*)")
_CONTROLS = dict.fromkeys([*range(32), 127], " ")
_NEEDS_DOT = re.compile(r"#|\s|(?![A-Za-z]:[\\/])[A-Za-z][A-Za-z0-9+.-]*:(?!//)")
"""A relative path that a player may take for something else. It has never `//` in it, so an address
such as `smb://nas/music` stays as it is. So does a path of Windows."""


def render(playlist: Playlist) -> bytes:
    """Return a playlist as M3U; names and labels become one line each.

    Raises:
        PlaylistError: a location fails `check`.
    """
    mark = f"{MANIFEST}{fold_spaces(playlist.mark)}\n" if playlist.mark else ""
    text = io.BytesIO()  # returns its bytes without a copy
    text.write(_bytes(f"{_HEADER}\n{_NAME}{fold_spaces(playlist.name)}\n{mark}"))
    for entry in playlist.entries:
        location = entry.location
        check(location)
        seconds = -1 if entry.seconds is None else entry.seconds
        dot = "./" if _NEEDS_DOT.match(location) else ""
        text.write(_bytes(f"#EXTINF:{seconds},{fold_spaces(entry.label)}\n{dot}{location}\n"))
    return text.getvalue()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def check(location: str) -> None:
    """Check that a location fits on one line of M3U.

    Raises:
        PlaylistError: the location is empty, contains a line break or NUL, or ends in white
            space, which players cut off.
    """
    if not location or location != location.rstrip():
        reason = "a playlist cannot contain a name that ends in white space"
        raise PlaylistError(reason, hint="rename the file")
    if "\n" in location or "\r" in location or "\0" in location:
        reason = "a playlist cannot contain a name with a line break or NUL"
        raise PlaylistError(reason, hint="rename the file")


def parse(data: bytes) -> Playlist:
    """Parse M3U of any program; a byte order mark, CRLF and unknown comments are ignored."""
    head, entries = parse_head(data), []
    label, seconds = "", None
    for line in (text.removesuffix("\r") for text in _text(data).split("\n")):
        if info := _INFO.fullmatch(line):
            label, seconds = info[2], int(info[1]) if int(info[1]) >= 0 else None
        elif line and not line.startswith("#"):
            entries.append(Entry(line.removeprefix("./"), label, seconds))
            label, seconds = "", None
    return replace(head, entries=tuple(entries))


def parse_head(data: bytes) -> Playlist:
    """Return the name and the mark of M3U, without its entries."""
    text = _text(data)
    return Playlist(_last(text, _NAME), (), *marked(_last(text, MANIFEST)))


def _last(text: str, start: str) -> str:
    """Return the rest of the last line with this start, empty without such a line."""
    begin = text.rfind(f"\n{start}") + 1  # 0 where no further line has it
    if not text.startswith(start, begin):
        return ""
    end = text.find("\n", begin)
    return text[begin + len(start) : None if end < 0 else end].removesuffix("\r")


def fold_spaces(text: str) -> str:
    """Fold white space and control characters into single spaces; drop lone surrogates."""
    if text.isprintable() and "  " not in text and text == text.strip():
        return text  # as nearly all texts are
    text = text.translate(_CONTROLS).encode("utf-8", "ignore").decode()
    return " ".join(text.split())


def _text(data: bytes) -> str:
    """Return a text in UTF-8 or UTF-16, with LF or CRLF; other bytes become lone surrogates."""
    if encoding := _utf16(data):
        text = data.decode(encoding, "replace").removeprefix("\ufeff")
    else:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return text if "\n" in text else text.replace("\r", "\n")


def _utf16(data: bytes) -> str:
    """Return the encoding of a text that begins with a byte order mark or with ASCII in UTF-16."""
    if data.startswith(b"\xff\xfe") or (data[:1] not in (b"", b"\0") and data[1:2] == b"\0"):
        return "utf-16-le"
    is_big = data.startswith(b"\xfe\xff") or (data[:1] == b"\0" and data[1:2] not in (b"", b"\0"))
    return "utf-16-be" if is_big else ""
