"""From an entry of an outside list to a local file. Pure; precision before recall.

The tiers, the first that finds something decides:

1. a manual choice that was remembered;
2. the same ISRC, and the title or the duration agrees (movements share ISRCs);
3. the same normalised title, at least one common artist, durations within 3 s;
4. a similar title (0.90 and more), a common artist, durations within 5 s;
5. nothing.

Version words have to agree in every tier but the first. Several files that serve alike are told
apart by the album; where that fails the entry is ambiguous, which counts as no match: a wrong label
costs more than a missing one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from training.labels.base import Entry


class Tier(StrEnum):
    """By what an entry was matched."""

    CHOSEN = "chosen"
    ISRC = "isrc"
    EXACT = "exact"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A local file as far as matching looks at it."""

    path: Path
    title: str
    artists: tuple[str, ...]
    """As they stand in the tags, the album artist among them; taken apart here."""
    album: str = ""
    duration_s: float | None = None
    isrc: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry and its file."""

    entry: Entry
    candidate: Candidate
    tier: Tier


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """An entry that several files serve alike."""

    entry: Entry
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    """What became of the entries, each kind in the order of the list."""

    matched: tuple[Match, ...] = ()
    ambiguous: tuple[Ambiguous, ...] = ()
    missing: tuple[Entry, ...] = ()


def match(
    entries: Iterable[Entry],
    candidates: Iterable[Candidate],
    choices: Mapping[str, Path | None] | None = None,
) -> Matching:
    """Find each entry's file.

    `choices` are the user's own, by `Entry.key`; None stands for "none of my files". A choice
    whose file is no candidate any more counts as not made.
    """
    raise NotImplementedError
