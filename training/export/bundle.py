"""A fitted ensemble as a bundle for tagger: one graph, a manifest and a card."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tagger.core.domain import Features
from tagger.errors import ModelError
from tagger.features.specs import spec
from tagger.inference.bundle import load
from tagger.inference.manifest import FORMAT, MODEL_FILE, Manifest, Training, encode
from training.data.dataset import parts
from training.evaluation.metrics import (
    album_predictions,
    fit_pooling,
    operating_points,
    track_predictions,
)
from training.export.onnx_graph import GraphBuilder, model_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

    from tagger.core.families import Families
    from tagger.core.pooling import Pooling
    from tagger.core.thresholds import OperatingPoints
    from tagger.inference.manifest import Evaluation
    from training.data.dataset import Dataset
    from training.models.ensemble import Ensemble

TOLERANCE = 1e-3
"""Greatest difference of a probability between the fitted ensemble and the bundle.

Single precision moves it by less than 1e-4, but by 5e-4 where a track lies at a guard's limit.
"""
GUARDED = "; the sum shrinks for tracks unlike the training data, or like speech"
_TENSOR_TYPES = {np.float32: TensorProto.FLOAT, np.uint8: TensorProto.UINT8}


@dataclass(frozen=True)
class Promises:
    """What a model promises of its predictions, from held-out clips."""

    tracks: OperatingPoints
    albums: OperatingPoints
    pooling: Pooling
    families: Families = field(default_factory=dict)


@dataclass(frozen=True)
class Provenance:
    """The origin of a model."""

    prefix: str
    """First part of the model's name."""
    created: date
    data: str
    """The training data and its licences, as a sentence."""
    command: str
    """Makes the model again."""
    augmentation: str = ""
    """The augmentation of the training data, in words."""
    promises: Promises | None = None
    """Those of `held_out_promises` where they are not given."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """More files of the bundle by name."""
    members: NDArray[np.intp] | None = None
    """Clips that the model learned, where they are not those with held-out predictions."""
    music: float | None = None
    """See `Manifest.music`."""
    later: float | None = None
    """See `Manifest.later`."""
    expected: NDArray[np.float64] | None = None
    """See `Manifest.expected`, shape (genres,)."""


def network(ensemble: Ensemble, genres: int) -> bytes:
    """Export the ensemble with its calibration as one ONNX graph.

    Inputs are those of `input_names`, output is `probabilities` (batch, genres).
    """
    inputs = input_names(ensemble)
    whole, weighted = GraphBuilder(), []
    for place, (candidate, fitted, weight) in enumerate(
        zip(ensemble.candidates, ensemble.fitted, ensemble.weights, strict=True)
    ):
        whole.splice(str(place), fitted.graph(), [inputs[one] for one in parts(candidate.spec)])
        whole.constants.append(_scalar(f"{place}/weight", weight))
        terms = (f"{place}/scores", f"{place}/weight")
        weighted.append(whole.op("Mul", *terms, output=f"{place}/weighted"))
    trusted = whole.op("Sum", *weighted, output="total")
    for place, guard in enumerate(ensemble.guards):
        name = f"guard{place}"
        whole.splice(name, guard.graph(), [inputs[guard.spec]])
        trusted = whole.op("Mul", trusted, f"{name}/trust", output=f"{name}/trusted")
    whole.op("Softmax", trusted, output="probabilities", axis=-1)
    graph = helper.make_graph(
        whole.nodes,
        "tagger",
        [_input(name, spec_name) for spec_name, name in inputs.items()],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", genres])],
        whole.constants,
    )
    model = model_of(graph, producer_name="tagger")
    exported: bytes = model.SerializeToString(deterministic=True)
    return exported


def input_names(ensemble: Ensemble) -> dict[str, str]:
    """Name the network's input for each feature spec: the spec without its version."""
    return {spec: spec.rpartition("-")[0] for spec in ensemble.specs}


def held_out_promises(ensemble: Ensemble, data: Dataset) -> Promises:
    """Find the thresholds and the pooling of an ensemble that was fitted to clips of `data`."""
    held_out = ensemble.held_out
    pooling = fit_pooling(data, held_out)
    return Promises(
        operating_points(track_predictions(data, held_out)),
        operating_points(album_predictions(data, held_out, pooling)),
        pooling,
    )


def publish(
    folder: Path,
    ensemble: Ensemble,
    data: Dataset,
    provenance: Provenance,
    evaluation: Mapping[str, Evaluation],
) -> Manifest:
    """Write and verify the model and the manifest of a bundle; the card comes later.

    Args:
        folder: The new bundle.
        ensemble: Fitted to clips of `data`.
        data: The clips that the exported network is verified with.
        provenance: For the manifest, as is `evaluation`.
        evaluation: Figures by name.

    Raises:
        ModelError: the exported network differs from the fitted ensemble.

    """
    content = {MODEL_FILE: network(ensemble, len(data.genres)), **provenance.files}
    files = {name: hashlib.sha256(text).hexdigest() for name, text in content.items()}
    promised = provenance.promises or held_out_promises(ensemble, data)
    manifest = Manifest(
        format=FORMAT,
        id=provenance.prefix,
        created=provenance.created,
        genres=data.genres,
        inputs={name: spec for spec, name in input_names(ensemble).items()},
        files=files,
        tracks=promised.tracks,
        albums=promised.albums,
        pooling=promised.pooling,
        families=promised.families,
        music=provenance.music,
        later=provenance.later,
        expected=_shares(data.genres, provenance.expected),
        training=_training(ensemble, data, provenance),
        evaluation=dict(evaluation),
    )
    name = f"{provenance.prefix}{len(data.genres)}-{_digest(manifest)}"
    manifest = msgspec.structs.replace(manifest, id=name)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in content.items():
        (folder / name).write_bytes(text)
    (folder / "manifest.json").write_bytes(encode(manifest))
    verify_bundle(folder, ensemble, data)
    return manifest


def _shares(genres: Sequence[str], expected: NDArray[np.float64] | None) -> dict[str, float]:
    """Return the shares of a manifest, none of them 0."""
    if expected is None:
        return {}
    return {genre: max(1e-4, round(float(p), 4)) for genre, p in zip(genres, expected, strict=True)}


def _digest(manifest: Manifest) -> str:
    """Reduce a model to eight digits: all but the date, so that the same training makes no other.

    The network alone is not enough. A model with other names of genres may have the same network.
    """
    undated = msgspec.structs.replace(manifest, created=date.min)
    return hashlib.sha256(encode(undated)).hexdigest()[:8]


def _training(ensemble: Ensemble, data: Dataset, provenance: Provenance) -> Training:
    parts = [
        f"{weight:.3g} x {candidate.name}"
        for weight, candidate in zip(ensemble.weights, ensemble.candidates, strict=True)
    ]
    members = provenance.members
    if members is None:
        members = np.unique(ensemble.held_out.members)
    augmentation = f"; {provenance.augmentation}" if provenance.augmentation else ""
    guarded = GUARDED if ensemble.guards else ""
    return Training(
        data=provenance.data,
        tracks=len(members),
        artists=len(np.unique(data.artists[members])),
        recipe=f"Softmax of {' + '.join(parts)}{augmentation}{guarded}",
        command=provenance.command,
        libraries={name: version(name) for name in ("numpy", "scipy", "scikit-learn", "onnx")},
    )


def write_card(folder: Path, card: str) -> None:
    """Write the card of a model into its bundle."""
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def verify_bundle(folder: Path, ensemble: Ensemble, data: Dataset) -> float:
    """Compare the bundle in `folder` with `ensemble` on every clip of `data`.

    Returns the greatest difference of a probability. Raises ModelError when it is greater than
    TOLERANCE.
    """
    model = load(folder)
    everything = np.arange(len(data))
    tracks = [
        [Features(name, data.inputs[name][clip]) for name in model.specs] for clip in everything
    ]
    given = [[p.probabilities[g] for g in data.genres] for p in model.predict(tracks)]
    wanted = np.exp(ensemble.log_probabilities(data, everything))
    difference = float(np.abs(np.array(given) - wanted).max())
    if difference > TOLERANCE:
        raise ModelError(f"the exported network differs by {difference:.1e} from the fitted one")
    return difference


def _input(name: str, spec_name: str) -> onnx.ValueInfoProto:
    wanted = spec(spec_name)
    shape = ["batch", *(size or "columns" for size in wanted.shape)]
    return helper.make_tensor_value_info(name, _TENSOR_TYPES[wanted.dtype], shape)


def _scalar(name: str, value: float) -> onnx.TensorProto:
    array: NDArray[np.float32] = np.array(value, np.float32)
    return numpy_helper.from_array(array, name)
