"""The list of known artists: lines of text, sorted by folded name, looked up by bisection. Pure.

A lookup reads some seventeen lines, so nothing has to be compiled or loaded beforehand.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tagger.core import genres
from tagger.evidence.names import fold, is_nobody

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

COLUMNS = ("name", "accept", "style", "namesakes")
SHARES = (0.65, 0.25, 0.10, 0.05)
"""How likely each accepted genre is, by order, before they are scaled to sum to 1."""
MOST_GENRES = 6
"""Genres in one line at most."""


@dataclass(frozen=True, slots=True)
class Artist:
    """One line of a list."""

    name: str
    accept: tuple[str, ...]
    """Genres that collectors accept for a typical track, the best first."""
    style: str = ""
    namesakes: bool = False
    """Whether several acts have this name, so that only the sound separates their genres."""
    own: bool = False
    """Whether the line is the user's."""

    def shares(self) -> dict[str, float]:
        """Return how likely each accepted genre is; they sum to 1."""
        ranked = SHARES[: len(self.accept)] + SHARES[-1:] * (len(self.accept) - len(SHARES))
        weights = (1.0,) * len(self.accept) if self.namesakes else ranked
        return {g: w / sum(weights) for g, w in zip(self.accept, weights, strict=True)}


class Text(Protocol):
    """The bytes of a list; a memory map is one."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes: ...
    def find(self, line_end: bytes, start: int = ..., end: int = ..., /) -> int:
        """See `bytes.find`."""
        ...

    def rfind(self, line_end: bytes, start: int = ..., end: int = ..., /) -> int:
        """See `bytes.rfind`."""
        ...


class ArtistList:
    """The list that comes with tagger, below the user's own lines."""

    def __init__(self, text: Text, own: Iterable[Artist] = ()) -> None:
        """Look up in `text`, UTF-8 lines sorted by folded name, after the lines in `own`."""
        self._text = text
        self._own: Mapping[str, Artist] = {fold(artist.name): artist for artist in own}
        self._found: dict[str, Artist | None] = {}

    def find(self, name: str) -> Artist | None:
        """Return the line of an artist."""
        key = fold(name)
        if artist := self._own.get(key):
            return artist
        if key not in self._found:
            self._found[key] = self._bisect(key)
        return self._found[key]

    def _bisect(self, key: str) -> Artist | None:
        low, high = self._text.find(b"\n") + 1, len(self._text)
        while low < high:
            start = self._text.rfind(b"\n", low - 1, (low + high) // 2) + 1
            end = self._text.find(b"\n", start)
            end = high if end < 0 else end
            fields = _fields(self._text[start:end].decode())
            here = fold(fields[0])
            if here == key:
                return _artist(fields, own=False)
            low, high = (end + 1, high) if here < key else (low, start)
        return None


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of a list that is wrong."""

    line: int
    reason: str


def parse(text: str) -> Iterator[Artist | Problem]:
    """Yield the artists of a user's list, and a problem for each line that is wrong.

    A byte outside UTF-8 is a lone surrogate in `text`.
    """
    seen: dict[str, int] = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if not line.strip() or tuple(_fields(line))[:2] == COLUMNS[:2]:
            continue
        artist = _artist(_fields(line), own=True)
        key = fold(artist.name)
        if text_fault := _text_fault(line):
            yield Problem(number, f"the line {text_fault}")
        elif reason := fault(artist):
            yield Problem(number, reason)
        elif key in seen:
            yield Problem(number, f"{artist.name} is in line {seen[key]} already")
        else:
            seen[key] = number
            yield artist


def line(artist: Artist) -> tuple[str, ...]:
    """Return the columns of an artist's line."""
    return artist.name, "|".join(artist.accept), artist.style, "yes" if artist.namesakes else ""


def fault(artist: Artist) -> str | None:
    """Return why a line would be wrong, None for a good line."""
    if not artist.name or is_nobody(artist.name):
        return "there is no artist's name"
    if text := _text_fault(artist.name):
        return f"{artist.name!r} {text}"
    if genres.is_known(artist.name):
        return f"{artist.name} is a genre: a name that is only a genre is never looked up"
    if not artist.accept:
        return f"{artist.name} has no genre"
    if len(artist.accept) > MOST_GENRES:
        return f"{artist.name} has more than {MOST_GENRES} genres"
    faults = ((genre, genres.name_fault(genre)) for genre in artist.accept)
    return next((f"the genre {genre!r} {reason}" for genre, reason in faults if reason), None)


def _text_fault(text: str) -> str | None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "is not UTF-8"
    return "has more than one line" if len(text.splitlines()) > 1 else None


def _fields(text: str) -> list[str]:
    if '"' not in text:
        return text.rstrip("\r").split(",")
    return next(csv.reader([text]), [""])


def _artist(fields: list[str], *, own: bool) -> Artist:
    name, accept, style, namesakes = (*fields, "", "", "", "")[:4]
    accepted = dict.fromkeys(genres.canonical(genre) for genre in accept.split("|"))
    accepted.pop("", None)
    return Artist(name.strip(), tuple(accepted), style.strip(), namesakes.strip() == "yes", own)
