"""What runs in a worker process: decode, log-mel, features, model.

The model is loaded once in each process; nothing here knows of tags, folders or the store.
Decoders and features are imported by the process that listens, not by the one that asks.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger import inference
from tagger.errors import AudioError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tagger.core.domain import Features, Prediction


@functools.cache
def _model(bundle: Path) -> inference.Model:
    return inference.load(bundle)


@dataclass(frozen=True, slots=True)
class Listened:
    """What a file sounds like, before anybody thinks about it."""

    content_id: str
    features: tuple[Features, ...]


@dataclass(frozen=True, slots=True)
class Heard(Listened):
    """What one listening gave."""

    prediction: Prediction


def prepare(bundle: Path) -> None:
    """Load the model bundle of this process; one that cannot be run is refused by `listen`."""
    with contextlib.suppress(ModelError):
        _model(bundle)


def listen(path: Path, bundle: Path, offset: float, length: float) -> Heard:
    """Listen to `length` seconds of a file from `offset` seconds on.

    Raises `AudioError` when it cannot be heard, `ModelError` when the bundle cannot be run.
    """
    model = _model(bundle)
    listened = features(path, model.specs, offset, length)
    return Heard(listened.content_id, listened.features, model.predict([listened.features])[0])


def features(path: Path, specs: Iterable[str], offset: float, length: float) -> Listened:
    """Compute features of a part of a file.

    Raises `AudioError` when it cannot be heard.
    """
    from tagger.audio.decode import read_clip  # noqa: PLC0415
    from tagger.features import extract, log_mel  # noqa: PLC0415

    clip = read_clip(path, offset=offset, length=length)
    try:
        mel = log_mel(clip.samples, clip.rate)
    except AudioError as error:
        raise type(error)(error.reason, path, error.hint) from error
    return Listened(clip.content_id, tuple(extract(spec, mel) for spec in specs))


def reconsider(content_id: str, features: tuple[Features, ...], bundle: Path) -> Heard:
    """Ask the model again about features that were computed before."""
    return Heard(content_id, features, _model(bundle).predict([features])[0])
