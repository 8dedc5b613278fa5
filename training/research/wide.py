"""The default models: 16 genres from sets, measured on sources that were left out.

One recipe makes both. The first uses the inputs that tagger contains, the second those of
EfficientAT as well, where the user has fetched that network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct, structs
from scipy.special import expit

from tagger.core.families import families
from tagger.core.pooling import Pooling
from tagger.features import SOUNDS_SPEC
from tagger.features.efficientat import EMBEDDING
from tagger.features.sounds import MUSIC
from tagger.inference.manifest import Written
from training.data.vectors import VECTORS_FILE, Vectors, as_dataset, split_inputs
from training.evaluation.claims import (
    Claims,
    Scale,
    album_claims,
    album_indices,
    operating_points,
    track_claims,
)
from training.evaluation.measure import PROMISE, accuracy, rounded
from training.evaluation.metrics import ALBUM_TRACKS
from training.export.bundle import Promises, Provenance, publish
from training.models.added_model import fit_alone, raised
from training.models.ensemble import HeldOut
from training.research.left_out import left_out_probabilities
from training.research.libraries import weighed
from training.research.wide_data import GENRES, Songs, read_nonmusic, read_songs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from tagger.core.thresholds import OperatingPoints
    from tagger.inference.manifest import Evaluation, Manifest

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

COMMAND = "python -m training.research wide --data DATA"
COMMAND_WITH_NETWORK = f"{COMMAND} --network FILE"
PROMISES = (0.85, PROMISE, 0.95)
POOLING = Pooling(0.0, ALBUM_TRACKS)
"""An album counts as one track. With the likeliest exponent, more unknown albums get a genre."""
ALONE = "collections left out, artists apart; the interval is over collections"
IN_LIBRARY = f"{ALONE}; each collection is a library"
LARGE_SOURCE = 60
"""Clips from which on a source has a figure of its own."""
ABOUT = """\
Vectors of 2,659 clips of songs, computed by musicnn (Pons and Serra, 2019; ISC licence){more}.
The clips are a research set of commercial previews (Panda et al. 2018), Magnatune (CC BY-NC-SA),
and cuts of commercial recordings. The recordings have no licence stated and were gathered for
research. The bundle has none of the sound, and nobody may pass it on. Artists are numbers that
tell them apart. Labels are sets of genres that collectors accept for a song, from general
knowledge of artist and title. Speech comes from Debian's packages asterisk-core-sounds,
asterisk-prompt, klettres, ktuberling and hedgewars (free licences). Noises are made by program."""
ABOUT_NETWORK = """
and EfficientAT mn04 (Schmid, Koutini and Widmer, 2023; MIT licence; not part of the bundle)"""
LOST_MUSIC = 0.01
"""Share of the songs that may sound like no music to EfficientAT."""
LOST_LATER = 0.01
"""Share of the songs whose later part may count as no music."""


class WideFigure(Struct, frozen=True):
    """What a promise came to on left-out clips."""

    part: str
    """`all`, `source`, `genre`, `albums`, `unknown`, `unknown albums` or `no music`.

    `written genre` has the clips that get a genre. With `library`, each source is a library.
    """
    name: str
    promise: float
    clips: int
    written: float
    """Share of the clips that get a genre or a family."""
    right: float | None
    """Precision of the written genres; None where none is written."""
    threshold: float | None = None


@dataclass(frozen=True)
class Promise:
    """A promised precision with the threshold for it."""

    precision: float
    threshold: float | None

    def figure(self, part: str, name: str, claims: Claims) -> WideFigure:
        """Measure the promise on clips.

        Args:
            part: See `WideFigure.part`.
            name: The name of the clips within the part.
            claims: Of the clips.

        """
        right, written = claims.outcome(self.threshold)
        share = None if right is None else rounded(right)
        clips = len(claims.right)
        return WideFigure(
            part, name, self.precision, clips, rounded(written), share, self.threshold
        )


@dataclass(frozen=True, eq=False)
class LeftOut:
    """The data of the default model with the predictions for left-out sources."""

    songs: Songs
    nonmusic: Vectors
    kinds: NDArray[Any]
    probabilities: Array
    """Of the songs, then of non-music, shape (clips, genres)."""
    scale: Scale
    promises: Promises
    music: float | None
    """The least probability of music, with EfficientAT."""
    later: float
    """See `Manifest.later`."""

    @property
    def expected(self) -> Array:
        """See `Manifest.expected`, shape (genres,)."""
        return expected(self.probabilities[: len(self.songs.vectors)])

    @property
    def in_library(self) -> Array:
        """The probabilities of the songs, each source a library, shape (songs, genres)."""
        songs = self.songs.vectors
        return weighed(
            self.probabilities[: len(songs)], songs.sources, self.scale.genres, self.expected
        )

    @property
    def tracks(self) -> Claims:
        """Every song by itself."""
        return self.claims(self.probabilities[: len(self.songs.vectors)])

    def claims(self, probabilities: Array) -> Claims:
        """Judge every song by probabilities of shape (songs, genres)."""
        songs = self.songs.vectors
        return track_claims(probabilities, songs.allowed, songs.sources, self.scale)

    @property
    def albums(self) -> Claims:
        """Every song that has another one by its artist in its source, with these."""
        return self.album_claims(self.probabilities[: len(self.songs.vectors)])

    def album_claims(self, probabilities: Array) -> Claims:
        """Judge the songs of albums by probabilities of shape (songs, genres)."""
        songs = self.songs.vectors
        grouping = (
            album_indices(songs.artists, songs.sources, self.songs.known),
            self.promises.pooling,
        )
        return album_claims(probabilities, songs.allowed, songs.sources, self.scale, grouping)


def leave_out(data: Path, network: Path | None = None) -> LeftOut:
    """Read the data and predict every clip without its source and artist.

    Args:
        data: The folder of the data.
        network: The published file of EfficientAT, for the model with that network.

    """
    songs = read_songs(data, network)
    nonmusic, kinds = read_nonmusic(songs.vectors.spec)
    every = Vectors.joined([songs.vectors, nonmusic])
    probabilities = left_out_probabilities(every)
    music = music_threshold(songs.vectors) if network else None
    later = later_threshold(probabilities[: len(songs.vectors)])
    if music is not None:  # as with an even share, no genre is written
        probabilities[music_probabilities(every) < music] = 1 / len(GENRES)
    scale = Scale(GENRES, families(GENRES))
    found = promises_everywhere(probabilities[: len(songs.vectors)], songs, scale)
    return LeftOut(songs, nonmusic, kinds, probabilities, scale, found, music, later)


def music_probabilities(vectors: Vectors) -> Array:
    """Return the probability of music by EfficientAT, shape (clips,)."""
    logits = split_inputs(vectors)[SOUNDS_SPEC][:, EMBEDDING + MUSIC]
    probabilities: Array = expit(logits.astype(np.float64))
    return probabilities


def music_threshold(songs: Vectors) -> float:
    """Return the least probability of music of all songs but LOST_MUSIC."""
    return math.floor(100 * np.quantile(music_probabilities(songs), LOST_MUSIC)) / 100


def later_threshold(probabilities: Array) -> float:
    """Return the least confidence of all songs but LOST_LATER.

    `probabilities` are those of the left-out songs, shape (songs, genres).
    """
    confidence = float(np.quantile(probabilities.max(axis=1), LOST_LATER))
    return math.floor(100 * confidence) / 100


def expected(probabilities: Array) -> Array:
    """Return the mean probability of each genre, shape (genres,), of left-out songs."""
    shares: Array = probabilities.mean(axis=0)
    return shares


def promises_everywhere(probabilities: Array, songs: Songs, scale: Scale) -> Promises:
    """Find thresholds that hold for songs by themselves and for songs in their libraries.

    Args:
        probabilities: Of the left-out clips, shape (clips, genres).
        songs: The clips with their genres and artists.
        scale: The genres and their families.

    """
    shares = expected(probabilities)
    in_library = weighed(probabilities, songs.vectors.sources, scale.genres, shares)
    alone, there = (promises(found, songs, scale) for found in (probabilities, in_library))
    return replace(
        alone,
        tracks=raised(alone.tracks, there.tracks, len(probabilities)),
        albums=raised(alone.albums, there.albums, len(probabilities)),
    )


def promises(probabilities: Array, songs: Songs, scale: Scale) -> Promises:
    """Find thresholds.

    For albums, clips of one artist in one source are pooled, and other clips are by themselves. A
    promise must hold on the pooled clips alone as well.

    Args:
        probabilities: Of the left-out clips, shape (clips, genres).
        songs: The clips with their genres and artists.
        scale: The genres and their families.

    """
    vectors = songs.vectors
    tracks = track_claims(probabilities, vectors.allowed, vectors.sources, scale)
    albums = album_indices(vectors.artists, vectors.sources, songs.known)
    grouping = albums, POOLING
    pooled = album_claims(probabilities, vectors.allowed, vectors.sources, scale, grouping)
    single = np.ones(len(vectors), bool)
    single[np.concatenate(albums)] = False
    together = Claims.joined([tracks.of(single), pooled])
    return Promises(
        operating_points(tracks), operating_points(together, pooled), POOLING, dict(scale.families)
    )


def figures(left: LeftOut) -> Iterator[WideFigure]:
    """Measure the promises on the left-out clips."""
    songs, tracks, pooled = left.songs, left.tracks, left.albums
    in_library = left.in_library
    there, pooled_there = left.claims(in_library), left.album_claims(in_library)
    for promise in PROMISES:
        at = Promise(promise, left.promises.tracks.threshold(promise, ""))
        yield at.figure("all", "all sources", tracks)
        yield at.figure("library", "all sources", there)
        at = Promise(promise, left.promises.albums.threshold(promise, ""))
        for name, part in _albums(pooled.sources).items():
            yield at.figure("albums", name, pooled.of(part))
            yield at.figure("library albums", name, pooled_there.of(part))
    at = Promise(PROMISE, left.promises.tracks.threshold(PROMISE, ""))
    alone = left.probabilities[: len(songs.vectors)]
    for written, claims, found in (
        ("written genre", tracks, alone),
        ("library written genre", there, in_library),
    ):
        likeliest = found.argmax(axis=1)
        for place, genre in enumerate(GENRES):
            yield at.figure(written, genre, claims.genres_of(likeliest == place))
    for name, size in zip(*np.unique(tracks.sources, return_counts=True), strict=True):
        if size >= LARGE_SOURCE:
            yield at.figure("source", str(name), tracks.of(tracks.sources == name))
            yield at.figure("library source", str(name), there.of(tracks.sources == name))
    for place, genre in enumerate(GENRES):
        yield at.figure("genre", genre, tracks.of(songs.best == place))
    others = left.nonmusic
    rest = track_claims(
        left.probabilities[len(songs.vectors) :], others.allowed, others.sources, left.scale
    )
    for kind in np.unique(left.kinds):
        yield at.figure("no music", str(kind), rest.of(left.kinds == kind))


def build(left: LeftOut, folder: Path, created: date) -> Manifest:
    """Fit the model to everything, and write and verify its bundle.

    Args:
        left: The measurement on left-out clips.
        folder: The folder of the bundle.
        created: The date in the manifest.

    Raises:
        ModelError: the exported network differs from the fitted model.

    """
    songs = left.songs.vectors
    every = Vectors.joined([songs, left.nonmusic])
    held_out = HeldOut(np.arange(len(songs)), np.log(left.probabilities[: len(songs)] + 1e-12))
    ensemble = fit_alone(every, held_out)
    files = {VECTORS_FILE: every.encode()}
    with_network = left.music is not None
    made = Provenance(
        "efficientat-wide" if with_network else "wide",
        created,
        ABOUT.format(more=ABOUT_NETWORK if with_network else ""),
        COMMAND_WITH_NETWORK if with_network else COMMAND,
        promises=left.promises,
        files=files,
        music=left.music,
        later=left.later,
        expected=left.expected,
    )
    found = {
        "left_out": evaluation(left, left.probabilities[: len(songs)], ALONE),
        "in_library": evaluation(left, left.in_library, IN_LIBRARY),
    }
    return publish(folder, ensemble, as_dataset(songs, left.songs.best), made, found)


def evaluation(left: LeftOut, probabilities: Array, split: str) -> Evaluation:
    """Summarize left-out figures for the manifest.

    Args:
        left: The data.
        probabilities: Of the songs, shape (songs, genres).
        split: What they are.

    """
    tracks, pooled = left.claims(probabilities), left.album_claims(probabilities)
    command = COMMAND if left.music is None else COMMAND_WITH_NETWORK
    return structs.replace(
        accuracy(tracks.right, tracks.sources, split, command),
        written=_written(tracks, left.promises.tracks),
        album_accuracy=rounded(pooled.right.mean()),
        album_written=_written(pooled, left.promises.albums),
    )


def _written(claims: Claims, points: OperatingPoints) -> Written | None:
    right, written = claims.outcome(points.threshold(PROMISE, ""))
    return None if right is None else Written(PROMISE, rounded(right), rounded(written))


def _albums(sources: NDArray[Any]) -> dict[str, Mask]:
    research = np.char.startswith(sources.astype(str), "4q")
    return {"4q": research, "others": ~research, "all": np.ones(len(sources), bool)}
