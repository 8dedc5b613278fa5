"""Impossible combinations in `[playlists]`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tagger.core.domain import GENRE as FIELD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config.settings import Settings
    from tagger.config.values import Refusal

GENRE = "{genre}"


def contradictions(settings: Settings) -> Iterator[Refusal]:
    """Yield the key, the reason and the hint of each impossible combination."""
    playlists = settings.playlists
    folders: set[str] = set()
    for number, target in enumerate(playlists.all_targets):
        further = ("playlists", "targets")
        if target.profile == "mpd" and target.suffix != ".m3u":
            reason = "MPD reads stored playlists from .m3u files only"
            key = further if number else ("playlists", "extension")
            yield key, reason, 'use "auto" or "m3u"'
        if target.map and target.profile not in ("absolute", "uri"):
            reason = "path maps apply to absolute paths only"
            hint = 'set the profile to "absolute" or "uri"'
            yield further if number else ("playlists", "map"), reason, hint
        if target.is_smart and settings.tags.field != FIELD:
            reason = "a smart playlist is a rule about GENRE, and tags.field is another field"
            key = further if number else ("playlists", "extension")
            yield key, reason, 'use "auto", or remove tags.field'
        folder = os.path.realpath(target.in_library(settings.library.roots[0]))
        if folder in folders:
            yield further, f"two targets have the folder {folder}", "give each its own folder"
        folders.add(folder)
    if playlists.name.count(GENRE) != 1:
        reason = f"does not contain {GENRE} exactly once"
        yield ("playlists", "name"), reason, 'like "Genre: {genre}"'
