"""Several candidates as one calibrated model.

probabilities = softmax(trust * sum over candidates of weight * scores), where the trust is the
product of the guards', 1 for nearly all music. The weights are fitted to the
held-out scores of an artist-grouped cross-validation by least log loss, so that one small convex
fit does the averaging and the calibration (it is temperature scaling, Guo et al.,
arXiv 1706.04599, with a temperature for each candidate).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.model_selection import StratifiedGroupKFold

from training.classifiers.novelty import DistanceGuard
from training.classifiers.speech import SpeechGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from training.classifiers.base import Classifier, Fitted, FittedGuard, NoveltyGuard
    from training.data.dataset import Dataset

    Array = NDArray[np.float64]
    Indices = NDArray[np.intp]

FOLDS = 5
FAMILIAR = 0.99
"""Share of music, taught or unheard, that lies within a guard's limit."""
FAMILIAR_OF_GENRE = 0.9
"""The least share of each genre that does: who teaches readings or noise wants them named."""


@dataclass(frozen=True)
class Recipe:
    """What is tried: one candidate out of each family is kept, and the kept ones are added."""

    families: tuple[tuple[Classifier, ...], ...]
    repeats: int = 3
    """Cross-validations with other folds, whose held-out predictions are used together."""
    guards: tuple[NoveltyGuard, ...] = (DistanceGuard(), SpeechGuard())

    @property
    def plain(self) -> Recipe:
        """The first candidate of each family, without a choice, by one cross-validation."""
        return replace(self, families=tuple(family[:1] for family in self.families), repeats=1)

    @property
    def specs(self) -> set[str]:
        """The feature specs that its parts hear."""
        candidates = {candidate.spec for family in self.families for candidate in family}
        return candidates | {guard.spec for guard in self.guards}


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Predictions of clips whose artist the predicting model had not heard."""

    members: Indices
    """Indices into the data set; a clip appears once a repeat."""
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
        """The feature specs that its parts hear, each once."""
        candidates = (candidate.spec for candidate in self.candidates)
        return tuple(dict.fromkeys([*candidates, *(guard.spec for guard in self.guards)]))

    def log_probabilities(self, data: Dataset, members: Indices) -> Array:
        """Predict clips, shape (members, genres)."""
        return self.predict({spec: data.inputs[spec][members] for spec in self.specs})

    def predict(self, inputs: Mapping[str, NDArray[Any]]) -> Array:
        """Predict from features by spec, each (clips, ...), to (clips, genres)."""
        scores = [
            fitted.scores(inputs[candidate.spec])
            for candidate, fitted in zip(self.candidates, self.fitted, strict=True)
        ]
        trusts = [guard.trust(guard.measure(inputs[guard.spec])) for guard in self.guards]
        return combined(scores, self.weights, trusts)


def train(recipe: Recipe, data: Dataset, members: Indices) -> Ensemble:
    """Choose, weight and fit the recipe's candidates on these clips alone."""
    repeated = np.tile(members, recipe.repeats)
    labels = data.labels[repeated]
    chosen = [_best(family, data, members, recipe.repeats) for family in recipe.families]
    candidates, scores = zip(*chosen, strict=True)
    weights = fitted_weights(scores, labels)
    guarded = [_guarded(guard, data, members, recipe.repeats) for guard in recipe.guards]
    fitted = tuple(
        candidate.fit(*data.lesson(candidate.spec, members), len(data.genres))
        for candidate in candidates
    )
    held_out = HeldOut(repeated, combined(scores, weights, [trust for _, trust in guarded]))
    return Ensemble(candidates, fitted, weights, tuple(guard for guard, _ in guarded), held_out)


def combined(
    scores: Sequence[NDArray[np.floating]], weights: Array, trusts: Sequence[Array] = ()
) -> Array:
    """Turn candidates' scores, each (clips, genres), into log-probabilities.

    `trusts`, each of shape (clips, 1), are what the guards leave of them.
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
    """Give the mean negative log-probability of the right genre."""
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())


def artist_folds(
    data: Dataset, members: Indices, seed: int, folds: int = FOLDS
) -> Iterator[tuple[Indices, Indices]]:
    """Split clips into parts, no artist in two, and give (others, part) for each."""
    parts = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for fit, held in parts.split(members, data.labels[members], data.artists[members]):
        yield members[fit], members[held]


def _best(
    family: Sequence[Classifier], data: Dataset, members: Indices, repeats: int
) -> tuple[Classifier, Array]:
    """Choose by held-out log loss; give the candidate with its held-out scores."""
    tried = [(candidate, _crossfit(candidate, data, members, repeats)) for candidate in family]
    labels = data.labels[np.tile(members, repeats)]

    def loss(trial: tuple[Classifier, Array]) -> float:
        scores = [trial[1]]
        return log_loss(combined(scores, fitted_weights(scores, labels)), labels)

    return min(tried, key=loss)


def _crossfit(candidate: Classifier, data: Dataset, members: Indices, repeats: int) -> Array:
    """Score every clip by a fit without its artist, (repeats * members, genres)."""

    def learn(fit: Indices) -> Callable[[NDArray[Any]], NDArray[np.floating]]:
        return candidate.fit(*data.lesson(candidate.spec, fit), len(data.genres)).scores

    return _unheard(learn, candidate.spec, data, members, repeats)


def _guarded(
    guard: NoveltyGuard, data: Dataset, members: Indices, repeats: int
) -> tuple[FittedGuard, Array]:
    """Fit a guard; give it with its trust in every clip without its artist.

    Of few clips, those that were taught measure more than others: each bends the guard to itself.
    They are as familiar as the others, so the limit lets both through.
    """

    def learn(fit: Indices) -> Callable[[NDArray[Any]], NDArray[np.floating]]:
        return guard.fit(data.lesson(guard.spec, fit)[0]).measure

    taught, labels = data.lesson(guard.spec, members)
    fitted = guard.fit(taught)
    unheard = _unheard(learn, guard.spec, data, members, repeats)
    limit = max(
        _familiar(fitted.measure(taught), labels),
        _familiar(unheard, data.labels[np.tile(members, repeats)]),
    )
    limited = fitted.with_limit(limit)
    return limited, limited.trust(unheard)


def _familiar(measures: Array, labels: Indices) -> float:
    """Find the limit within which there is FAMILIAR music, and enough of each genre."""
    genres = [np.quantile(measures[labels == g], FAMILIAR_OF_GENRE) for g in np.unique(labels)]
    return float(max(np.quantile(measures, FAMILIAR), *genres))


def _unheard(
    learn: Callable[[Indices], Callable[[NDArray[Any]], NDArray[np.floating]]],
    spec: str,
    data: Dataset,
    members: Indices,
    repeats: int,
) -> Array:
    """Ask of every clip what has not heard its artist."""
    inputs, rounds = data.inputs[spec], []
    for repeat in range(repeats):
        answers: dict[int, NDArray[np.floating]] = {}
        for fit, held in artist_folds(data, members, seed=repeat):
            answers.update(zip(held.tolist(), learn(fit)(inputs[held]), strict=True))
        rounds += [answers[clip] for clip in members.tolist()]
    return np.array(rounds, np.float64)
