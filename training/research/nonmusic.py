"""Vectors of non-music: noises made by program, and recorded speech in many manners.

`nonmusic.npz` holds them; `make_nonmusic` computes them again from recordings of speech in folders
COLLECTION/VOICE, which docs/research.md lists, and from songs to mix with them. Nothing of the
sound is in the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from tagger.audio.decode import read_recording
from tagger.features.efficientat import efficientat
from tagger.features.frames import RATE, patches
from tagger.features.mel import RATE as LEVELS_RATE
from tagger.features.musicnn import sound_musicnn
from tagger.features.wideband import RATE as WIDEBAND_RATE
from tagger.features.wideband import wideband_mel
from training.research.make_speech import voices
from training.research.noises import any_noise, noises

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

NONMUSIC = Path(__file__).with_name("nonmusic.npz")
_LONGEST_ROOM = 2**20


def make_nonmusic(recordings: Path | None, songs: Sequence[Path], path: Path = NONMUSIC) -> int:
    """Write the vectors and return their number; the weights of EfficientAT are needed.

    Args:
        recordings: Speech in folders COLLECTION/VOICE; without it, the file keeps its speech.
        songs: Files of music to mix with the speech.
        path: The file to write.

    """
    rows = _rows((f"noise: {kind}", f"noise: {kind}", noise) for kind, noise in noises())
    speech = _rows(_speech(recordings, songs)) if recordings else _kept_speech(path)
    both: dict[str, Any] = {name: np.concatenate([rows[name], speech[name]]) for name in rows}
    np.savez_compressed(path, **both)
    return len(both["sources"])


def _speech(recordings: Path, songs: Sequence[Path]) -> Iterator[tuple[str, str, NDArray[Any]]]:
    """Yield the source, the kind and the samples of each clip of speech."""
    spoken = [
        (name, soxr.resample(clip, LEVELS_RATE, RATE, "HQ").astype(np.float64))
        for name, clip in voices(recordings)
    ]
    for place, (name, _) in enumerate(spoken):
        for manner, clip in _manners(place, [clip for _, clip in spoken], songs):
            yield f"speech: {name}", manner, clip


def _rows(clips: Iterable[tuple[str, str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Return the arrays of the file for clips with their sources and kinds."""
    sounds, levels, sources, kinds = [], [], [], []
    for source, kind, clip in clips:
        sounds.append(sound_musicnn()(patches(clip.astype(np.float32))))
        levels.append(efficientat()(_wideband(clip)))
        sources.append(source)
        kinds.append(kind)
    # Half precision: half the size, and its error is a thousandth of a standard deviation.
    return {
        "musicnn-3": np.stack(sounds).astype(np.float16),
        "efficientat-1": np.stack(levels).astype(np.float16),
        "sources": np.array(sources),
        "kinds": np.array(kinds),
    }


def _kept_speech(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as archive:
        speech = ~np.char.startswith(archive["sources"], "noise: ")
        return {name: archive[name][speech] for name in archive.files}


def _wideband(clip: NDArray[Any]) -> NDArray[np.float32]:
    return wideband_mel(soxr.resample(clip, RATE, WIDEBAND_RATE, "HQ").astype(np.float32))


def _manners(
    place: int, spoken: Sequence[Samples], songs: Sequence[Path]
) -> Iterator[tuple[str, Samples]]:
    """Give one clip of speech as it is, in a room, cut, in noise, with a voice, over music."""
    random = np.random.default_rng(place)
    clip = spoken[place]
    level = clip.std()
    yield "speech", clip
    yield "speech in a room", _in_a_room(clip, random)
    yield "speech, narrow band", _cut(clip, random.choice([3400, 4000, 5500]))
    noise = any_noise(random, len(clip))
    yield "speech in noise", clip / level + 10 ** (-random.uniform(3, 25) / 20) * noise
    other = spoken[int(random.integers(len(spoken)))]
    both = min(len(clip), len(other))
    yield "two voices", clip[:both] / level + random.uniform(0.3, 1) * other[:both] / other.std()
    song = read_recording(songs[int(random.integers(len(songs)))]).clip(RATE).samples
    both = min(len(clip), len(song))
    softly = 10 ** (-random.uniform(4, 15) / 20) * song[:both] / song.std()
    yield "speech over music", clip[:both] / level + softly


def _in_a_room(clip: Samples, random: np.random.Generator) -> Samples:
    length = int(random.uniform(0.15, 1.5) * RATE)
    echo = random.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    echo[0] += random.uniform(1, 12)
    spectrum = np.fft.rfft(clip, _LONGEST_ROOM) * np.fft.rfft(echo, _LONGEST_ROOM)
    heard: Samples = np.fft.irfft(spectrum, _LONGEST_ROOM)[: len(clip)]
    return heard


def _cut(clip: Samples, hz: float) -> Samples:
    spectrum = np.fft.rfft(clip)
    spectrum[int(hz / RATE * len(clip)) :] = 0
    cut: Samples = np.fft.irfft(spectrum, len(clip))
    return cut
