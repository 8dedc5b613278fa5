"""The user's genres beside those of the default model: one model that learns both together.

The default bundle carries its training vectors. The user's labels override them: vectors of artists
with a label of the user's are left out. The probabilities stay those of the regression, so that the
default thresholds hold; the user's held-out tracks can raise them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import structs

from tagger.core import genres as names
from tagger.core.families import families
from tagger.core.thresholds import OperatingPoint, OperatingPoints
from tagger.inference import read_manifest
from tagger.inference.manifest import Written
from training.classifiers.softmax import AddedGenres, fit_vectors
from training.data.dataset import parts
from training.data.vectors import VECTORS_FILE, Vectors, artist_keys, split_inputs
from training.errors import TrainingDataError
from training.evaluation.claims import Scale, album_claims, operating_points, track_claims
from training.evaluation.measure import PROMISE, accuracy, rounded
from training.evaluation.metrics import LEAST_WRITTEN, stand_in_albums
from training.export.bundle import Promises, Provenance
from training.models.ensemble import Ensemble, HeldOut, combined, train
from training.models.own_genres import other_music, points_of_genre
from training.models.recipe import Recipe
from training.models.user_model import COMMAND, PREFIX, today, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tagger.inference.manifest import Evaluation, Manifest
    from training.data.dataset import Dataset
    from training.evaluation.claims import Claims
    from training.evaluation.cross_validation import Execution, HeldOutScores
    from training.models.own_genres import OtherMusic

    Indices = NDArray[np.intp]
    Judged = tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[Any], Scale]
    """Probabilities, genres that are right, artists and scale, as `track_claims` takes them."""

SPLIT = "your library, artists held out of training; a parent genre counts as right"
ABOUT = """\
Your own music library beside the training data of the default model, whose card describes it."""


@dataclass(frozen=True, eq=False)
class Base:
    """The training vectors of the default model, and its promises."""

    vectors: Vectors
    promises: Promises
    music: float | None
    """See `Manifest.music`."""
    later: float | None = None
    """See `Manifest.later`."""

    @property
    def specs(self) -> set[str]:
        """The feature specs of the vectors."""
        return set(parts(self.vectors.spec))

    def without(self, artists: Iterable[str]) -> Base:
        """Leave out the vectors of some artists, by spellings of their names."""
        labelled = artist_keys(artists)
        return replace(self, vectors=self.vectors.of(~np.isin(self.vectors.artists, labelled)))


def read_base(bundle: Path) -> Base:
    """Read the default model in the folder `bundle`.

    Raises ModelError for a damaged manifest, and TrainingDataError without training vectors.
    """
    manifest = read_manifest(bundle)
    try:
        vectors = Vectors.decode((bundle / VECTORS_FILE).read_bytes())
    except (OSError, ValueError, KeyError) as error:
        raise TrainingDataError(
            f"no training vectors: {error}",
            bundle,
            "install tagger again, or train on your genres alone with --only-mine",
        ) from error
    promises = Promises(manifest.tracks, manifest.albums, manifest.pooling, manifest.families)
    return Base(vectors, promises, manifest.music, manifest.later)


def with_default_genres(data: Dataset, base: Base) -> Dataset:
    """Return the user's clips with the genres of both; the user's spelling counts."""
    own = {names.key(genre): genre for genre in data.genres}
    every = {names.key(genre): genre for genre in base.vectors.genres} | own
    genres = tuple(sorted(every.values()))
    places = np.array([genres.index(genre) for genre in data.genres])
    return replace(data, genres=genres, labels=places[data.labels])


def _classifier(data: Dataset, base: Base) -> AddedGenres:
    keys = [names.key(genre) for genre in data.genres]
    places = tuple(keys.index(names.key(genre)) for genre in base.vectors.genres)
    return AddedGenres(base.vectors, places)


def fit_alone(vectors: Vectors, held_out: HeldOut) -> Ensemble:
    """Fit the regression to vectors alone; `held_out` are predictions for its clips."""
    classifier = AddedGenres(vectors, tuple(range(len(vectors.genres))))
    return Ensemble((classifier,), (fit_vectors(vectors),), np.ones(1), (), held_out)


def other_music_for(data: Dataset, base: Base, execution: Execution) -> OtherMusic | None:
    """Score the songs of the default model, where the user's clips have genres that it lacks.

    Args:
        data: The user's clips, with the genres of `with_default_genres`.
        base: Without the artists of the clips.
        execution: Where the fits run.

    """
    if names.keys(data.genres) == names.keys(base.vectors.genres):
        return None
    return other_music(data, _classifier(data, base), execution)


def expected(ensemble: Ensemble, data: Dataset, base: Base) -> NDArray[np.float64]:
    """Return the mean probability of each genre for the base and the user's clips together.

    Args:
        ensemble: The fitted model.
        data: The user's clips.
        base: The training vectors of the default model.

    """
    of_base = split_inputs(base.vectors.of(base.vectors.music))
    inputs = {spec: np.concatenate([of_base[spec], data.inputs[spec]]) for spec in ensemble.specs}
    shares: NDArray[np.float64] = np.exp(ensemble.predict(inputs)).mean(axis=0)
    return shares


def provenance(base: Base, promises: Promises, shares: NDArray[np.float64]) -> Provenance:
    """Return the origin of a model that learned the user's clips beside those of the default model.

    Args:
        base: The training data of the default model.
        promises: Of the new model.
        shares: See `expected`.

    """
    return Provenance(
        PREFIX,
        today(),
        ABOUT,
        COMMAND,
        promises=promises,
        music=base.music,
        later=base.later,
        expected=shares,
    )


@dataclass(frozen=True, eq=False)
class BesideDefault:
    """A model of the user's genres beside those of the default model.

    The rules for the user's tracks are those of a scan: a parent or the family of a label is right.
    """

    data: Dataset
    """With the genres of `with_default_genres`."""
    base: Base
    """Without the artists of the data."""
    parents: Callable[[str], tuple[str, ...]]
    """See `GenreNames.parents`."""
    others: OtherMusic | None = None
    """Other music, where the new model has genres that the default model lacks."""

    @property
    def recipe(self) -> Recipe:
        """The regression alone."""
        return Recipe(((_classifier(self.data, self.base),),), repeats=1, guards=())

    def fit(self, members: Indices, scores: HeldOutScores) -> Ensemble:
        """Fit to clips, and take the probabilities of the regression as they are.

        `members` are indices into the data, `scores` their scores by the recipe's cross-validation.
        """
        ensemble = train(self.recipe, self.data, members, scores)
        weights = np.ones(1)
        logs = combined([scores[ensemble.candidates[0].name]], weights)
        return replace(ensemble, weights=weights, held_out=HeldOut(members, logs))

    def write(self, folder: Path, ensemble: Ensemble, figures: Evaluation) -> Manifest:
        """Write and verify the bundle of an ensemble, see `write`; `figures` are held-out."""
        shares = expected(ensemble, self.data, self.base)
        made = provenance(self.base, self.promises(ensemble), shares)
        return write(folder, ensemble, self.data, made, figures)

    def promises(self, ensemble: Ensemble) -> Promises:
        """Raise the default thresholds where the held-out tracks of an ensemble need more.

        A new genre needs more where other music gets it.
        """
        held = ensemble.held_out
        albums = list(stand_in_albums(self.data, held.members))
        enough = len(np.unique(held.members))
        found = promises(self._judged(held), albums, self.base, enough)
        own = self._own_points(held)
        return replace(
            found,
            tracks=with_genres(found.tracks, own),
            albums=with_genres(found.albums, own),
        )

    def measure(self, ensemble: Ensemble, held: NDArray[np.intp]) -> Evaluation:
        """Measure an ensemble on tracks of artists that are not in its training data.

        Args:
            ensemble: The model.
            held: Indices into the data.

        """
        predicted = HeldOut(held, ensemble.log_probabilities(self.data, held))
        points = self.promises(ensemble).tracks
        threshold = points.threshold(PROMISE, "")
        claims = self._sure(track_claims(*self._judged(predicted)), predicted, points)
        right, written = claims.outcome(threshold)
        return structs.replace(
            accuracy(claims.right, self.data.artists[held], SPLIT, COMMAND),
            written=Written(PROMISE, rounded(1.0 if right is None else right), rounded(written)),
        )

    def _sure(self, claims: Claims, predicted: HeldOut, points: OperatingPoints) -> Claims:
        """Take the confidence from claims of a genre below its own threshold."""
        needed = [points.threshold(PROMISE, genre) for genre in self.data.genres]
        limits = np.array([np.inf if one is None else one for one in needed])
        sure = claims.confidence >= limits[predicted.log_probabilities.argmax(axis=1)]
        return replace(claims, confidence=np.where(sure, claims.confidence, 0.0))

    def _own_points(self, held: HeldOut) -> dict[str, OperatingPoints]:
        """Return the thresholds of each new genre, by the music that gets it."""
        if self.others is None:
            return {}
        known, accepted = names.keys(self.base.vectors.genres), self.accepted
        related = accepted | accepted.T
        probabilities, allowed, artists, _ = self._judged(held)
        judged = probabilities, allowed, artists
        return {
            genre: points_of_genre(place, judged, self.others, related[place])
            for place, genre in enumerate(self.data.genres)
            if names.key(genre) not in known
        }

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Whether a genre is right for a label, shape (labels, genres)."""
        accepted, scale = self._with_parents, self._scale
        result = accepted.copy()
        for head in scale.families:
            result[:, scale.genres.index(head)] = accepted[:, scale.columns(head)].any(axis=1)
        return result

    @property
    def _scale(self) -> Scale:
        return Scale(self.data.genres, families(self.data.genres))

    def _judged(self, held: HeldOut) -> Judged:
        artists = self.data.artists[held.members]
        allowed = self._with_parents[self.data.labels[held.members]]
        return np.exp(held.log_probabilities), allowed, artists, self._scale

    @property
    def _with_parents(self) -> NDArray[np.bool_]:
        """Whether a genre is a label or a parent of it, shape (labels, genres)."""
        keys = [names.key(genre) for genre in self.data.genres]
        accepted = [
            set(map(names.key, (genre, *self.parents(genre)))) for genre in self.data.genres
        ]
        return np.array([[key in right for key in keys] for right in accepted])


def promises(judged: Judged, albums: Sequence[Indices], base: Base, tracks: int) -> Promises:
    """Raise the default thresholds where held-out clips need more.

    Args:
        judged: The clips.
        albums: The clips of each album.
        base: With the default thresholds.
        tracks: The number of different clips; too few leave the default thresholds.

    """
    default, scale = base.promises, judged[-1]
    own_tracks = operating_points(track_claims(*judged))
    own_albums = operating_points(album_claims(*judged, (albums, default.pooling)))
    return Promises(
        raised(default.tracks, own_tracks, tracks),
        raised(default.albums, own_albums, tracks),
        default.pooling,
        scale.families,
    )


def with_genres(points: OperatingPoints, own: Mapping[str, OperatingPoints]) -> OperatingPoints:
    """Raise the thresholds of single genres.

    Args:
        points: The thresholds of all genres.
        own: The thresholds that some genres need; a promise that a genre lacks is dropped for it.

    """
    found = {
        genre: tuple(filter(None, (_higher(point, needed.overall) for point in points.overall)))
        for genre, needed in own.items()
    }
    return OperatingPoints(
        points.overall, {genre: one for genre, one in found.items() if one != points.overall}
    )


def raised(default: OperatingPoints, own: OperatingPoints, tracks: int) -> OperatingPoints:
    """Join thresholds; a promise that the user's tracks do not keep is dropped.

    Args:
        default: The thresholds of the default model.
        own: The thresholds on the user's held-out tracks.
        tracks: The number of the user's held-out tracks; too few leave the default thresholds.

    """
    if tracks < LEAST_WRITTEN:
        return default
    points = (_higher(point, own.overall) for point in default.overall)
    return OperatingPoints(tuple(point for point in points if point))


def _higher(point: OperatingPoint, own: Sequence[OperatingPoint]) -> OperatingPoint | None:
    found = next((other for other in own if other.precision >= point.precision), None)
    if found is None:
        return None
    threshold = max(point.threshold, found.threshold)
    return OperatingPoint(point.precision, threshold, min(point.coverage, found.coverage))
