"""The comparison of a new model with the active model.

The rule compares both on the held-out tracks. The label is worth more than a parent of it. The new
model is rejected when its answers were worth less in most of 2,000 resamples of the artists (a
paired bootstrap). It is also rejected when it would write no genre at all. It may lack no genre
that the user taught or that tagger has written into this library.
The held-out artists stay the same, so that a series of lucky models cannot get worse step by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tagger.core import genres
from tagger.core.domain import Features
from tagger.pipeline import build
from tagger.system.text import number_of
from training.evaluation.bootstrap import ArtistBootstrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from tagger.config import Bundle, Settings
    from tagger.inference.bundle import Model
    from tagger.inference.manifest import Manifest
    from training.data.dataset import Dataset

    Indices = NDArray[np.intp]

Promote = Literal["always", "never", "if-better"]

RESAMPLES = 2000
PARENT = 0.5
"""The worth of a parent of the label. The label itself, by which the user sorts, is worth 1."""
MOST = 0.5
"""Greatest share of the resamples in which the new model may be the worse one."""


@dataclass(frozen=True, slots=True)
class Right:
    """How often a model is right."""

    share: float
    """Share of the tracks with the label or a parent of it."""
    label: float
    """Share of the tracks with the label."""

    @classmethod
    def of(cls, worth: NDArray[np.float64]) -> Right:
        """Count answers by their worth."""
        return cls(float((worth > 0).mean()), float((worth == 1).mean()))

    def __str__(self) -> str:
        """Return the shares for a sentence."""
        if self.label == self.share:
            return f"{self.share:.1%}"
        return f"{self.share:.1%} ({self.label:.1%} by your own label)"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same held-out tracks."""

    tracks: int
    artists: int
    new: Right
    current: Right
    worse: float
    """Share of the resamples in which the answers of the new model were worth less."""
    lost: tuple[str, ...]
    """Genres of the current model that the new model lacks and needs."""
    mute: bool = False
    """Whether the new model is never sure enough for a genre, unlike the current model."""
    strict: bool = False
    """Whether the new model needs to be right more often."""

    @property
    def holds(self) -> bool:
        """Whether the new model may become the active model."""
        return self.worse <= MOST and not (self.lost or self.mute or self._equal)

    @property
    def _equal(self) -> bool:
        return self.strict and self.new.share <= self.current.share

    @property
    def reason(self) -> str:
        """The reason as a sentence."""
        figures = (
            f"{self.new} right against {self.current} on {number_of(self.tracks, 'track')}"
            f" of {number_of(self.artists, 'artist')} held out of the new one's training"
        )
        if self.worse > MOST:
            return f"worse than the current model: {figures}"
        if self.lost:
            lost = ", ".join(self.lost)
            return f"lacks {lost}, which the current model has: {figures}"
        if self.mute:
            return f"no genre is right often enough to be written by its sound: {figures}"
        if self._equal:
            return f"no better than the current model: {figures}"
        return f"not worse than the current model: {figures}"


def worth(
    model: Model, data: Dataset, members: Indices, parents: Callable[[str], tuple[str, ...]]
) -> NDArray[np.float64]:
    """Return the worth of a model's answers: 1 for the label, PARENT for a parent of it, else 0.

    `members` are indices into `data`; `parents` returns the larger genres of a genre. Returns shape
    (members,).
    """
    answers = model.predict(
        [[Features(name, data.inputs[name][clip]) for name in model.specs] for clip in members]
    )
    worths = [
        {genres.key(above): PARENT for above in parents(genre)} | {genres.key(genre): 1.0}
        for genre in data.genres
    ]
    return np.array(
        [
            worths[label].get(genres.key(answer.genre), 0.0)
            for answer, label in zip(answers, data.labels[members], strict=True)
        ]
    )


def compare(
    new: NDArray[np.float64],
    current: NDArray[np.float64],
    artists: NDArray[np.str_],
    lost: Iterable[str] = (),
    *,
    mute: bool = False,
) -> Comparison:
    """Compare two models.

    `new` and `current` are the worth of the answers, `artists` the artists of the clips, all of
    shape (clips,). `lost` and `mute` are as in `Comparison`.
    """
    bootstrap = ArtistBootstrap.of(artists, RESAMPLES)
    worse = float((bootstrap.sums(new - current) < 0).mean())
    return Comparison(
        len(new),
        bootstrap.artists,
        Right.of(new),
        Right.of(current),
        worse,
        tuple(sorted(lost)),
        mute,
    )


def promotion(comparison: Comparison, promote: Promote, configured: Bundle) -> tuple[bool, str]:
    """Decide whether a new model becomes the active model, and why.

    Args:
        comparison: The new model beside the current model.
        promote: The option of the user.
        configured: `model.bundle` of the configuration.

    """
    if promote == "if-better" and not comparison.holds:
        return False, comparison.reason
    if promote == "never":
        return False, f"--promote never; {comparison.reason}"
    if configured != "active":
        return True, (
            f'{comparison.reason}; but model.bundle = "{configured}" in the configuration'
            " has priority until you remove it"
        )
    return True, comparison.reason


def is_mute(settings: Settings, new: Manifest, current: Manifest) -> bool:
    """Return whether a new model is never sure enough for a genre, unlike the current model.

    Args:
        settings: With the precision or the confidence that a genre needs.
        new: The manifest of the new model.
        current: The manifest of the current model.

    """
    writes = build.decision_rules(settings, current).writes_by_sound
    return writes and not build.decision_rules(settings, new).writes_by_sound


def lost_genres(new: Sequence[str], needed: Iterable[str]) -> list[str]:
    """Return the genres among `needed` that are not in `new`, the genres of a model."""
    known = set(map(genres.key, new))
    return sorted({genre for genre in needed if genres.key(genre) not in known})
