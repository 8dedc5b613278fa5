"""The report on the default model's recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.evaluation.breakdown import learning_curve
from training.evaluation.measure import promised_threshold
from training.evaluation.metrics import track_predictions
from training.evaluation.report import Subject
from training.models.ensemble import train

if TYPE_CHECKING:
    from training.models.recipe import Recipe
    from training.research.datasets import LevelDataset


def gtzan_subject(recipe: Recipe, data: LevelDataset) -> Subject:
    """Train the recipe on GTZAN and report its artist-grouped cross-validation."""
    ensemble = train(recipe, data, np.flatnonzero(data.known))
    about = {
        "Data": "GTZAN (Tzanetakis and Cook, 2002), 30 s excerpts of commercial recordings,"
        " gathered for research with no licence stated. Clips known as faults or duplicates"
        " (Sturm, arXiv 1306.1461) are left out.",
        "Split": "Five-fold cross-validation, no artist on both sides. Hyperparameters, weights and"
        " the threshold were chosen on these predictions; the model card has the"
        " figures of independent test parts.",
        "Model": " + ".join(candidate.name for candidate in ensemble.candidates),
    }
    return Subject(
        "The default model on GTZAN",
        about,
        data,
        ensemble.held_out,
        promised_threshold(track_predictions(data, ensemble.held_out)),
        learning_curve(ensemble, data),
    )
