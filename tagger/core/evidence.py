"""Evidence beside the sound, and the posterior of both. Pure.

The prior comes from the owner's library and the list of artists; `tagger.evidence` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from tagger.core import genres as names
from tagger.core.domain import Prediction
from tagger.core.thresholds import OperatingPoint, OperatingPoints

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

POINTS = OperatingPoints(
    (
        OperatingPoint(0.9, 0.45, 0.91),
        OperatingPoint(0.925, 0.5, 0.88),
        OperatingPoint(0.95, 0.7, 0.70),
        OperatingPoint(0.975, 0.9, 0.45),
        OperatingPoint(0.99, 0.97, 0.35),
    )
)
"""The posterior that a promise needs, where the evidence supports the genre.

Measured by `python -m training.research evidence` on clips by listed artists, with a tenth of the
artists' names wrong. It is lower than for the sound alone: an artist with several genres has many
tracks to which more than one of them is right.
"""
SUPPORT = 0.2
"""The evidence supports a genre, or a family, from this probability on."""
DOUBT = 0.02
"""Share of the sound's likelihood that is even over all genres: no genre is ever impossible."""
LIST_POWER = 0.5
"""Power of the sound's probabilities beside the artists list.

The list has several genres of most artists. Between two of them the sound is less often right than
its probabilities are high: R&B sounds like Pop. The owner's genres are checked by the full sound.
"""
EXCLUDED = 0.5
"""The evidence excludes a family with less than this part of its even share."""
AGAINST = 0.75
"""The sound is against a family with less than this part of its likeliest family."""
IMPROBABLE = {"list": 0.05, "title": 0.1}
"""The sound outweighs a source where the family has less than this part of its likeliest family."""
MOST_EVEN = 0.7
"""Share of the probability that is even over the genres, above which the sound is like no music.

The model shares out the probability of no music evenly, so every genre has its part. 1% of the
left-out clips of music are above, 90% of the noises and 82% of the clips of speech.
"""
MANY_GENRES = 8
"""A model of fewer genres is often even about music."""
SURE = 0.5
"""The sound contradicts evidence only above this probability, whatever the threshold."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The genres that a track may have, from everything but its sound."""

    source: str
    """The source that has the last word: `album`, `artist`, `folder`, `list` or `title`."""
    text: str
    """A clause for the reason, e.g. "8 of 9 other tracks of Miles Davis are Jazz"."""
    prior: Mapping[str, float]
    """Probability by genre; they sum to 1. The genres of the model are among them."""
    counts: Mapping[str, float]
    """See `Grounds.counts`."""
    others: Mapping[str, Evidence] = field(default_factory=dict)
    """The same with another source in place of the last, for the genres that it names instead."""
    is_of_all: bool = False
    """Whether nearly all artists of the library have the owner's genre, unlisted ones."""
    listed: Evidence | None = None
    """The artists list, where a source of the owner's genres has the last word."""

    def on(self, genre: str) -> Evidence:
        """Return the evidence with the source that has the last word on a genre."""
        return self.others.get(genre, self)

    def excludes(self, genre: str) -> bool:
        """Return whether the family of a genre is improbable by the evidence."""
        own = family(genre)
        members = [p for other, p in self.prior.items() if family(other) == own]
        return sum(members) <= EXCLUDED * len(members) / len(self.prior)

    def is_disputed(self, genre: str, sound: Prediction) -> bool:
        """Return whether the sound is too much against the family of a genre.

        A list may have a namesake, or the artist of the original in place of a tribute's. A title
        may be that of a work in a version for synthesizers or a rock band. The owner's genre is
        disputed only where the list is against it as well. A program that gives each file the same
        genre, such as Blues, agrees with neither. A genre without subgenres, such as Schlager, is
        the owner's word, which the list does not have.
        """
        own = family(genre)
        likely: dict[str, float] = {}
        for other, p in sound.probabilities.items():
            likely[family(other)] = likely.get(family(other), 0.0) + p
        if own not in likely:
            return False
        top = max(likely.values())
        if part := IMPROBABLE.get(self.source):
            return likely[own] < part * top
        if own in map(family, self.listed.counts) if self.listed else not self.is_of_all:
            return False
        return names.is_parent(genre) and likely[own] < AGAINST * top

    def supports(self, genres: Iterable[str]) -> bool:
        """Return whether one of these genres is probable by the evidence."""
        return sum(self.prior.get(genre, 0.0) for genre in genres) >= SUPPORT


def is_like_music(sound: Prediction) -> bool:
    """Return whether the sound is like music, so that evidence may name its genre."""
    known = len(sound.probabilities)
    return known < MANY_GENRES or min(sound.probabilities.values()) * known <= MOST_EVEN


def posterior(sound: Prediction, evidence: Evidence) -> Prediction:
    """Weigh the sound by the evidence (Bayes' rule).

    The model is trained on balanced genres, so its probabilities count as likelihoods; beside the
    list, to the LIST_POWER. A genre outside the model has the likelihood of its nearest parent, or
    of its children. Without either, the sound is neutral.
    """
    even = 1 / len(sound.probabilities)
    weighed = _tempered(sound, LIST_POWER) if evidence.source == "list" else sound
    scores = {
        genre: prior * ((1 - DOUBT) * _likelihood(weighed, genre) + DOUBT * even)
        for genre, prior in evidence.prior.items()
    }
    total = sum(scores.values())
    return Prediction({genre: score / total for genre, score in scores.items()}, sound.model)


def _tempered(sound: Prediction, power: float) -> Prediction:
    powers = {genre: p**power for genre, p in sound.probabilities.items()}
    total = sum(powers.values())
    return Prediction({genre: p / total for genre, p in powers.items()}, sound.model)


def _likelihood(sound: Prediction, genre: str) -> float:
    if (known := sound.probabilities.get(genre)) is not None:
        return known
    near = sounds_as(genre, tuple(sound.probabilities))
    if not near:
        return 1 / len(sound.probabilities)
    return sum(sound.probabilities[name] for name in near)


@lru_cache(maxsize=4096)
def sounds_as(genre: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the genres of a model whose likelihood a genre has; none for a neutral genre.

    They are the genre itself, else its nearest parent, else its children.
    """
    spelled = {names.key(name): name for name in known}
    for near in map(names.key, (genre, *names.parents(genre))):
        if near in spelled:
            return (spelled[near],)
    own = names.key(genre)
    return tuple(name for name in known if own in map(names.key, names.parents(name)))


@lru_cache(maxsize=4096)
def family(genre: str) -> str:
    """Return the key of the farthest genre that a genre is part of."""
    return names.key((genre, *names.parents(genre))[-1])
