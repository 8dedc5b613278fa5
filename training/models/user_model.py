"""A model of the user's own: from the selected training data to a measured bundle.

With `--only-mine` the user's library is the only training data, and its genres the only genres.
`training.models.added_model` joins them with those of the default model.

There are two fits. The first leaves out the held-out artists and gives the figures of the model.
Its bundle is kept in `measured`, for a comparison with the next model on the same artists. The
second fit has all artists, and is the model that decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from tagger.core import genres
from tagger.inference.bundle import load
from training.classifiers.speech_data import ABOUT as SPEECH
from training.evaluation.measure import evaluate, summarize
from training.export.bundle import Provenance, publish, write_card
from training.export.card import card
from training.models.ensemble import HeldOut, train
from training.models.recipe import RECIPE

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from tagger.inference.bundle import Model
    from tagger.inference.manifest import Evaluation, Manifest
    from tagger.store import Store
    from training.data.dataset import Dataset
    from training.evaluation.cross_validation import HeldOutScores
    from training.labels.genre_names import GenreNames
    from training.models.ensemble import Ensemble
    from training.models.recipe import Recipe

    Indices = NDArray[np.intp]

MEASURED = "measured"
"""Folder inside a bundle, with the fit without the held-out artists."""
PREFIX = "own"
"""The first part of the name of a model of the user."""
COMMAND = "tagger train"
COMMAND_ONLY_MINE = f"{COMMAND} --only-mine"
ABOUT = "Your own music library. The bundle contains no part of it, only the fitted parameters."
LARGE = 3000
"""Tracks from which fewer classifiers are tried: the time of an SVM grows with their square."""


def recipe_for(tracks: int) -> Recipe:
    """Return the default model's recipe, reduced for large libraries."""
    if tracks < LARGE:
        return RECIPE
    middle = tuple((family[len(family) // 2],) for family in RECIPE.families)
    return replace(RECIPE, families=middle, repeats=1)


def needed_genres(
    current: Manifest, store: Store, names: GenreNames, left_out: Collection[str] = ()
) -> set[str]:
    """Return the genres of the current model that a new model may not lose.

    They are those that the user taught, whose source may be away today, and those that tagger has
    written.

    Args:
        current: The current model.
        store: The state database.
        names: The user's words for genres.
        left_out: The default genres, where the new model leaves them out on purpose. They count all
            the same where the current model learned the user's genres alone.

    """
    made, taught = current.training.command, set(current.genres)
    if made == COMMAND:
        taught -= set(left_out)
    elif made != COMMAND_ONLY_MINE:
        taught = set()
    written = {names.meant(word) for *_, after in store.journal.edits() for word in after}
    known = genres.keys(current.genres)
    return set(map(names.meant, taught)) | {g for g in written if genres.key(g) in known}


def without_held_out(folder: Path) -> Model:
    """Load the model beside a model of the user that did not learn the held-out artists.

    `folder` is the bundle of any model; a model without such a companion is its own.
    Raises ModelError when the bundle is damaged.
    """
    measured = folder / MEASURED
    return load(measured if measured.is_dir() else folder)


@dataclass(frozen=True, eq=False)
class OnlyMine:
    """A model of the user's genres alone."""

    data: Dataset
    accepted = None
    """The label alone is right, see `Predictions.accepted`."""

    @property
    def recipe(self) -> Recipe:
        """The recipe for the clips."""
        return recipe_for(len(self.data))

    def fit(self, members: Indices, scores: HeldOutScores) -> Ensemble:
        """Fit to clips.

        `members` are indices into the data, `scores` their scores by the recipe's cross-validation.
        """
        return tempered(train(self.recipe, self.data, members, scores), self.data)

    def measure(self, ensemble: Ensemble, held: Indices) -> Evaluation:
        """Measure an ensemble on held-out clips.

        `held` are indices into the data, of artists that are not in the training data of
        `ensemble`.
        """
        split = "your library, artists held out of training"
        return summarize(split, COMMAND, [evaluate(ensemble, self.data, held)])

    def write(self, folder: Path, ensemble: Ensemble, figures: Evaluation) -> Manifest:
        """Write and verify the bundle of an ensemble, see `write`; `figures` are held-out."""
        made = Provenance(PREFIX, today(), f"{ABOUT} {SPEECH}", COMMAND_ONLY_MINE)
        return write(folder, ensemble, self.data, made, figures)


def tempered(ensemble: Ensemble, data: Dataset) -> Ensemble:
    """Bound the confidence of a model without mistakes.

    Where every held-out prediction is right, larger weights are always likelier, and no new track
    would be as confident. Platt's targets (1999), which count one clip more on the other side, give
    the weights a maximum.
    """
    held = ensemble.held_out
    labels, clips = data.labels[held.members], np.arange(len(held.members))
    if (held.log_probabilities.argmax(axis=1) != labels).any():
        return ensemble
    doubt = 1 / (len(np.unique(held.members)) + 2)

    def loss(scale: float) -> float:
        logs = log_softmax(scale * held.log_probabilities, axis=1)
        right = logs[clips, labels]
        others = (logs.sum(axis=1) - right) / (len(data.genres) - 1)
        return -float(((1 - doubt) * right + doubt * others).mean())

    scale = float(minimize_scalar(loss, bounds=(1e-3, 1), method="bounded").x)
    logs = log_softmax(scale * held.log_probabilities, axis=1)
    weights = scale * ensemble.weights
    return replace(ensemble, weights=weights, held_out=HeldOut(held.members, logs))


def today() -> date:
    """Return the date in the manifest of a new model."""
    return datetime.now(UTC).date()


def write(
    folder: Path, ensemble: Ensemble, data: Dataset, made: Provenance, figures: Evaluation
) -> Manifest:
    """Write and verify the bundle of a fitted ensemble, with its card.

    `folder` is the new bundle, `made` its provenance. `ensemble` was fitted to clips of `data`, and
    `figures` are those of held-out artists. Raises ModelError when the exported network differs
    from the fitted ensemble.
    """
    manifest = publish(folder, ensemble, data, made, {"held_out": figures})
    write_card(folder, card(manifest))
    return manifest
