"""Several classifiers as one calibrated model.

probabilities = softmax(trust * sum over classifiers of weight * scores). The trust is the product
of the guards' trust, 1 for nearly all music. The weights are fitted to the held-out scores of an
artist-grouped cross-validation by least log loss. This one convex fit both averages and calibrates:
it is temperature scaling (Guo et al., arXiv 1706.04599) with a temperature for each classifier.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from training.data.dataset import joined, parts
from training.evaluation.cross_validation import cross_validate, in_order, repeated_folds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.classifiers.base import Classifier, Fitted, FittedGuard, NoveltyGuard
    from training.data.dataset import Dataset
    from training.evaluation.cross_validation import HeldOutScores
    from training.models.recipe import Recipe

    Array = NDArray[np.float64]
    Indices = NDArray[np.intp]

FAMILIAR = 0.99
"""Share of music, in the training data or held out, that lies within the limit of a guard."""
FAMILIAR_OF_GENRE = 0.9
"""The least such share of each genre: a genre of readings or noise must keep its tracks."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Predictions of clips by models without the clip's artist in their training data."""

    members: Indices
    """Indices into the data set; a clip appears once for each repeat."""
    log_probabilities: Array
    """Shape (members, genres)."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """A fitted recipe."""

    candidates: tuple[Classifier, ...]
    fitted: tuple[Fitted, ...]
    weights: Array
    guards: tuple[FittedGuard, ...]
    held_out: HeldOut

    @property
    def specs(self) -> tuple[str, ...]:
        """The feature specs of its classifiers and guards, each once."""
        candidates = (part for one in self.candidates for part in parts(one.spec))
        return tuple(dict.fromkeys([*candidates, *(guard.spec for guard in self.guards)]))

    def log_probabilities(self, data: Dataset, members: Indices) -> Array:
        """Predict clips, shape (members, genres)."""
        return self.predict({spec: data.inputs[spec][members] for spec in self.specs})

    def predict(self, inputs: Mapping[str, NDArray[Any]]) -> Array:
        """Predict from features by spec, each (clips, ...), to (clips, genres)."""
        scores = [
            fitted.scores(joined(inputs, candidate.spec))
            for candidate, fitted in zip(self.candidates, self.fitted, strict=True)
        ]
        trusts = [guard.trust(guard.measure(inputs[guard.spec])) for guard in self.guards]
        return combined(scores, self.weights, trusts)


def train(
    recipe: Recipe, data: Dataset, members: Indices, scores: HeldOutScores | None = None
) -> Ensemble:
    """Choose, weight and fit the classifiers of a recipe on clips alone.

    `recipe` names the classifiers and guards, and `members` are indices into `data`. `scores` are
    the result of `cross_validate` for the same recipe and clips; without `scores`, this process
    computes them.
    """
    scores = scores or cross_validate(recipe, data, members)
    repeated = np.tile(members, recipe.repeats)
    labels = data.labels[repeated]
    chosen = [_best(family, scores, labels) for family in recipe.families]
    kept = [scores[classifier.name] for classifier in chosen]
    weights = fitted_weights(kept, labels)
    guarded = [_fit_guard(guard, data, members, recipe.repeats) for guard in recipe.guards]
    fitted = tuple(
        classifier.fit(*data.training_data(classifier.spec, members), len(data.genres))
        for classifier in chosen
    )
    held_out = HeldOut(repeated, combined(kept, weights, [trust for _, trust in guarded]))
    return Ensemble(tuple(chosen), fitted, weights, tuple(guard for guard, _ in guarded), held_out)


def combined(
    scores: Sequence[NDArray[np.floating]], weights: Array, trusts: Sequence[Array] = ()
) -> Array:
    """Turn the `scores` of classifiers, each (clips, genres), into log-probabilities.

    `weights` has a weight for each classifier. `trusts`, each (clips, 1), are factors of the sum.
    """
    total = sum(weight * score for weight, score in zip(weights, scores, strict=True))
    logs: Array = log_softmax(math.prod(trusts, start=total), axis=1)
    return logs


def fitted_weights(scores: Sequence[Array], labels: Indices) -> Array:
    """Find the weights, none negative, under which the labels are likeliest."""
    scales = np.array([score.std() for score in scores])

    def loss(relative: Array) -> float:
        return log_loss(combined(scores, relative / scales), labels)

    start = np.full(len(scores), 2 / len(scores))
    found = minimize(loss, start, bounds=[(0, None)] * len(scores), method="L-BFGS-B")
    weights: Array = found.x / scales
    return weights


def log_loss(log_probabilities: Array, labels: Indices) -> float:
    """Return the mean negative log-probability of the right genre."""
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())


def _best(family: Sequence[Classifier], scores: HeldOutScores, labels: Indices) -> Classifier:
    """Choose by held-out log loss, each classifier calibrated by itself."""

    def loss(classifier: Classifier) -> float:
        alone = [scores[classifier.name]]
        return log_loss(combined(alone, fitted_weights(alone, labels)), labels)

    return min(family, key=loss)


def _fit_guard(
    guard: NoveltyGuard, data: Dataset, members: Indices, repeats: int
) -> tuple[FittedGuard, Array]:
    """Fit a guard; return it with its trust in every clip held out, shape (repeats * members, 1).

    A guard fitted to few clips measures more on these clips than on others. Both are equally
    familiar, so the limit includes both.
    """
    inputs, labels = data.training_data(guard.spec, members)
    fitted = guard.fit(inputs)
    folds = repeated_folds(data, members, repeats)
    measures = [
        guard.fit(data.training_data(guard.spec, fit)[0]).measure(data.inputs[guard.spec][held])
        for fit, held in folds
    ]
    held_out = in_order(members, folds, measures)
    limit = max(
        _familiar(fitted.measure(inputs), labels),
        _familiar(held_out, data.labels[np.tile(members, repeats)]),
    )
    limited = fitted.with_limit(limit)
    return limited, limited.trust(held_out)


def _familiar(measures: Array, labels: Indices) -> float:
    """Find the limit that includes FAMILIAR of all music, and FAMILIAR_OF_GENRE of each genre."""
    genres = [np.quantile(measures[labels == g], FAMILIAR_OF_GENRE) for g in np.unique(labels)]
    return float(max(np.quantile(measures, FAMILIAR), *genres))
