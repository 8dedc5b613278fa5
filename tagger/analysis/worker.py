"""The analysis that runs in a worker process: decode, log-mel, features, model.

The model is loaded once in each process; no function here uses tags, folders or the store.
Decoders and features are imported by the worker, never by the parent process.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.errors import AudioError, ModelError
from tagger.features.weights import use_folder
from tagger.system import memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tagger.core.domain import Features, Prediction
    from tagger.inference.bundle import Model


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a track that is decoded."""

    offset: float
    """Seconds from the start of the track."""
    length: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """The features of one file's sound."""

    content: str
    """`AudioClip.content_id`."""
    features: tuple[Features, ...]


@dataclass(frozen=True, slots=True)
class Analysis(FeatureSet):
    """Features, with the prediction that a model made of them."""

    prediction: Prediction


@functools.cache
def _model(bundle: Path) -> Model:
    from tagger.inference.bundle import load  # noqa: PLC0415

    return load(bundle)


def prepare(bundle: Path, networks: Path) -> None:
    """Load the model bundle of this process; `analyze` raises the error of an unusable bundle.

    `networks` is the folder of fetched networks.
    """
    memory.keep_freed()
    use_folder(networks)
    with contextlib.suppress(ModelError):
        _model(bundle)


def analyze(path: Path, bundle: Path, window: Window) -> Analysis:
    """Decode a part of a file, compute the inputs of a model, and run the model.

    Args:
        path: The audio file.
        bundle: The folder of the model bundle.
        window: The part of the track.

    Raises:
        AudioError: the file cannot be decoded.
        ModelError: the bundle cannot be run.

    """
    model = _model(bundle)
    found = features(path, model.specs, window)
    return Analysis(found.content, found.features, model.predict([found.features])[0])


def classify(path: Path, bundle: Path, window: Window) -> Prediction:
    """Return the prediction of `analyze` alone, so that the parent needs no NumPy for its result.

    Args:
        path: The audio file.
        bundle: The folder of the model bundle.
        window: The part of the track.

    Raises:
        AudioError: the file cannot be decoded.
        ModelError: the bundle cannot be run.

    """
    return analyze(path, bundle, window).prediction


def features(path: Path, specs: Iterable[str], window: Window) -> FeatureSet:
    """Compute features of a part of a file.

    Args:
        path: The audio file.
        specs: Names of feature specs, such as `statistics-1`.
        window: The part of the track.

    Raises:
        AudioError: the file cannot be decoded.

    """
    from tagger.audio.decode import read_recording  # noqa: PLC0415
    from tagger.features.specs import extract_all  # noqa: PLC0415

    recording = read_recording(path, offset=window.offset, length=window.length)
    try:
        return FeatureSet(recording.content_id, extract_all(specs, recording))
    except AudioError as error:
        raise type(error)(error.reason, path, error.hint) from error


def predict(content: str, features: tuple[Features, ...], bundle: Path) -> Analysis:
    """Run a model on features that were computed before.

    Args:
        content: The content id that the features belong to.
        features: One for each spec of the model.
        bundle: The folder of the model bundle.

    Raises:
        ModelError: the bundle cannot be run, or features are missing.

    """
    return Analysis(content, features, _model(bundle).predict([features])[0])


def predict_all(tracks: Sequence[tuple[Features, ...]], bundle: Path) -> list[Prediction]:
    """Run a model on the features of many tracks, see `predict`.

    Args:
        tracks: For each track, one of the features for each spec of the model.
        bundle: The folder of the model bundle.

    Raises:
        ModelError: the bundle cannot be run, or features are missing.

    """
    return _model(bundle).predict(tracks)
