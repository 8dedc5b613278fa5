"""Recipes of models, and the recipe of the default model and of the user's own models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from training.classifiers.novelty import DistanceGuard
from training.classifiers.speech import SpeechGuard
from training.classifiers.svm_lda import EMBEDDING, Lda, Svm
from training.data.dataset import parts

if TYPE_CHECKING:
    from training.classifiers.base import Classifier, NoveltyGuard


@dataclass(frozen=True)
class Recipe:
    """Classifiers to choose from: the ensemble adds up the best classifier of each family."""

    families: tuple[tuple[Classifier, ...], ...]
    repeats: int = 3
    """Cross-validations with different folds, whose held-out predictions are used together."""
    guards: tuple[NoveltyGuard, ...] = (DistanceGuard(), SpeechGuard())

    @property
    def plain(self) -> Recipe:
        """The first classifier of each family, without a choice, by one cross-validation."""
        return replace(self, families=tuple(family[:1] for family in self.families), repeats=1)

    @property
    def specs(self) -> set[str]:
        """The feature specs of its classifiers and guards."""
        classifiers = {
            part
            for family in self.families
            for classifier in family
            for part in parts(classifier.spec)
        }
        return classifiers | {guard.spec for guard in self.guards}


RECIPE = Recipe(
    families=(
        tuple(Svm(width=width) for width in (0.25, 0.35, 0.5)),
        tuple(Lda(shrinkage) for shrinkage in (0.3, 0.5, 0.7)),
        tuple(Lda(shrinkage, 300, EMBEDDING) for shrinkage in (0.1, 0.2, 0.4)),
    )
)
