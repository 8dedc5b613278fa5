"""Matching of list entries with local files. Pure; precision before recall.

The first of these tiers with a result decides:

1. a choice of the user;
2. the same ISRC, and the title or the duration agrees (movements share ISRCs);
3. the same normalised title, at least one common artist, durations within 3 s;
4. a similar title (0.90 and more), a common artist, durations within 5 s.

Version words have to agree in every tier but the first. Among several files the album decides.
Without a decision the entry is ambiguous, and counts as no match: a wrong label costs more than a
missing label.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from training.matching.normalize import Name, album_name, track_name
from training.matching.vocabulary import FILLERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from training.labels.base import ListedTrack


EXACT_S = 3.0
"""Seconds between durations where the titles are the same."""
SIMILAR_S = 5.0
SIMILAR = 0.90
SAME_WORD = 0.70
"""Least similarity of two words that may be spellings of one."""


class Tier(StrEnum):
    """The tier that matched an entry."""

    CHOSEN = "chosen"
    ISRC = "isrc"
    EXACT = "exact"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class LocalTrack:
    """A local file as far as matching looks at it."""

    path: Path
    title: str
    artists: tuple[str, ...]
    """As in the tags; not split."""
    album: str = ""
    duration_s: float | None = None
    isrc: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry and its file."""

    entry: ListedTrack
    candidate: LocalTrack
    tier: Tier


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """An entry with several equal files."""

    entry: ListedTrack
    candidates: tuple[LocalTrack, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    """The outcome of the entries, each kind in the order of the list."""

    matched: tuple[Match, ...] = ()
    ambiguous: tuple[Ambiguous, ...] = ()
    missing: tuple[ListedTrack, ...] = ()


def match(
    entries: Iterable[ListedTrack],
    candidates: Iterable[LocalTrack],
    choices: Mapping[str, Path | None] | None = None,
) -> Matching:
    """Find the file of each entry.

    `entries` are those of the lists, `candidates` the local files. `choices` are the user's by
    `ListedTrack.key`, None for no file. A chosen file may be no candidate.
    """
    index = _Index(candidates)
    matched: list[Match] = []
    ambiguous: list[Ambiguous] = []
    missing: list[ListedTrack] = []
    for entry in entries:
        found, tier = _search(entry, index, choices or {})
        if len(found) > 1:
            ambiguous.append(Ambiguous(entry, found))
        elif found:
            matched.append(Match(entry, found[0], tier))
        else:
            missing.append(entry)
    return Matching(tuple(matched), tuple(ambiguous), tuple(missing))


class _Index:
    """Candidates by the keys of the tiers."""

    def __init__(self, candidates: Iterable[LocalTrack]) -> None:
        self.by_path: dict[Path, LocalTrack] = {}
        self.by_isrc: dict[str, list[_Known]] = defaultdict(list)
        self.by_length: dict[tuple[str, float], list[_Known]] = defaultdict(list)
        """By artist and duration, in steps of SIMILAR_S: some artists have thousands of tracks."""
        self.by_title: dict[tuple[str, str], list[_Known]] = defaultdict(list)
        for candidate in sorted(candidates, key=lambda c: c.path):
            known = _Known(candidate)
            self.by_path[candidate.path] = candidate
            if candidate.isrc:
                self.by_isrc[_isrc(candidate.isrc)].append(known)
            for artist in known.name.artists:
                if candidate.duration_s is not None:
                    self.by_length[artist, candidate.duration_s // SIMILAR_S].append(known)
                self.by_title[artist, known.name.title].append(known)


class _Known:
    """A candidate with its normalised names."""

    __slots__ = ("album", "candidate", "name")

    def __init__(self, candidate: LocalTrack) -> None:
        self.candidate = candidate
        self.name = track_name(candidate.title, candidate.artists, candidate.album)
        self.album = album_name(candidate.album)

    def apart(self, entry: ListedTrack) -> float | None:
        """Return the difference of the durations in seconds, None where a duration is missing."""
        if self.candidate.duration_s is None or entry.duration_s is None:
            return None
        return abs(self.candidate.duration_s - entry.duration_s)


def _search(
    entry: ListedTrack, index: _Index, choices: Mapping[str, Path | None]
) -> tuple[tuple[LocalTrack, ...], Tier]:
    if entry.key in choices:
        chosen = choices[entry.key]
        if chosen is None:
            return (), Tier.CHOSEN
        file = index.by_path.get(chosen) or LocalTrack(chosen, chosen.stem, ())
        return (file,), Tier.CHOSEN
    name = track_name(entry.title, entry.artists, entry.album)
    for tier, found in _TIERS.items():
        if known := found(entry, name, index):
            return _disambiguate(known, entry), tier
    return (), Tier.SIMILAR


def _same_isrc(entry: ListedTrack, name: Name, index: _Index) -> list[_Known]:
    sharing = index.by_isrc[_isrc(entry.isrc)] if entry.isrc else []
    checks = [(known, *_isrc_checks(known, entry, name)) for known in sharing]
    both = [known for known, title, duration in checks if title and duration]
    return both or [known for known, title, duration in checks if title or duration]


def _isrc_checks(known: _Known, entry: ListedTrack, name: Name) -> tuple[bool, bool]:
    if not known.name.version.agrees(name.version) or known.name.markers != name.markers:
        return False, False
    apart = known.apart(entry)
    return _similar(known.name.title, name.title), apart is not None and apart <= EXACT_S


def _same_title(entry: ListedTrack, name: Name, index: _Index) -> list[_Known]:
    found = _unique(index.by_title.get((artist, name.title), []) for artist in name.artists)
    near = [k for k in found if (apart := k.apart(entry)) is None or apart <= EXACT_S]
    return [known for known in near if known.name.version.agrees(name.version)]


def _similar_title(entry: ListedTrack, name: Name, index: _Index) -> list[_Known]:
    if entry.duration_s is None:
        return []
    step = entry.duration_s // SIMILAR_S
    found = _unique(
        index.by_length.get((artist, length), [])
        for artist in name.artists
        for length in (step - 1, step, step + 1)
    )
    near = [k for k in found if (apart := k.apart(entry)) is not None and apart <= SIMILAR_S]
    return [
        known
        for known in near
        if known.name.markers == name.markers
        and known.name.version.agrees(name.version)
        and _similar(known.name.title, name.title)
    ]


_TIERS = {Tier.ISRC: _same_isrc, Tier.EXACT: _same_title, Tier.SIMILAR: _similar_title}


def _similar(one: str, other: str) -> bool:
    """Return whether two titles differ by spelling alone, and not by a word."""
    if fuzz.ratio(one, other, score_cutoff=100 * SIMILAR) == 0:
        return False
    mine, theirs = Counter(one.split()), Counter(other.split())
    lonely = list((mine - theirs).elements()), list((theirs - mine).elements())
    return _spelt_alike(*lonely) and _spelt_alike(*reversed(lonely))


def _spelt_alike(lonely: list[str], others: list[str]) -> bool:
    joined = "".join(others)
    return all(
        word in FILLERS
        or word in joined  # "sun shine" and "sunshine"
        or any(fuzz.ratio(word, other) >= 100 * SAME_WORD or other in word for other in others)
        for word in lonely
    )


def _disambiguate(known: list[_Known], entry: ListedTrack) -> tuple[LocalTrack, ...]:
    """Choose by album; of several copies in one album, the first by path."""
    known = sorted(known, key=lambda known: known.candidate.path)
    album = album_name(entry.album)
    left = [k for k in known if album and k.album == album] or known
    if len({(k.album, k.name) for k in left}) == 1 and left[0].album:
        left = left[:1]
    return tuple(k.candidate for k in left)


def _unique(lists: Iterable[list[_Known]]) -> list[_Known]:
    return list({id(known): known for one in lists for known in one}.values())


def _isrc(text: str) -> str:
    return text.replace("-", "").replace(" ", "").upper()
