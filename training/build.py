"""The default model: its recipe, and the way from data to bundle."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from tagger.inference.manifest import FORMAT, MODEL_FILE, Manifest, Training
from training.benchmark import BENCHMARKS
from training.card import card
from training.copies import CUTS
from training.ensemble import Recipe, train
from training.evaluate import album_verdicts, fit_pooling, operating_points, track_verdicts
from training.fit.statistics import Lda, Svm
from training.publish import input_names, network, verify_bundle, write_bundle
from training.reference import REFERENCES

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from tagger.inference.manifest import Evaluation
    from training.dataset import Dataset
    from training.ensemble import Ensemble

RECIPE = Recipe(
    families=(
        tuple(Svm(C, width) for C in (2.0, 5.0) for width in (0.25, 0.35, 0.5)),
        tuple(Lda(shrinkage) for shrinkage in (0.3, 0.5, 0.7)),
    )
)
_KHZ = " or ".join(f"{cut / 1000:g}" for cut in CUTS)
_GTZAN = """\
GTZAN (Tzanetakis and Cook, 2002): excerpts of commercial recordings gathered for research, with no
licence stated; none of them is in the bundle. It has known faults (Sturm, arXiv 1306.1461): clips
marked as fault or duplicate are left out here, and only artist-filtered figures count."""
_COPIES = f"; each clip taught twice, once with nothing above {_KHZ} kHz, by lot"


def build_gtzan(
    recipe: Recipe, data: Dataset, folder: Path, created: date, benchmarks: tuple[str, ...]
) -> Manifest:
    """Train on every clip that is no known fault, measure, and write and verify the bundle.

    Raises ModelError when the exported network is not equal to the fitted one.
    """
    members = np.flatnonzero(data.known)
    ensemble = train(recipe, data, members)
    evaluation = {n: BENCHMARKS[n](recipe, data) for n in benchmarks if n in BENCHMARKS}
    beside = {n: REFERENCES[n](recipe, data) for n in benchmarks if n in REFERENCES}
    model = network(ensemble, len(data.genres))
    manifest = _manifest(ensemble, data, model, created, evaluation)
    write_bundle(folder, model, manifest, card(manifest, beside))
    verify_bundle(folder, ensemble, data)
    return manifest


def _manifest(
    ensemble: Ensemble,
    data: Dataset,
    model: bytes,
    created: date,
    evaluation: dict[str, Evaluation],
) -> Manifest:
    held_out = ensemble.held_out
    pooling = fit_pooling(data, held_out)
    sha256 = hashlib.sha256(model).hexdigest()
    return Manifest(
        format=FORMAT,
        id=f"gtzan10-{sha256[:8]}",
        created=created,
        genres=data.genres,
        inputs={name: spec for spec, name in input_names(ensemble).items()},
        files={MODEL_FILE: sha256},
        tracks=operating_points(track_verdicts(data, held_out)),
        albums=operating_points(album_verdicts(data, held_out, pooling)),
        pooling=pooling,
        training=_training(ensemble, data),
        evaluation=evaluation,
    )


def _training(ensemble: Ensemble, data: Dataset) -> Training:
    parts = [
        f"{weight:.3g} x {candidate.name}"
        for weight, candidate in zip(ensemble.weights, ensemble.candidates, strict=True)
    ]
    copies = "" if data.copies is None else _COPIES
    return Training(
        data=_GTZAN,
        tracks=int(data.known.sum()),
        artists=len(np.unique(data.artists[data.known])),
        recipe=f"Softmax of {' + '.join(parts)}{copies}",
        command="python -m training build --data DATA",
        libraries={name: version(name) for name in ("numpy", "scipy", "scikit-learn", "onnx")},
    )
