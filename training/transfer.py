"""Other music: FMA-small by itself, and models asked about a source that they never heard.

What two sources share is compared alike: GTZAN's columns are thinned to FMA's 0.23 s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tagger.inference.manifest import Evaluation
from training.dataset import read_fma_small, read_gtzan
from training.ensemble import HeldOut, Recipe, train
from training.evaluate import interval, track_verdicts
from training.fit.statistics import EMBEDDING, Lda, Svm

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from training.dataset import Dataset

SHARED = ("Hip-Hop", "Pop", "Rock")
_THINNING = 3
_SHARED = Recipe(((Svm(),), (Lda(),), (Lda(0.3, spec=EMBEDDING),)), repeats=1)
_FMA = Recipe(((Lda(),), (Lda(0.3, spec=EMBEDDING),)), repeats=1)
"""No SVM: its eight machines on 7,000 clips would take most of an hour."""


def fma_small(folder: Path) -> Evaluation:
    """Measure on FMA-small's artist-disjoint split, eight genres."""
    data = read_fma_small(folder)
    fit, test = data.members("fma_small", "train"), data.members("fma_small", "test")
    split = "FMA-small, artist-disjoint split, eight genres"
    return _measured("fma_small", split, _FMA, (data, fit), (data, test))


def gtzan_to_fma(folder: Path) -> Evaluation:
    """Train on all of GTZAN's shared genres, test on FMA's."""
    gtzan, fma = _shared(folder)
    split = "Hip-hop, pop and rock: trained on GTZAN, tested on FMA-small"
    return _measured("gtzan_to_fma", split, _SHARED, _whole(gtzan), _whole(fma))


def fma_to_gtzan(folder: Path) -> Evaluation:
    """Train on all of FMA's shared genres, test on GTZAN's."""
    gtzan, fma = _shared(folder)
    split = "Hip-hop, pop and rock: trained on FMA-small, tested on GTZAN"
    return _measured("fma_to_gtzan", split, _SHARED, _whole(fma), _whole(gtzan))


TRANSFERS = {
    "fma_small": fma_small,
    "gtzan_to_fma": gtzan_to_fma,
    "fma_to_gtzan": fma_to_gtzan,
}

Part = tuple["Dataset", "NDArray[np.intp]"]


def _measured(name: str, split: str, recipe: Recipe, fit: Part, test: Part) -> Evaluation:
    ensemble = train(recipe, *fit)
    data, members = test
    verdicts = track_verdicts(data, HeldOut(members, ensemble.log_probabilities(data, members)))
    low, high = interval(verdicts)
    return Evaluation(
        accuracy=round(verdicts.accuracy, 4),
        interval=(round(low, 4), round(high, 4)),
        tracks=len(members),
        split=split,
        command=f"python -m training transfer {name} --data DATA",
    )


def _shared(folder: Path) -> tuple[Dataset, Dataset]:
    gtzan = read_gtzan(folder)
    levels = np.ascontiguousarray(gtzan.levels[:, :, 1::_THINNING])
    thinned = replace(gtzan, levels=levels, column_s=_THINNING * gtzan.column_s)
    return _restricted(thinned), _restricted(read_fma_small(folder))


def _restricted(data: Dataset) -> Dataset:
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
