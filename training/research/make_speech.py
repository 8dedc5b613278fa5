"""Feature vectors of recorded speech, computed from folders of recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av
import numpy as np

from tagger.audio.formats import open_audio
from tagger.features.mel import RATE, log_mel
from tagger.features.specs import quantised
from training.classifiers.speech_data import SPECS, VECTORS
from training.errors import TrainingDataError
from training.research.band_limited import augment
from training.research.datasets import LevelDataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

SECONDS = 30
CLIPS_A_VOICE = 6
_LEAST_SECONDS = 20


def make_speech(recordings: Path, path: Path = VECTORS) -> int:
    """Write the vectors of recordings in COLLECTION/VOICE/... and return the number of clips.

    The files of a voice are joined, in the order of their names, to clips of 30 s. Raises
    TrainingDataError when `recordings` contains no recordings.
    """
    names, clips = [], []
    for name, samples in voices(recordings):
        names.append(name)
        clips.append(quantised(log_mel(samples, RATE)))
    columns = min(clip.shape[1] for clip in clips)
    data = _dataset(np.array(names), np.stack([clip[:, :columns] for clip in clips]))
    vectors = (data.training_data(spec, np.arange(len(data)))[0] for spec in SPECS)
    # Half precision: half the size, and its error is a thousandth of a standard deviation.
    halved: dict[str, Any] = {s: v.astype(np.float16) for s, v in zip(SPECS, vectors, strict=True)}
    np.savez_compressed(path, collections=np.tile(names, 2), **halved)
    return len(names)


def voices(recordings: Path) -> Iterator[tuple[str, Samples]]:
    """Give the collection and the samples at RATE of every clip of recordings.

    Raises TrainingDataError when `recordings` contains no recordings.
    """
    found = False
    for voice in sorted(recordings.glob("*/*/")):
        for samples in _clips(voice):
            found = True
            yield voice.parent.name, samples
    if not found:
        raise TrainingDataError("no recordings of speech in folders COLLECTION/VOICE", recordings)


def _dataset(names: NDArray[np.str_], levels: NDArray[np.uint8]) -> LevelDataset:
    count = len(names)
    everyone = np.ones(count, bool)
    bare = LevelDataset(names, np.zeros(count, np.intp), ("Speech",), names, everyone, levels, {})
    return augment(bare)


def _clips(voice: Path) -> Iterator[Samples]:
    """Cut the recordings of a voice, one after another, into clips."""
    waiting: Samples = np.zeros(0, np.float32)
    given = 0
    for samples in _decoded(sorted(path for path in voice.rglob("*") if path.is_file())):
        waiting = np.concatenate([waiting, samples])
        while len(waiting) >= SECONDS * RATE:
            yield waiting[: SECONDS * RATE]
            given += 1
            if given == CLIPS_A_VOICE:
                return
            waiting = waiting[SECONDS * RATE :]
    if len(waiting) >= _LEAST_SECONDS * RATE:
        yield waiting


def _decoded(paths: Iterable[Path]) -> Iterator[Samples]:
    """Decode whole files, mono at RATE, short and narrow recordings too; skip other files."""
    for path in paths:
        resampler = av.AudioResampler("flt", "mono", RATE)
        try:
            with path.open("rb") as file, open_audio(file) as container:
                frames = [*container.decode(audio=0), None]
                parts = [part.to_ndarray()[0] for f in frames for part in resampler.resample(f)]
        except (av.FFmpegError, IndexError):
            continue
        if parts:
            yield np.concatenate(parts)
