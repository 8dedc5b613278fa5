"""The recipe of the default model and of the user's own models."""

from __future__ import annotations

from training.classifiers.svm_lda import EMBEDDING, Lda, Svm
from training.ensemble import Recipe

RECIPE = Recipe(
    families=(
        tuple(Svm(width=width) for width in (0.25, 0.35, 0.5)),
        tuple(Lda(shrinkage) for shrinkage in (0.3, 0.5, 0.7)),
        tuple(Lda(shrinkage, 300, EMBEDDING) for shrinkage in (0.1, 0.2, 0.4)),
    )
)
