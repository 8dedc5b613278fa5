"""One prior from several sources, each a level above the one before it. Pure.

The prior is interpolated (Jelinek and Mercer 1980). Each level has the last word with its own
weight, and leaves the rest to the level below. The lowest level is even over the genres of the
model. The files that the owner has tagged so far are no sample of the others.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tagger.core import genres as names
from tagger.core.evidence import Evidence, family

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ORDER = ("title", "list", "own list", "folder", "folder name", "artist", "album")
"""The sources, from the lowest level to the highest."""
LISTS = ("list", "own list")
"""The sources that are lists of artists; the owner's genres are above them."""
DEFAULT_TRUST: Mapping[str, float] = {
    "title": 0.90,
    "list": 0.85,
    "own list": 0.97,
    "folder": 0.85,
    "folder name": 0.85,
    "artist": 0.95,
    "album": 0.90,
}
"""The weight of each source before the library has shown another one."""
NAMES = {"folder name": "folder", "own list": "list"}
"""Names of sources for the user, where they differ."""
SPEAKS = 0.3
"""A source with less than this share for the likeliest genre does not have the last word."""
FEW = 40.0
"""The number of the library's tracks that count as much as the default."""
HALF = 0.15
"""The number of tracks whose weight is half of the source's trust."""
SMOOTHING = 20.0
"""The number of tracks that count as much as the even distribution over the model's genres."""
_ENOUGH = 10
"""A genre of fewer listed artists is doubted as if it had so many."""
_STEPS = tuple(step / 50 for step in range(50))


@dataclass(frozen=True, slots=True)
class Level:
    """One source with its genres."""

    source: str
    """One of `ORDER`."""
    shares: Mapping[str, float]
    """The share of each genre; they sum to 1."""
    strength: float
    """How much the source has to go on, 0 to 1."""
    text: str
    """A clause for the reason."""
    counts: Mapping[str, float] = field(default_factory=dict)
    """See `Evidence.counts`."""
    is_of_all: bool = False
    """See `Evidence.is_of_all`."""


@dataclass(frozen=True, slots=True)
class Example:
    """A track with the owner's genres, and the levels without it."""

    genres: tuple[str, ...]
    levels: tuple[Level, ...]
    """Without the track itself."""


def strength(tracks: int) -> float:
    """Return how much a number of tracks goes for; the share of right genres hardly grows."""
    return tracks / (tracks + HALF)


def base(library: Mapping[str, float], model: Sequence[str]) -> dict[str, float]:
    """Return a lowest level: the genres of a library, smoothed towards the genres of the model.

    Args:
        library: Tracks by genre; without any, the level is even.
        model: The genres of the model.

    """
    total = sum(library.values()) + SMOOTHING
    even = SMOOTHING / len(model)
    found = dict.fromkeys(model, even / total)
    for genre, tracks in library.items():
        found[genre] = found.get(genre, 0.0) + tracks / total
    return found


def weigh(
    levels: Sequence[Level], lowest: Mapping[str, float], trust: Mapping[str, float]
) -> Evidence | None:
    """Return the evidence of the levels together, None without any.

    Args:
        levels: From the lowest to the highest.
        lowest: The lowest level, see `base`.
        trust: The weight of each source, 0 to 1.

    """
    if not levels:
        return None
    prior = dict(lowest)
    for level in levels:
        weight = trust[level.source] * level.strength
        prior = {genre: (1 - weight) * p for genre, p in prior.items()}
        for genre, share in level.shares.items():
            prior[genre] = prior.get(genre, 0.0) + weight * share
    on = {genre: level for level in levels for genre, p in level.shares.items() if p >= SPEAKS}
    last = on.get(max(prior, key=lambda genre: prior[genre]), levels[-1])
    listed = next((_as_evidence(level, prior) for level in levels if level.source in LISTS), None)
    others = {g: _as_evidence(level, prior, listed) for g, level in on.items() if level is not last}
    return replace(_as_evidence(last, prior, listed), others=others)


def _as_evidence(
    level: Level, prior: Mapping[str, float], listed: Evidence | None = None
) -> Evidence:
    """Return the evidence with a level as the last word.

    Args:
        level: The level.
        prior: The prior of all levels.
        listed: The evidence of a list; it counts against a level of the owner's genres.

    """
    by_owner = ORDER.index(level.source) > max(map(ORDER.index, LISTS))
    source = NAMES.get(level.source, level.source)
    known = listed if by_owner else None
    return Evidence(source, level.text, prior, level.counts, {}, level.is_of_all, known)


def fit(examples: Sequence[Example], lowest: Mapping[str, float]) -> dict[str, float]:
    """Find the trust in each source under which the owner's genres are the most likely.

    Each level is fitted above the levels below it, so that sources which agree are not
    counted twice. All are above the genres of the library, so one common genre shows no trust. The
    defaults count as `FEW` tracks.

    Args:
        examples: Tracks of the library, each left out of its own levels.
        lowest: The genres of the whole library, see `base`.

    """
    trust = dict(DEFAULT_TRUST)
    least = min(lowest.values(), default=1e-6)
    below = [[lowest.get(genre, least) for genre in example.genres] for example in examples]
    for source in ORDER:
        found: list[tuple[float, float, float]] = []
        for example, under in zip(examples, below, strict=True):
            for level in (level for level in example.levels if level.source == source):
                for genre, p in zip(example.genres, under, strict=True):
                    found.append((level.strength, p, agreement(level, genre)))
        trust[source] = max(_STEPS, key=lambda t: _likelihood(found, t, DEFAULT_TRUST[source]))
        for example, under in zip(examples, below, strict=True):
            for level in (level for level in example.levels if level.source == source):
                weight = trust[source] * level.strength
                under[:] = [
                    (1 - weight) * p + weight * agreement(level, genre)
                    for genre, p in zip(example.genres, under, strict=True)
                ]
    return trust


def doubted(artists: Iterable[tuple[str, Level]]) -> tuple[str, ...]:
    """Return the keys of genres that the owner gave to artists of all kinds.

    Ripping programs write one genre, such as Blues, into each file. The list has another family
    then for most of the artists. A word without subgenres is the owner's.

    Args:
        artists: A genre of the owner's and the level of the list, for each artist.

    """
    having: Counter[str] = Counter()
    against: Counter[str] = Counter()
    for genre, level in artists:
        key = names.key(genre)
        having[key] += 1
        against[key] += names.is_parent(genre) and family(genre) not in map(family, level.shares)
    return tuple(key for key in having if max(_ENOUGH, having[key]) < 2 * against[key])


def agreement(level: Level, genre: str) -> float:
    """Return the share of a genre in a level; for a list, a subgenre has its parent's share."""
    if genre in level.shares or level.source in ("artist", "album", "folder"):
        return level.shares.get(genre, 0.0)
    return max((level.shares.get(parent, 0.0) for parent in names.parents(genre)), default=0.0)


def _likelihood(found: Iterable[tuple[float, float, float]], trust: float, default: float) -> float:
    prior = FEW * (default * math.log(trust + 1e-9) + (1 - default) * math.log(1 - trust + 1e-9))
    return prior + sum(math.log((1 - trust * s) * p + trust * s * q + 1e-12) for s, p, q in found)
