"""People talking, as feature vectors: what a model must not take for music.

The vectors in `speech.npz` were computed from recordings in Debian's packages, which
docs/training.md lists; nothing of the sound is in them that could be heard. `make_speech` computes
them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from tagger.errors import TrainingDataError
from tagger.features.mel import RATE, log_mel
from tagger.features.specs import quantised
from training.data.dataset import Dataset
from training.research.band_limited import augmented

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

VECTORS = Path(__file__).with_name("speech.npz")
SPECS = ("statistics-1", "musicnn-2")
ABOUT = """\
Speech was shown to it as what is no music: feature vectors of recordings in Debian's packages
(asterisk-core-sounds, asterisk-prompt, klettres, ktuberling, hedgewars: free licences) and of
espeak-ng; nothing of them is in the bundle."""
SECONDS = 30
CLIPS_A_VOICE = 6
_LEAST_SECONDS = 20


@dataclass(frozen=True, eq=False)
class Speech:
    """Clips of speech, then their band-limited copies."""

    collections: NDArray[np.str_]
    """Where each comes from, shape (2 * clips,)."""
    inputs: Mapping[str, NDArray[Any]]
    """By spec, shape (2 * clips, features)."""

    @property
    def clips(self) -> int:
        """How many there are without the copies."""
        return len(self.collections) // 2


@cache
def read_speech(path: Path = VECTORS) -> Speech:
    """Read the vectors that `make_speech` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        inputs = {spec: archive[spec].astype(np.float32) for spec in SPECS}
        return Speech(archive["collections"], inputs)


def make_speech(recordings: Path, path: Path = VECTORS) -> int:
    """Write the vectors of recordings in COLLECTION/VOICE/... and give the number of clips.

    A voice's files are joined, in the order of their names, to clips of 30 s. Raises
    TrainingDataError when there are no recordings.
    """
    names, clips = [], []
    for voice in sorted(recordings.glob("*/*/")):
        for samples in _clips(voice):
            names.append(voice.parent.name)
            clips.append(quantised(log_mel(samples, RATE)))
    if not clips:
        raise TrainingDataError("no recordings of speech in folders COLLECTION/VOICE", recordings)
    columns = min(clip.shape[1] for clip in clips)
    data = _dataset(np.array(names), np.stack([clip[:, :columns] for clip in clips]))
    vectors = (data.lesson(spec, np.arange(len(data)))[0] for spec in SPECS)
    # Half precision: half the size, and its error is a thousandth of a standard deviation.
    halved: dict[str, Any] = {s: v.astype(np.float16) for s, v in zip(SPECS, vectors, strict=True)}
    np.savez_compressed(path, collections=np.tile(names, 2), **halved)
    return len(names)


def _dataset(names: NDArray[np.str_], levels: NDArray[np.uint8]) -> Dataset:
    count = len(names)
    everyone = np.ones(count, bool)
    bare = Dataset(names, np.zeros(count, np.intp), ("Speech",), names, everyone, levels, {})
    return augmented(bare)


def _clips(voice: Path) -> Iterator[Samples]:
    """Cut a voice's recordings, one after another, into clips."""
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
    """Decode files whole, mono at RATE, the short and the narrow too; pass over what is none."""
    for path in paths:
        resampler = av.AudioResampler("flt", "mono", RATE)
        try:
            with av.open(str(path), metadata_errors="replace") as container:
                frames = [*container.decode(audio=0), None]
                parts = [part.to_ndarray()[0] for f in frames for part in resampler.resample(f)]
        except (av.FFmpegError, IndexError):
            continue
        if parts:
            yield np.concatenate(parts)
