"""Known artists: a line, or an object for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagger.evidence.artists import Artist


def artist_line(name: str, artist: Artist | None) -> str:
    """Return the entry of the lists for a name, or that no list has it."""
    if artist is None:
        return f"{name}: in no list"
    style = f" ({artist.style})" if artist.style else ""
    several = ", several artists of this name" if artist.namesakes else ""
    return f"{artist.name}: {', '.join(artist.accept)}{style}{several}"


def artist_json(name: str, artist: Artist | None) -> dict[str, object]:
    """Return the entry in the form that is documented for scripts."""
    if artist is None:
        return {
            "asked": name,
            "name": None,
            "accept": [],
            "style": "",
            "namesakes": False,
            "own": False,
        }
    return {
        "asked": name,
        "name": artist.name,
        "accept": list(artist.accept),
        "style": artist.style,
        "namesakes": artist.namesakes,
        "own": artist.own,
    }
