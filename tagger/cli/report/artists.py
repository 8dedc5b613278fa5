"""Known artists: a line, or an object for scripts."""

from __future__ import annotations

from dataclasses import asdict

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
    found = asdict(artist or Artist(name, ()))
    return {"asked": name, **found, "name": artist and artist.name}
