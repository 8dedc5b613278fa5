"""One track, warm, on one core: reading, features and model, and the same by other programs."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import av
import numpy as np

from benchmarks.measure import Result, in_turn, processor_ms
from tagger.analysis import worker
from tagger.audio.decode import read_recording
from tagger.core.domain import Window
from tagger.features.mel import log_mel
from tagger.features.specs import extract_all
from tagger.features.weights import MN04
from tagger.inference.bundle import load
from tagger.system import memory
from tagger.system.resources import data_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tagger.inference.bundle import Model

    Peer = Callable[[Path], None]

SECONDS = 30.0
RATE = 44_100
RATES = (16_000, 22_050, 32_000)
FORMATS = {"mp3": "libmp3lame", "flac": "flac", "opus": "libopus", "m4a": "aac"}


def music(folder: Path, form: str, seconds: float) -> Path:
    """Write a stereo file with chords, beats and noise; returns its path."""
    path = folder / f"{seconds:.0f} s.{form}"
    rate = 48_000 if form == "opus" else RATE
    samples = _sound(rate, seconds)
    with av.open(path, "w") as container:
        stream = container.add_stream(FORMATS[form], rate=rate, layout="stereo")
        if form != "flac":
            stream.bit_rate = 256_000
        pcm = (samples * 32_000).astype("<i2").T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm), "s16", "stereo")
        frame.rate = rate
        resampler = av.AudioResampler(stream.codec_context.format, "stereo", rate, 1024)
        for part in (*resampler.resample(frame), None):
            container.mux(stream.encode(part))
    return path


def _sound(rate: int, seconds: float):
    rng = np.random.default_rng(0)
    time = np.arange(round(rate * seconds)) / rate
    chord = sum(np.sin(2 * np.pi * f * time) for f in (110.0, 220.0, 277.2, 329.6, 1318.5))
    beat = rng.normal(size=time.size) * np.exp(-8 * (time % 0.5))
    mono = 0.08 * chord + 0.2 * beat
    return np.stack([mono, 0.7 * mono + 0.01 * rng.normal(size=time.size)])


def bare(path: Path) -> None:
    """Decode SECONDS of a file, and drop the frames."""
    left = SECONDS
    with path.open("rb", buffering=0) as file, av.open(file) as container:
        for frame in container.decode(audio=0):
            left -= frame.samples / frame.rate
            if left <= 0:
                return


def librosa_recipe(path: Path) -> None:
    """Compute the features of the usual recipe."""
    import librosa  # noqa: PLC0415 - an extra

    y, sr = librosa.load(path, duration=SECONDS)
    of = librosa.feature
    for feature in (
        of.mfcc,
        of.chroma_stft,
        of.spectral_centroid,
        of.spectral_bandwidth,
        of.spectral_rolloff,
        of.spectral_contrast,
    ):
        feature(y=y, sr=sr)
    of.zero_crossing_rate(y)
    of.rms(y=y)
    librosa.beat.beat_track(y=y, sr=sr)


def essentia(path: Path) -> None:
    """Run MusicExtractor on the same part of the file."""
    from essentia import standard  # noqa: PLC0415 - an extra

    standard.MusicExtractor(startTime=0.0, endTime=SECONDS)(str(path))


def bliss(path: Path) -> None:
    """Analyze the whole file, as bliss-audio does."""
    import bliss_audio  # noqa: PLC0415 - an extra

    bliss_audio.Song(str(path))


PEERS = {
    "librosa": (librosa_recipe, 5.0),
    "essentia": (essentia, 20.0),
    "bliss_audio": (bliss, 5.0),
}
"""Module to function, and how many times faster tagger is to be."""
SHORT, TRACK, SONG = 40.0, 60.0, 240.0
"""Seconds of the files: tagger analyzes the same 30 s of SHORT as its peers, of TRACK a later part
as well. bliss-audio analyzes all of SONG."""
WITH_NETWORK = "models/default-efficientat"
MODELS = {"models/default": 130 / 31, WITH_NETWORK: 150 / 31}
"""Bundle to the greatest cost of a track, relative to bare decoding."""
PEER_ROUNDS = 4
"""The first round of librosa compiles a part of it."""


def run(folder: Path, networks: Path):
    """Yield the results of one track."""
    files = {form: music(folder, form, TRACK) for form in FORMATS}
    memory.keep_freed()  # as a worker does
    for form, path in files.items():
        plain, reading = in_turn(lambda p=path: bare(p), lambda p=path: read_recording(p))
        yield Result(f"read 30 s of {form.upper()} at its own rate", reading, "ms", plain, 1.4)
    yield from _resampling(files["mp3"])
    path = files["mp3"]
    short, song = (music(folder, "mp3", seconds) for seconds in (SHORT, SONG))
    for name, aim in MODELS.items():
        if name == WITH_NETWORK and not MN04.are_in(networks):
            continue
        worker.prepare(data_path(name), networks)
        yield from _features(path, load(data_path(name)))
        yield from _whole(path, data_path(name), aim)
        yield from _peers({bliss: [song]}, [short, path], data_path(name))


def _features(path: Path, model: Model):
    """Yield the cost of each input of a model."""
    recording = read_recording(path)
    each = in_turn(*(lambda s=s: extract_all([s], recording) for s in model.specs))
    for spec, cost in zip(model.specs, each, strict=True):
        yield Result(f"features {spec}, with resampling", cost, "ms")


def _whole(path: Path, bundle: Path, aim: float):
    """Yield the cost of one track beside bare decoding."""
    plain, track = in_turn(lambda: bare(path), lambda: whole(path, bundle))
    yield Result(f"one track, {bundle.name}", track, "ms", plain, aim)


def whole(path: Path, bundle: Path) -> None:
    """Analyze a file, as a worker does."""
    worker.analyze(path, bundle, Window(0.0, SECONDS))


def _peers(own: Mapping[Peer, list[Path]], files: list[Path], bundle: Path):
    """Yield the cost of one track beside each peer, on its own files or on `files`."""
    for module, (peer, times) in PEERS.items():
        for file in own.get(peer, files):
            if _runs(peer.__name__, file):
                other, track = _beside(peer, lambda file: whole(file, bundle), file)
                name = f"one track of {file.stem}, {bundle.name}, against {module}"
                yield Result(name, track, "ms", other, 1 / times)


def _resampling(path: Path):
    """Yield the cost of each rate of the inputs, Hz, and of the log-mel of the earlier model."""
    recording = read_recording(path)
    for rate, cost in zip(
        RATES, in_turn(*(lambda r=r: recording.clip(r) for r in RATES)), strict=True
    ):
        yield Result(f"resampling 30 s from 44,100 to {rate:,} Hz", cost, "ms")
    clip = recording.clip()
    (levels,) = in_turn(lambda: log_mel(clip.samples, clip.rate))
    yield Result("log-mel of 22 kHz, for the statistics alone", levels, "ms")


def _beside(peer: Peer, analyze: Peer, file: Path):
    """Return the least time of a peer and of tagger, ms; in turn, the peer in its own process.

    This process keeps freed memory, as a worker does, from which a peer would gain.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as own:
        rounds = [
            (own.submit(processor_ms, peer, file).result(), processor_ms(analyze, file))
            for _ in range(PEER_ROUNDS)
        ]
    return map(min, zip(*rounds, strict=True))


def _runs(name: str, path: Path) -> bool:
    """Return whether a peer is installed and runs here; a wheel may need another processor."""
    code = f"import sys; from benchmarks.track import {name} as run; run(sys.argv[1])"
    found = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=False)
    return found.returncode == 0
