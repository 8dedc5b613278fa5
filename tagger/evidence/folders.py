"""Folders above a file whose name is a genre. Pure."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.core import genres as names
from tagger.core.placeholders import is_compilation, is_no_genre, is_unknown_album
from tagger.evidence.names import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tagger.core.domain import Track

_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]")
_EDGES = re.compile(r"^[\W\d_]+|[\W_]+$|(?<=\s)\d+$")
_DISC = re.compile(r"disco[\W_]*\d{1,2}(?!\w)", re.IGNORECASE)
"""A disc of an album in Spanish, Italian and Portuguese."""
_AMBIGUOUS = frozenset({"christian", "international", "romantic"})
"""Folded genres whose name is more often a person, everything foreign, or a mood in a folder."""
_JOINERS = re.compile(r"\s*(?:[&+,/_]|\b(?:and|und|et|y|e|n)\b)\s*", re.IGNORECASE)


def above(track: Track) -> tuple[Path, ...]:
    """Return the folders of a track below the root of its library, the nearest first.

    Folders that are named for the album or an artist of the track are left out.
    """
    tags = track.tags
    nearest, _, _ = str(track.path).rpartition("/")  # a text is looked up faster than a path
    return _above(nearest, track.root, tags.album, tags.artist, tags.album_artist)


@lru_cache(maxsize=64)
def _above(folder: str, root: Path, *names_of_track: str) -> tuple[Path, ...]:
    """Return the folders from `folder` up to the root; the tracks of an album share them."""
    nearest = Path(folder)
    if not nearest.is_relative_to(root):
        return ()
    own = {fold(text) for name in names_of_track for text in (name, _bare(name))}
    between = itertools.takewhile(lambda folder: folder != root, (nearest, *nearest.parents))
    return tuple(
        folder
        for folder in between
        if fold(_bare(folder.name)) not in own and fold(folder.name) not in own
    )


def genres_of(name: str, further: Mapping[str, str]) -> tuple[str, ...]:
    """Return the genres in the name of a folder; none for any other name.

    Numbers at the edges and brackets are ignored. "Jazz & Blues" names both.

    Args:
        name: The name of the folder.
        further: The user's names of folders, folded, with their genres.

    """
    bare = _bare(name)
    for text in (name, bare):
        if found := _genre(text, further):
            return (found,)
    parts = [part for part in _JOINERS.split(bare) if part]
    found_parts = [found for part in parts if (found := _genre(part, further))]
    return tuple(dict.fromkeys(found_parts)) if len(found_parts) == len(parts) else ()


def _genre(text: str, further: Mapping[str, str]) -> str | None:
    if is_no_genre(text) or is_compilation(text) or is_unknown_album(text):
        return None
    if own := further.get(fold(text)):
        return own
    return names.canonical(text) if names.is_known(text) and fold(text) not in _AMBIGUOUS else None


@lru_cache(maxsize=4096)
def _bare(name: str) -> str:
    if _DISC.match(name):
        return name
    text = _BRACKETS.sub(" ", name)
    return _EDGES.sub("", _EDGES.sub("", text).strip()).strip()
