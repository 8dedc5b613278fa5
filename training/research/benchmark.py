"""The published figures: each a recipe measured on a published split of GTZAN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.evaluation.measure import measure, summarize
from training.research.datasets import FOLEISS

if TYPE_CHECKING:
    from tagger.inference.manifest import Evaluation
    from training.models.recipe import Recipe
    from training.research.datasets import LevelDataset

COMMAND = "python -m training.research benchmark {} --data DATA"


def gtzan_foleiss(recipe: Recipe, data: LevelDataset) -> Evaluation:
    """Measure on the three artist-filtered folds."""
    folds = [
        measure(recipe, data, data.members(fold, "train"), data.members(fold, "test"))
        for fold in FOLEISS
    ]
    split = "GTZAN, mean of Foleiss's three artist-filtered folds"
    return summarize(split, COMMAND.format("gtzan_foleiss"), folds)


def gtzan_kereliuk(recipe: Recipe, data: LevelDataset) -> Evaluation:
    """Measure on the fault-filtered split, its train and valid parts together for training."""
    fit, test = data.members("kereliuk", "train", "valid"), data.members("kereliuk", "test")
    split = "GTZAN, Kereliuk's fault-filtered split, train and valid to test"
    return summarize(split, COMMAND.format("gtzan_kereliuk"), [measure(recipe, data, fit, test)])


BENCHMARKS = {"gtzan_foleiss": gtzan_foleiss, "gtzan_kereliuk": gtzan_kereliuk}
