"""The analysis of one file for an explanation: more than a decision needs, in a worker process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tagger.analysis import worker
from tagger.audio.decode import SAMPLE_RATE, Recording
from tagger.errors import AudioError
from tagger.features.describe import Description, describe
from tagger.features.mel import RATE, log_mel
from tagger.features.specs import extract_all
from tagger.inference.bundle import load

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tagger.core.domain import Features, Prediction, Window

STEP = 5
"""Seconds of each part whose prediction is computed alone."""
_DESCRIBED = "musicnn-3"


@dataclass(frozen=True, slots=True)
class Portrait:
    """One file: its prediction, the sound of its first part, and the predictions for parts."""

    prediction: Prediction
    features: tuple[Features, ...]
    """The inputs of the model, those of the first part first."""
    description: Description
    seconds: float
    levels: NDArray[np.uint8]
    """Log-mel levels, shape (N_MELS, columns)."""
    course: tuple[Prediction, ...]
    """The predictions for `STEP` seconds of the first part by themselves."""
    later: Prediction | None = None
    """The prediction for the later part by itself, None for a short file."""


def portrait(path: Path, bundle: Path, window: Window) -> Portrait:
    """Analyze a part of a file.

    Args:
        path: The audio file.
        bundle: The folder of the model bundle.
        window: The part of the track.

    Raises:
        AudioError: the file cannot be decoded.
        ModelError: the bundle cannot be run.

    """
    model = load(bundle)
    recording = worker.recording_of(path, window)
    features = worker.inputs_of(path, model, recording)
    (described,) = worker.extracted(path, [_DESCRIBED], recording)
    samples = recording.clip().samples
    levels = log_mel(samples, RATE).levels
    course = []
    for start in range(0, len(samples), STEP * SAMPLE_RATE):
        part = Recording.of(samples[start : start + STEP * SAMPLE_RATE], SAMPLE_RATE)
        try:
            course.append(model.predict([extract_all(model.specs, part)])[0])
        except AudioError:  # a short or silent end
            break
    return Portrait(
        model.predict([features])[0],
        features,
        describe(samples, levels, np.asarray(described.values, np.float32)),
        recording.length,
        np.rint(levels * 255).astype(np.uint8),
        tuple(course),
        model.predict_later(features),
    )
