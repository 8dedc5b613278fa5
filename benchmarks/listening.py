"""Where the time of listening to one track goes, on one core.

    python benchmarks/listening.py [MUSIC_FILE]...

Prints the median of each step in milliseconds. Without files, 30 s of noise are heard as WAV.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import wave
from collections import defaultdict
from pathlib import Path

import numpy as np

from tagger.audio.decode import SAMPLE_RATE, read_recording
from tagger.features.specs import extract_all
from tagger.inference.bundle import load
from tagger.system.resources import data_path

ROUNDS = 15


def main(paths: list[Path]) -> None:
    """Time every step on every file."""
    model = load(data_path("models/default"))
    spent: defaultdict[str, list[float]] = defaultdict(list)
    for path in paths * max(1, ROUNDS // len(paths)):
        heard = _timed(spent["decode"], lambda path=path: read_recording(path))
        features = _timed(spent["features"], lambda heard=heard: extract_all(model.specs, heard))
        _timed(spent["model"], lambda features=features: model.predict([features]))
    for step, seconds in spent.items():
        print(f"{step:10} {1000 * statistics.median(seconds):7.1f} ms")


def _timed(into, work):
    began = time.perf_counter()
    result = work()
    into.append(time.perf_counter() - began)
    return result


def _noise(folder: str) -> Path:
    path = Path(folder, "noise.wav")
    samples = np.random.default_rng(0).normal(0, 3000, 30 * SAMPLE_RATE).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    return path


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main([Path(name) for name in sys.argv[1:]] or [_noise(folder)])
