"""Smart playlists: rules that players evaluate, for Navidrome (`.nsp`) and Kodi (`.xsp`). Pure.

Formats: https://www.navidrome.org/docs/usage/features/smart-playlists/ and
https://kodi.wiki/view/Smart_playlists/Music.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tagger.playlists.m3u import fold_spaces
from tagger.playlists.values import Playlist, marked

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMENT = "Kept by tagger: "
"""The start of the comment that marks a smart playlist of Navidrome as made by tagger."""
NAVIDROME_ORDER: Mapping[str, tuple[str, str]] = {
    "path": ("asc", "filepath"),
    "album": ("asc", "album"),
    "added": ("desc", "dateadded"),
    "shuffled": ("asc", "random"),
}
KODI_ORDER: Mapping[str, tuple[str, str]] = {
    "path": ("ascending", "file"),
    "album": ("ascending", "album"),
    "added": ("descending", "dateadded"),
    "shuffled": ("ascending", "random"),
}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>\n'
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot contain."""


def render_nsp(playlist: Playlist) -> bytes:
    """Return a playlist of a genre as a rule for Navidrome."""
    direction, field = NAVIDROME_ORDER[playlist.order]
    rule = {
        "name": fold_spaces(playlist.name),
        "comment": COMMENT + fold_spaces(playlist.mark),
        "any": [{"is": {"genre": text}} for text in _texts(playlist)],
        "sort": field,
        "order": direction,
    }
    return (json.dumps(rule, ensure_ascii=False, indent=2) + "\n").encode()


def render_xsp(playlist: Playlist) -> bytes:
    """Return a playlist of a genre as a rule for Kodi."""
    root = ET.Element("smartplaylist", type="songs")
    ET.SubElement(root, "name").text = _plain(playlist.name)
    ET.SubElement(root, "match").text = "all"
    rule = ET.SubElement(root, "rule", field="genre", operator="is")
    for text in _texts(playlist):
        ET.SubElement(rule, "value").text = _plain(text)
    direction, field = KODI_ORDER[playlist.order]
    ET.SubElement(root, "order", direction=direction).text = field
    ET.SubElement(root, "tagger", mark=_plain(playlist.mark))
    ET.indent(root)
    return (_DECLARATION + ET.tostring(root, encoding="unicode") + "\n").encode()


def parse_nsp(data: bytes) -> Playlist:
    """Return the name and the mark of a rule for Navidrome; no names for another text."""
    found: object = None
    with suppress(ValueError, RecursionError):
        found = json.loads(data)
    if not isinstance(found, dict):
        return Playlist("", ())
    name, comment = str(found.get("name", "")), str(found.get("comment", ""))
    mark = comment.removeprefix(COMMENT) if comment.startswith(COMMENT) else ""
    return Playlist(name, (), *marked(mark))


def parse_xsp(data: bytes) -> Playlist:
    """Return the name and the mark of a rule for Kodi; no names for another text.

    A text with a document type is not parsed: its entities can grow without limit.
    """
    try:
        if b"<!" in data.replace(b"\0", b""):  # in UTF-16 as well
            return Playlist("", ())
        root = ET.fromstring(data)  # noqa: S314 - without entities
    except (ET.ParseError, ValueError, LookupError):
        return Playlist("", ())
    own = root.find("tagger")
    mark = own.get("mark", "") if own is not None else ""
    return Playlist(root.findtext("name") or "", (), *marked(mark))


def _texts(playlist: Playlist) -> tuple[str, ...]:
    return playlist.texts or (playlist.genre,)


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("", fold_spaces(text))
