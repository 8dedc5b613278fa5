"""Transfer to other music: FMA-small by itself, and models on a source outside their training data.

GTZAN's columns are thinned to FMA's 0.23 s. The music is not the only other difference: FMA's
levels come from windows half as long, of another range. So two inputs are compared: the features of
the default model, and features that are standardised for each source by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.classifiers.svm_lda import EMBEDDING, Lda, Svm
from training.errors import TrainingDataError
from training.evaluation.measure import Measurement, promised_threshold, summarize
from training.evaluation.metrics import track_predictions
from training.models.ensemble import HeldOut, train
from training.models.recipe import Recipe
from training.research.datasets import read_fma_small, read_gtzan

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.inference.manifest import Evaluation
    from training.data.dataset import Dataset
    from training.research.datasets import LevelDataset

Inputs = Mapping[str, NDArray[Any]]
"""Features by spec, each (clips, features)."""

SHARED = ("Hip-Hop", "Pop", "Rock")
_THINNING = 3
_FAMILIES = ((Svm(),), (Lda(),), (Lda(0.3, spec=EMBEDDING),))
_FMA = Recipe(_FAMILIES[1:], repeats=1)
"""No SVM: its eight machines on 7,000 clips would take most of an hour."""


@dataclass(frozen=True)
class Way:
    """The input of a comparison of two sources."""

    about: str
    recipe: Recipe
    change: Callable[[Inputs], Inputs]


def _standardised(inputs: Inputs) -> Inputs:
    return {spec: (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6) for spec, x in inputs.items()}


WAYS = {
    "": Way("", Recipe(_FAMILIES, repeats=1), lambda inputs: inputs),
    # The speech guard is fitted to features that are not standardised.
    "_standardised": Way(
        "; each source standardised by itself",
        Recipe(_FAMILIES, repeats=1, guards=()),
        _standardised,
    ),
}


def fma_small(folder: Path) -> Evaluation:
    """Measure on FMA-small's artist-disjoint split, eight genres."""
    data = read_fma_small(folder)
    fit, test = data.members("fma_small", "train"), data.members("fma_small", "test")
    split = "FMA-small, artist-disjoint split, eight genres"
    return _measured("fma_small", split, _FMA, (data, fit), (data, test))


def fma_small_student(folder: Path) -> Evaluation:
    """Measure the same with networks that learn from VGGish's embeddings; needs torch."""
    try:
        from training.research.distillation import student  # noqa: PLC0415  # the others need no torch
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise TrainingDataError("needs torch", hint="pip install 'tagger-by-ear[cnn]'") from error
    data, held_out, unheard = student(folder)
    split = "FMA-small, artist-disjoint split, eight genres; with networks that VGGish taught"
    return _figure("fma_small_student", split, (data, held_out), (data, unheard))


def gtzan_to_fma(folder: Path, way: str = "") -> Evaluation:
    """Train on all of GTZAN's shared genres, test on FMA's."""
    gtzan, fma = _shared(folder, WAYS[way])
    split = "Hip-hop, pop and rock: trained on GTZAN, tested on FMA-small"
    return _across(f"gtzan_to_fma{way}", split, way, gtzan, fma)


def fma_to_gtzan(folder: Path, way: str = "") -> Evaluation:
    """Train on all of FMA's shared genres, test on GTZAN's."""
    gtzan, fma = _shared(folder, WAYS[way])
    split = "Hip-hop, pop and rock: trained on FMA-small, tested on GTZAN"
    return _across(f"fma_to_gtzan{way}", split, way, fma, gtzan)


TRANSFERS: dict[str, Callable[[Path], Evaluation]] = {
    "fma_small": fma_small,
    **{f"gtzan_to_fma{name}": partial(gtzan_to_fma, way=name) for name in WAYS},
    **{f"fma_to_gtzan{name}": partial(fma_to_gtzan, way=name) for name in WAYS},
    "fma_small_student": fma_small_student,
}
"""The entry that needs torch comes last."""

Part = tuple["Dataset", "NDArray[np.intp]"]
Answered = tuple["Dataset", HeldOut]


def _across(name: str, split: str, way: str, taught: Dataset, asked: Dataset) -> Evaluation:
    heard = WAYS[way]
    return _measured(name, split + heard.about, heard.recipe, _whole(taught), _whole(asked))


def _measured(name: str, split: str, recipe: Recipe, fit: Part, test: Part) -> Evaluation:
    ensemble = train(recipe, *fit)
    data, members = test
    unheard = HeldOut(members, ensemble.log_probabilities(data, members))
    return _figure(name, split, (fit[0], ensemble.held_out), (data, unheard))


def _figure(name: str, split: str, held: Answered, test: Answered) -> Evaluation:
    """Summarize a test, with the threshold from held-out clips."""
    result = Measurement(track_predictions(*test), promised_threshold(track_predictions(*held)))
    return summarize(split, f"python -m training.research transfer {name} --data DATA", [result])


def _shared(folder: Path, way: Way) -> tuple[Dataset, Dataset]:
    gtzan = read_gtzan(folder)
    levels = np.ascontiguousarray(gtzan.levels[:, :, 1::_THINNING])
    thinned = replace(gtzan, levels=levels, column_s=_THINNING * gtzan.column_s)
    return _heard(_restricted(thinned), way), _heard(_restricted(read_fma_small(folder)), way)


def _heard(data: LevelDataset, way: Way) -> Dataset:
    inputs = {spec: data.inputs[spec] for spec in way.recipe.specs}
    return data.with_features(way.change(inputs))


def _restricted(data: LevelDataset) -> LevelDataset:
    """Keep the clips of shared genres and known artists."""
    names = np.array(data.genres)[data.labels]
    kept = np.flatnonzero(np.isin(names, SHARED) & data.known)
    return replace(
        data,
        ids=data.ids[kept],
        labels=np.searchsorted(SHARED, names[kept]),
        genres=SHARED,
        artists=data.artists[kept],
        known=data.known[kept],
        levels=data.levels[kept],
        splits={name: parts[kept] for name, parts in data.splits.items()},
    )


def _whole(data: Dataset) -> Part:
    return data, np.arange(len(data))
