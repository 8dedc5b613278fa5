"""The analysis that runs in a worker process: decode, log-mel, features, model.

The model is loaded once in each process; no function here uses tags, folders or the store.
Decoders and features are imported by the worker, never by the parent process.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.core.domain import Features, Window
from tagger.errors import REPAIR, AudioError, ModelError, StoreDamagedError, UnreadableError
from tagger.features import later
from tagger.features.weights import use_folder
from tagger.system import arrays, memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tagger.audio.decode import Recording
    from tagger.core.domain import PackedFeatures, Prediction
    from tagger.inference.bundle import Model


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


LATER = 5.0
"""Seconds of the later part: 99% of speech, and 0.5% of music, have no likely genre there."""
LEAST_REST = 15.0
"""Seconds after the first part; a shorter rest is not looked at."""


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
    recording = recording_of(path, window)
    found = inputs_of(path, model, recording)
    return Analysis(recording.content_id, found, model.predict([found])[0])


def inputs_of(path: Path, model: Model, recording: Recording) -> tuple[Features, ...]:
    """Compute the inputs of a model, of a later part of the file as well if the model uses it.

    Args:
        path: The audio file.
        model: The model.
        recording: The first part of the file.

    Raises:
        AudioError: the sound cannot be analyzed.

    """
    if model.manifest.later is None:
        return extracted(path, model.specs, recording)
    return _of_both_parts(path, model.specs, recording)


def _of_both_parts(path: Path, specs: Sequence[str], recording: Recording) -> tuple[Features, ...]:
    found = extracted(path, specs, recording)
    part = _later_part(recording) if specs else None  # without specs, the identity is asked for
    return found + _later_features(path, specs, part) if part else found


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
    """Compute features of a part of a file, and of its later part for a model that uses it.

    Args:
        path: The audio file.
        specs: Names of feature specs, such as `statistics-1`.
        window: The part of the track.

    Raises:
        AudioError: the file cannot be decoded.

    """
    recording = recording_of(path, window)
    return FeatureSet(recording.content_id, _of_both_parts(path, tuple(specs), recording))


def recording_of(path: Path, window: Window) -> Recording:
    """Decode a part of a file; raises AudioError."""
    from tagger.audio.decode import read_recording  # noqa: PLC0415

    return read_recording(path, offset=window.offset, length=window.length)


def extracted(path: Path, specs: Iterable[str], recording: Recording) -> tuple[Features, ...]:
    """Return the features of a recording.

    Args:
        path: The file, for the error.
        specs: The names of the feature specs.
        recording: The decoded part of the file.

    Raises:
        AudioError: the sound has no such features, because it is silent for example.

    """
    from tagger.features.specs import extract_all  # noqa: PLC0415

    try:
        return extract_all(specs, recording)
    except AudioError as error:
        raise type(error)(error.reason, path, error.hint) from error


def _later_part(recording: Recording) -> Window | None:
    """Return the part in the middle of the rest of the file, None for a short rest."""
    end = recording.offset + recording.length
    rest = recording.whole - end
    return Window(end + (rest - LATER) / 2, LATER) if rest >= LEAST_REST else None


def _later_features(path: Path, specs: Iterable[str], part: Window) -> tuple[Features, ...]:
    """Return the features of a later part, none where it is silent, damaged or cut off.

    Raises UnreadableError when the operating system refuses the file, as for the first part.
    """
    try:
        recording = recording_of(path, part)
        found = extracted(path, specs, recording) if recording.offset == part.offset else ()
    except UnreadableError:  # tried again at the next scan, and not remembered as without the part
        raise
    except AudioError:
        return ()
    return tuple(Features(later(one.spec), one.values) for one in found)


def predict(content: str, features: tuple[PackedFeatures, ...], bundle: Path) -> Analysis:
    """Run a model on features that were computed before, which the result does not repeat.

    Args:
        content: The content id that the features belong to.
        features: See `predict_all`.
        bundle: The folder of the model bundle.

    Raises:
        ModelError: as `predict_all` raises it.
        StoreDamagedError: as `predict_all` raises it.

    """
    return Analysis(content, (), predict_all([features], bundle)[0])


def predict_all(tracks: Sequence[tuple[PackedFeatures, ...]], bundle: Path) -> list[Prediction]:
    """Run a model on the features of many tracks that were computed before.

    Args:
        tracks: For each track, one of the features for each spec of the model.
        bundle: The folder of the model bundle.

    Raises:
        ModelError: the bundle cannot be run, or features are missing.
        StoreDamagedError: stored features cannot be read.

    """
    return _model(bundle).predict([list(map(_unpacked, features)) for features in tracks])


def _unpacked(features: PackedFeatures) -> Features:
    try:
        return Features(features.spec, arrays.from_bytes(features.data))
    except ValueError as error:
        raise StoreDamagedError(f"the state database is damaged: {error}", hint=REPAIR) from error
