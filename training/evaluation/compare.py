"""Whether a new model may take the current one's place.

The rule: the new model takes its place unless, over the held-out tracks, it was right less often
than the current one in most of 2,000 resamples of their artists (a paired bootstrap), or it no
longer knows a genre that tagger has written into this library. Since the artists that are held
out stay the same, a model that is replaced by a luckier one cannot get worse step by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tagger.core import genres
from tagger.core.domain import Features
from training.evaluation.bootstrap import ArtistBootstrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from tagger.inference.bundle import Model
    from training.data.dataset import Dataset

    Indices = NDArray[np.intp]

RESAMPLES = 2000
MOST = 0.5
"""Greatest share of the resamples in which the new model may be the worse one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same held-out tracks."""

    tracks: int
    artists: int
    new: float
    """Share of the tracks that the new model was right on."""
    current: float
    worse: float
    """Share of the resamples in which the new model was right less often."""
    lost: tuple[str, ...]
    """Genres that tagger has written into the library and the new model does not know."""

    @property
    def holds(self) -> bool:
        """Whether the new model may take the current one's place."""
        return self.worse <= MOST and not self.lost

    @property
    def reason(self) -> str:
        """Say in a sentence why or why not."""
        figures = (
            f"{self.new:.1%} right against {self.current:.1%} on {self.tracks} tracks of"
            f" {self.artists} artists held out of the new one's training"
        )
        if self.worse > MOST:
            return f"worse than the current model: {figures}"
        if self.lost:
            lost = ", ".join(self.lost)
            return f"does not know {lost}, which tagger has written into this library ({figures})"
        return f"not worse than the current model: {figures}"


def right(
    model: Model, data: Dataset, members: Indices, parents: Callable[[str], tuple[str, ...]]
) -> NDArray[np.bool_]:
    """Tell on which clips a model is right: its genre is the label or what that is part of."""
    answers = model.predict(
        [[Features(name, data.inputs[name][clip]) for name in model.specs] for clip in members]
    )
    accepted = [set(map(genres.key, (genre, *parents(genre)))) for genre in data.genres]
    return np.array(
        [
            genres.key(answer.genre) in accepted[label]
            for answer, label in zip(answers, data.labels[members], strict=True)
        ],
        bool,
    )


def compare(
    new: NDArray[np.bool_],
    current: NDArray[np.bool_],
    artists: NDArray[np.str_],
    lost: Iterable[str] = (),
) -> Comparison:
    """Compare which clips two models were right on, all of shape (clips,)."""
    bootstrap = ArtistBootstrap.of(artists, RESAMPLES)
    worse = float((bootstrap.sums(new.astype(float) - current) < 0).mean())
    return Comparison(
        len(new),
        bootstrap.artists,
        float(new.mean()),
        float(current.mean()),
        worse,
        tuple(sorted(lost)),
    )


def lost_genres(new: Sequence[str], written: Iterable[str]) -> list[str]:
    """Return the genres among `written` that a model of the genres `new` does not know."""
    known = set(map(genres.key, new))
    return sorted({genre for genre in written if genres.key(genre) not in known})
