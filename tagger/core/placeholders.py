"""Words in place of a missing name, and names of compilations, in the languages of taggers."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

import tomli

_SIGNS = frozenset({"-", "--", "---", ".", "..", "...", "?", "??", "???", "_"})
"""Signs in place of an artist's name; other signs are names, such as "!!!"."""
_ADDRESS = re.compile(r"://|\bwww\.|\w\.(?:com|net|org|info|ru)\b", re.IGNORECASE)

_TRACK = re.compile(r"(?:(?:audio|cd)?track|titel|piste|pista|traccia|faixa)\d+")
"""The folded name of a track of a CD without names."""


@lru_cache(maxsize=4096)
def is_unknown_album(title: str) -> bool:
    """Check for a word such as "Unknown Album" in place of a title."""
    return _folded(title) in _table("albums")


@lru_cache(maxsize=4096)
def is_compilation(name: str) -> bool:
    """Check for an artist's name such as "Various Artists", "VA" or "Soundtrack"."""
    folded = _folded(name)
    return folded.startswith("variousartist") or folded in _table("compilations")


@lru_cache(maxsize=4096)
def is_no_artist(name: str) -> bool:
    """Check for a word or sign in place of an artist, or a compilation's name.

    They are words such as "Unknown Artist" or "-", "Track 01", and the address of a web site.
    """
    if is_compilation(name) or name.strip() in _SIGNS or _ADDRESS.search(name):
        return True
    return _folded(name) in _table("artists") or bool(_TRACK.fullmatch(_folded(name)))


def is_no_genre(name: str) -> bool:
    """Check for a word such as "Other", or the address of a web site, in place of a genre."""
    return not _folded(name) or _folded(name) in _table("genres") or bool(_ADDRESS.search(name))


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    """Reduce a name to its letters, digits and marks; Latin accents are dropped."""
    text = unicodedata.normalize("NFKD", name).casefold()
    text = "".join(c for c in text if not "\u0300" <= c <= "\u036f")
    return letters(text)


def letters(text: str) -> str:
    """Return the letters, digits and marks of a text, without all other characters."""
    return "".join(c for c in text if unicodedata.category(c)[0] in "LNM")


@cache
def _table(kind: str) -> frozenset[str]:
    text = files(__package__).joinpath("placeholders.toml").read_text("utf-8")
    return frozenset(map(_folded, tomli.loads(text)[kind]))
