"""What runs in a worker process: decode, log-mel, features, model.

The model is loaded once in each process; nothing here knows of tags, folders or the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.audio import read_clip
from tagger.errors import AudioError
from tagger.features import extract, log_mel
from tagger.inference import Model, load

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.domain import Features, Prediction

_models: dict[Path, Model] = {}


@dataclass(frozen=True, slots=True)
class Heard:
    """What one listening gave."""

    content_id: str
    features: tuple[Features, ...]
    prediction: Prediction


def prepare(bundle: Path) -> None:
    """Load the model bundle of this process.

    Raises `ModelError` when it cannot be run.
    """
    _models[bundle] = load(bundle)


def listen(path: Path, bundle: Path, offset: float, length: float) -> Heard:
    """Listen to `length` seconds of a file from `offset` seconds on.

    Raises `AudioError` when it cannot be heard.
    """
    model = _models[bundle]
    clip = read_clip(path, offset=offset, length=length)
    try:
        mel = log_mel(clip.samples, clip.rate)
    except AudioError as error:
        raise type(error)(error.reason, path, error.hint) from error
    features = tuple(extract(spec, mel) for spec in model.specs)
    return Heard(clip.content_id, features, model.predict([features])[0])


def reconsider(content_id: str, features: tuple[Features, ...], bundle: Path) -> Heard:
    """Ask the model again about features that were computed before."""
    return Heard(content_id, features, _models[bundle].predict([features])[0])
