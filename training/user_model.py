"""A model of the user's own: from what was selected to a measured bundle.

It is trained on the user's library alone. The default model's training features are not shipped:
GTZAN's recordings come without a licence, and vectors computed from them would be passed on as
data. So the model knows the genres that the library teaches it and no others.

Two fits are made. One leaves the held-out artists out: its figures are the model's, and it stands
beside the bundle, in `measured`, so that the next training can compare itself with a model that
has not heard them either. The other one hears everything, and is the one that decides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from training.classifiers.speech_data import ABOUT as SPEECH
from training.ensemble import HeldOut
from training.evaluation.measure import evaluate, summarize
from training.export.bundle import Provenance, publish, write_card
from training.export.card import card
from training.recipe import RECIPE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from tagger.inference.manifest import Evaluation, Manifest
    from training.data.dataset import Dataset
    from training.ensemble import Ensemble, Recipe

    Indices = NDArray[np.intp]

MEASURED = "measured"
"""Folder inside a bundle's, with the model that has not heard the held-out artists."""
COMMAND = "tagger train"
ABOUT = "Your own music library; nothing of it is in the bundle but what the model learned."
LARGE = 3000
"""Tracks from which on less is tried: an SVM's time grows with their square."""


def recipe_for(tracks: int) -> Recipe:
    """Return the default model's recipe, of which large libraries try less."""
    if tracks < LARGE:
        return RECIPE
    middle = tuple((family[len(family) // 2],) for family in RECIPE.families)
    return replace(RECIPE, families=middle, repeats=1)


def tempered(ensemble: Ensemble, data: Dataset) -> Ensemble:
    """Keep a model that was never wrong from being sure without bounds.

    Where every held-out prediction is right, larger weights are always likelier, and no new track
    would be as sure as those. Platt's targets (1999), which count one clip more on the other
    side, give the weights a maximum.
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


def measure(ensemble: Ensemble, data: Dataset, held: Indices) -> Evaluation:
    """Measure a model on clips whose artists it has not heard."""
    split = "your library, artists held out of training"
    return summarize(split, COMMAND, [evaluate(ensemble, data, held)])


def write(
    folder: Path,
    ensemble: Ensemble,
    data: Dataset,
    created: date,
    evaluation: Mapping[str, Evaluation],
) -> Manifest:
    """Write and verify the bundle of a fitted ensemble.

    Raises ModelError when the exported network is not equal to the fitted one.
    """
    made = Provenance("own", created, f"{ABOUT} {SPEECH}", COMMAND)
    manifest = publish(folder, ensemble, data, made, evaluation)
    write_card(folder, card(manifest))
    return manifest
