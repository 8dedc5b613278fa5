"""`tagger train --from known-artists`: the owner's own music, labelled by the artists list.

A label is the set of genres that the list has for an artist, or the genres that the owner gave. No
genre that tagger wrote is a label. The clips are learned beside those of the default model. A fifth
of the artists is held out, and the new model has to be right more often on their clips.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tagger.core import genres as names
from tagger.core.domain import AnalysisKey
from tagger.core.families import families
from tagger.evidence.credits import list_level
from tagger.evidence.names import key
from tagger.inference.bundle import load
from tagger.inference.in_use import model_in_use
from tagger.inference.registry import ModelRegistry
from tagger.library.known_artists import open_list
from tagger.pipeline import build
from training.data.dataset import parts
from training.data.features import FeatureReader, UnusableFile
from training.data.vectors import Vectors, artist_keys, as_dataset
from training.errors import TrainingDataError
from training.evaluation import compare
from training.evaluation.claims import Scale
from training.evaluation.measure import accuracy
from training.evaluation.metrics import stand_in_albums
from training.labels.collect import library
from training.labels.genre_names import GenreNames
from training.matching.normalize import main_artist, one_group
from training.models import added_model, user_model
from training.models.ensemble import HeldOut
from training.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tagger.config import Settings
    from tagger.core.domain import Features, Track
    from tagger.inference import Manifest
    from tagger.inference.bundle import Model
    from training.data.dataset import Dataset
    from training.data.file_table import Sample
    from training.data.store import TrainingStore
    from training.evaluation.compare import Comparison, Promote
    from training.export.bundle import Promises
    from training.models.added_model import Base
    from training.models.ensemble import Ensemble
    from training.progress import Progress

COMMAND = "tagger train --from known-artists"
SPLIT = "your library by the artists list, artists held out of training"
MOST_OF_ARTIST = 10
"""Tracks of one artist that are learned at most."""
LEAST_TRACKS = 100
"""Tracks that are needed; `tagger status` offers the training from a thousand on."""
LEAST_HELD_ARTISTS = 5
"""Artists that are held out at least."""
HELD_OUT = 5
"""One artist in five is held out."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A track of the library with the genres that are right for it."""

    track: Track
    artist: str
    """Group of the track: no group is on both sides of a split."""
    names: frozenset[str]
    """The spellings of the artist, see `main_artist`."""
    accept: frozenset[str]


@dataclass(frozen=True, slots=True)
class Learned:
    """The outcome of a training."""

    manifest: Manifest
    comparison: Comparison
    tracks: int
    artists: int
    promoted: bool
    reason: str


def labelled(settings: Settings, store: TrainingStore, genres: Collection[str]) -> list[Labelled]:
    """Return the tracks of the library that can be learned, some of each artist.

    Args:
        settings: With the bundle resolved.
        store: The state database.
        genres: The genres of the default model.

    """
    known = open_list(settings.evidence.artists)
    manifest = load(settings.model.bundle.folder).manifest
    evidence = build.Basis(settings, manifest, store).evidence
    tracks = library(settings, store)
    evidence.prepare()
    found: list[Labelled] = []
    for track in tracks:
        own = frozenset(evidence.owned(track)) & frozenset(genres)
        level = list_level(track.tags, known, genres)
        accept = own or (frozenset(level.shares) if level and level.strength == 1 else frozenset())
        names = main_artist(track.tags.artist) or main_artist(track.tags.album_artist)
        if accept and names:
            found.append(Labelled(track, min(names), names, accept))
    groups = one_group(one.names for one in found)
    by_artist: dict[str, list[Labelled]] = defaultdict(list)
    for one in found:
        by_artist[groups[one.artist]].append(replace(one, artist=groups[one.artist]))
    return [
        one
        for many in by_artist.values()
        for one in sorted(many, key=lambda one: key(str(one.track.path)))[:MOST_OF_ARTIST]
    ]


def learn(
    settings: Settings,
    store: TrainingStore,
    base: Base,
    promote: Promote,
    progress: Progress | None = None,
) -> Learned:
    """Train, measure and promote.

    Args:
        settings: The settings.
        store: The state database.
        base: The training data of the default model.
        promote: When the new model becomes the active model.
        progress: Receives stages and steps.

    Raises:
        TrainingDataError: too few tracks are labelled.

    """
    chosen, progress = settings.model.bundle, progress or Silent()
    settings, present = model_in_use(settings)
    current = user_model.without_held_out(settings.model.bundle.folder)
    clips, others = _training_data(settings, store, base, current, progress)
    progress.stage("measuring", 1)
    needed = user_model.needed_genres(present, store, GenreNames(settings))
    test = _test(clips, others, current, needed)
    progress.stage("fitting", 1)
    whole = _fit(clips.vectors, others)
    models = ModelRegistry(settings.store.folder)
    with models.staging() as workplace:
        manifest = _write(workplace, whole, clips, test, base)
        mute = compare.is_mute(settings, manifest, present)
        comparison = replace(test.comparison, mute=mute, strict=True)
        name = models.install(workplace)
    promoted, reason = compare.promotion(comparison, promote, chosen)
    if promoted:
        models.activate(name)
    artists = len(set(clips.vectors.artists.tolist()))
    return Learned(manifest, comparison, len(clips.vectors), artists, promoted, reason)


def _require(tracks: int, artists: int) -> None:
    if tracks < LEAST_TRACKS or artists < HELD_OUT * LEAST_HELD_ARTISTS:
        raise TrainingDataError(
            f"too little training data: {tracks} tracks have a known artist or your genre;"
            f" {LEAST_TRACKS} tracks of some {HELD_OUT * LEAST_HELD_ARTISTS} artists are needed",
            hint="add music to library.roots, or train with labels of your own",
        )


@dataclass(frozen=True, eq=False)
class _Clips:
    vectors: Vectors
    features: tuple[tuple[Features, ...], ...]
    """Of each clip, for every spec that is needed."""

    @property
    def held(self) -> NDArray[np.bool_]:
        """Which clips are of a held-out artist."""
        return np.array([int(artist) % HELD_OUT == 0 for artist in self.vectors.artists], bool)


@dataclass(frozen=True, eq=False)
class _Test:
    """The held-out clips, and a model without their artists beside the active model."""

    clips: Vectors
    measured: Ensemble
    """The model without them."""
    scores: NDArray[np.float64]
    """Its log-probabilities, shape (clips, genres)."""
    right: NDArray[np.bool_]
    """Whether its likeliest genre is right."""
    comparison: Comparison


def _training_data(
    settings: Settings, store: TrainingStore, base: Base, current: Model, progress: Progress
) -> tuple[_Clips, Vectors]:
    """Return the clips of the library, and those of the default model by other artists."""
    found = labelled(settings, store, base.vectors.genres)
    _require(len(found), HELD_OUT * LEAST_HELD_ARTISTS)
    specs = tuple(dict.fromkeys([*parts(base.vectors.spec), *current.specs]))
    samples = _samples(found, FeatureReader(settings, store, specs), settings, progress)
    clips = _clips(samples, found, specs, store, base.vectors)
    held = set(clips.vectors.artists[clips.held].tolist())
    _require(len(clips.vectors), len(held) * HELD_OUT)
    artists = sorted(frozenset[str]().union(*(one.names for one in found)))
    return clips, base.without(artists).vectors


def _test(clips: _Clips, others: Vectors, current: Model, needed: Collection[str]) -> _Test:
    """Fit a model without the held-out artists, and compare it with the active model."""
    held = clips.held
    measured = _fit(clips.vectors.of(~held), others)
    tested = clips.vectors.of(held)
    scores = np.asarray(measured.fitted[0].scores(tested.inputs), np.float64)
    right = tested.right(scores)
    comparison = compare.compare(
        right.astype(np.float64),
        _right(current, clips, np.flatnonzero(held)).astype(np.float64),
        tested.artists.astype(str),
        compare.lost_genres(others.genres, needed),
    )
    return _Test(tested, measured, scores, right, comparison)


def _write(folder: Path, whole: Ensemble, clips: _Clips, test: _Test, base: Base) -> Manifest:
    """Write the bundle of the model on all clips, with the model of the test inside."""
    everything, held = np.arange(len(clips.vectors)), clips.held
    held_out = HeldOut(everything[held], test.scores)
    data = _dataset(clips.vectors)
    promises = promises_of(np.exp(test.scores), test.clips, base)
    shares = added_model.expected(whole, data, base)
    made = added_model.provenance(base, promises, shares)
    made = replace(made, command=COMMAND, members=everything)
    figures = accuracy(test.right, test.clips.artists.astype(str), SPLIT, COMMAND)
    whole = replace(whole, held_out=held_out)
    manifest = user_model.write(folder, whole, data, made, figures)
    companion = replace(test.measured, held_out=held_out)
    made = replace(made, members=everything[~held])
    user_model.write(folder / user_model.MEASURED, companion, data, made, figures)
    return manifest


def _samples(
    found: Sequence[Labelled], reader: FeatureReader, settings: Settings, progress: Progress
) -> list[Sample]:
    """Return the tracks whose features are in the store, after the rest was computed."""
    with build.tag_jobs(settings) as tag_jobs:
        samples = [reader.sample(one.track.path, tag_jobs) for one in found]
    progress.stage("analyzing", len(samples))
    usable = [sample for sample in samples if not isinstance(sample, UnusableFile)]
    return reader.read(usable, progress.done)[0]


def _clips(
    samples: Sequence[Sample],
    found: Sequence[Labelled],
    specs: tuple[str, ...],
    store: TrainingStore,
    base: Vectors,
) -> _Clips:
    """Join samples with their labels and features; those of `base` are the first of `specs`."""
    genres, joint = base.genres, len(parts(base.spec))
    by_path = {one.track.path: one for one in found}
    kept: list[Labelled] = []
    features: list[tuple[Features, ...]] = []
    for sample in samples:
        if values := store.analyses.features(AnalysisKey.parse(sample.content_id or ""), specs):
            kept.append(by_path[sample.path])
            features.append(values)
    inputs = [np.concatenate([one.values for one in values[:joint]]) for values in features]
    return _Clips(
        Vectors(
            genres,
            np.array(inputs, np.float32).reshape(len(kept), -1),
            np.array([[genre in one.accept for genre in genres] for one in kept], bool).reshape(
                len(kept), len(genres)
            ),
            np.full(len(kept), "library"),
            artist_keys(one.artist for one in kept),
            base.spec,
        ),
        tuple(features),
    )


def _fit(clips: Vectors, kept: Vectors) -> Ensemble:
    """Fit the default model's regression to clips and to the data of other artists."""
    nothing = HeldOut(np.empty(0, np.intp), np.empty((0, len(kept.genres))))
    return added_model.fit_alone(Vectors.joined([kept, clips]), nothing)


def _right(model: Model, clips: _Clips, members: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return on which clips a model predicts a genre that is right."""
    chosen = [
        [features for features in clips.features[member] if features.spec in model.specs]
        for member in members
    ]
    accepted = [
        {names.key(clips.vectors.genres[place]) for place in np.flatnonzero(allowed)}
        for allowed in clips.vectors.allowed[members]
    ]
    answers = model.predict(chosen)
    found = [names.key(a.genre) in right for a, right in zip(answers, accepted, strict=True)]
    return np.array(found, bool)


def _dataset(clips: Vectors) -> Dataset:
    """Return clips with the first of the genres that are right for each."""
    return as_dataset(clips, clips.allowed.argmax(axis=1))


def promises_of(probabilities: NDArray[np.float64], clips: Vectors, base: Base) -> Promises:
    """Raise the default thresholds where the held-out clips need more.

    Args:
        probabilities: Of the held-out clips, shape (clips, genres).
        clips: The held-out clips.
        base: With the default thresholds.

    """
    scale = Scale(clips.genres, families(clips.genres))
    judged = probabilities, clips.allowed, clips.artists, scale
    albums = list(stand_in_albums(_dataset(clips), np.arange(len(clips))))
    return added_model.promises(judged, albums, base, len(clips))
