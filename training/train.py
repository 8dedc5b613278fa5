"""One run of `tagger train`: collect labels, analyze, select, fit, compare, promote.

Each step stores its results: a run after a killed run continues there. The last step switches the
active model, at once.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from tagger.analysis.pool import usable_cores
from tagger.core import genres
from tagger.core.domain import GENRE
from tagger.inference.bundle import load
from tagger.inference.default import default_folder
from tagger.inference.in_use import model_in_use
from tagger.inference.manifest import read_manifest
from tagger.inference.registry import ModelRegistry
from tagger.pipeline import build
from tagger.system.locks import exclusive
from tagger.system.text import number_of
from training.cluster import parallel_fits
from training.data.dataset import exclude_artists, read_selection
from training.data.features import FeatureReader, UnusableFile
from training.data.select import LEAST_ARTISTS, Rules, can_suffice, held_out, select
from training.errors import TrainingDataError
from training.evaluation import compare
from training.evaluation.cross_validation import FOLDS, Execution, cross_validate
from training.evaluation.measure import never_written
from training.evaluation.report import library_subject
from training.labels.collect import gather, require_some
from training.labels.genre_names import GenreNames
from training.models import added_model, user_model
from training.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tagger.config import Settings
    from tagger.inference.manifest import Manifest
    from training.data.dataset import Dataset
    from training.data.file_table import Sample
    from training.data.select import Selection
    from training.data.store import TrainingStore
    from training.evaluation.compare import Comparison, Promote
    from training.evaluation.report import Subject
    from training.labels.collect import CollectedLabels
    from training.models.added_model import Base
    from training.models.ensemble import Ensemble
    from training.progress import Progress

    Indices = NDArray[np.intp]
    Method = user_model.OnlyMine | added_model.BesideDefault

MOST_NAMED = 5
"""Small genres in the message of a run without enough training data."""
FOLDER = "training"
"""In the state folder: the lock and the intermediate results."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The training data of a run, selected and analyzed."""

    collected: CollectedLabels
    selection: Selection
    unusable: tuple[UnusableFile, ...]
    to_analyze: int
    """Files without stored features; 0 but in a dry run."""
    held: tuple[bool, ...]
    """By member of the selection, whether it is held out for the measurement."""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a training run."""

    manifest: Manifest
    comparison: Comparison
    current: str
    """The id of the model that was active before."""
    promoted: bool
    reason: str
    subject: Subject
    """The model and its predictions for held-out tracks, for a report."""


class TrainingRun:
    """Trains a model of the user's own from the labels of some sources."""

    def __init__(
        self,
        settings: Settings,
        store: TrainingStore,
        names: Sequence[str],
        progress: Progress | None,
        *,
        base: Base | None,
    ) -> None:
        """Prepare a run.

        Args:
            settings: With the sources of labels.
            store: The state database.
            names: The names of the sources.
            progress: Receives stages and steps.
            base: The default genres to learn beside the user's genres; None for the user's alone.

        """
        self._base = base
        self._settings, _ = model_in_use(settings)
        self._chosen = settings.model.bundle
        self._store = store
        self._names = names
        self._progress = progress or Silent()
        self._genre_names = GenreNames(settings)
        self._models = ModelRegistry(settings.store.folder)
        self._folder = settings.store.folder / FOLDER
        self._current = load(self._settings.model.bundle.folder)
        # read here, so that a damaged model costs no training
        self._opponent = user_model.without_held_out(self._settings.model.bundle.folder)

    def prepare(self, *, dry_run: bool = False) -> Prepared:
        """Collect labels and analyze the labelled files.

        A dry run analyzes no file, and neither does a run whose labels cannot be enough.
        Raises TrainingDataError when no file is labelled or usable, and TaggerError when a source
        cannot be used.
        """
        self._progress.stage("labels", 0)
        collected = gather(self._names, self._settings, self._store)
        require_some(collected)
        reader = FeatureReader(self._settings, self._store, self._specs(len(collected.labels)))
        samples, unusable = self._samples(reader, collected)
        to_analyze = sum(not reader.has_features(sample) for sample in samples)
        rules = self._rules()
        if not dry_run and can_suffice(collected.labels, samples, rules, self._least):
            self._progress.stage("analyzing", len(samples))
            samples, failed = reader.read(samples, self._progress.done)
            unusable += failed
            to_analyze = 0
        if not dry_run and not samples:
            raise TrainingDataError(
                f"none of {len(unusable)} labelled files can be analyzed: {unusable[0].reason}",
                unusable[0].path,
                "name other music in [training]; see `tagger config path`",
            )
        selection = select(collected.labels, samples, rules, self._written_contents())
        if kept := rules.kept:
            without = [genre for genre in selection.genres if not self._has_larger(genre, kept)]
            notes = (*collected.notes, *_without_parent(without))
            collected = replace(collected, notes=notes)
        held = tuple(held_out(selection.members))
        return Prepared(collected, selection, tuple(unusable), to_analyze, held)

    def train(self, prepared: Prepared, promote: Promote) -> Result:
        """Fit, measure, compare and promote.

        Raises TrainingDataError when there is too little training data. After any error the active
        model is the same as before.
        """
        require_enough(prepared.selection, self._settings.training.minimum, self._least)
        with self._models.staging() as workplace:
            return self._train_in(workplace, prepared, promote)

    def _train_in(self, workplace: Path, prepared: Prepared, promote: Promote) -> Result:
        specs = sorted(self._specs(len(prepared.selection.members)))
        data = read_selection(prepared.selection, self._store, specs)
        base = self._base and self._base.without(prepared.selection.artist_names)
        if base:
            data = added_model.with_default_genres(data, base)
        held = np.flatnonzero(prepared.held)
        rest = exclude_artists(data, np.flatnonzero(~np.array(prepared.held)), held)
        if len(np.unique(data.artists[rest])) < FOLDS:
            raise TrainingDataError(
                f"too little training data: fewer than {FOLDS} artists are not held out",
                hint="give the artists of more tracks the split `train`",
            )
        method = self._method(data, base)
        measured = self._fit(method, rest, "measuring")
        whole = self._fit(method, np.arange(len(data)), "fitting")
        figures = method.measure(measured, held)
        self._progress.stage("writing", 1)
        manifest = method.write(workplace, whole, figures)
        compared = method.write(workplace / user_model.MEASURED, measured, figures)
        comparison = self._compare(workplace / user_model.MEASURED, manifest, data, held)
        name = self._models.install(workplace)
        promoted, reason = compare.promotion(comparison, promote, self._chosen)
        if promoted:
            self._models.activate(name)
        shutil.rmtree(self._folder / "scores", ignore_errors=True)
        verdict = f"{'active' if promoted else 'not active'}: {reason}"
        about = {"Date": str(manifest.created), "Model": manifest.id, "Verdict": verdict}
        if silent := never_written(manifest):
            about["Never written by the sound alone"] = ", ".join(silent)
        subject = library_subject(measured, data, held, about, compared)
        subject = replace(subject, accepted=method.accepted)
        return Result(manifest, comparison, self._current.manifest.id, promoted, reason, subject)

    @property
    def _least(self) -> int:
        """How many genres need enough tracks."""
        return 1 if self._base else 2

    def _rules(self) -> Rules:
        training = self._settings.training
        kept = genres.keys(self._base.vectors.genres if self._base else ())
        return Rules(training.minimum, training.balance, self._genre_names.parents, kept)

    def _specs(self, tracks: int) -> set[str]:
        specs = self._base.specs if self._base else user_model.recipe_for(tracks).specs
        return specs | set(self._current.specs)

    def _method(self, data: Dataset, base: Base | None) -> Method:
        """Return the way to learn the genres of the data, after other music was scored for it."""
        if base is None:
            return user_model.OnlyMine(data)
        with parallel_fits(self._settings.cluster.scheduler):
            others = added_model.other_music_for(data, base, self._execution("other music"))
        return added_model.BesideDefault(data, base, self._genre_names.parents, others)

    def _samples(
        self, reader: FeatureReader, collected: CollectedLabels
    ) -> tuple[list[Sample], list[UnusableFile]]:
        paths = sorted({label.path for label in collected.labels})
        self._progress.stage("reading tags", len(paths))
        samples: list[Sample] = []
        unusable: list[UnusableFile] = []
        with build.tag_jobs(self._settings) as tag_jobs:
            for number, path in enumerate(paths, 1):
                found = reader.sample(path, tag_jobs)
                if isinstance(found, UnusableFile):
                    unusable.append(found)
                else:
                    samples.append(found)
                self._progress.done(number)
        return samples, unusable

    def _has_larger(self, genre: str, kept: frozenset[str]) -> bool:
        """Return whether a genre or a parent of it is a default genre, whose keys are `kept`."""
        return bool(genres.keys((genre, *self._genre_names.parents(genre))) & kept)

    def _written_contents(self) -> frozenset[tuple[str, str]]:
        """Return the genres that tagger wrote, by content: a copy of a file is no label either."""
        found, named = set(), self._genre_names.genre
        for entry in self._store.journal.done():
            track = self._store.files.get(entry.change.path)
            if track and track.content and entry.change.field == GENRE:
                new = genres.keys(entry.change.after) - genres.keys(entry.change.before)
                words = (word for word in entry.change.after if genres.key(word) in new)
                found |= {(str(track.content), genres.key(named(w))) for w in words}
        return frozenset(found)

    def _fit(self, method: Method, members: Indices, stage: str) -> Ensemble:
        with parallel_fits(self._settings.cluster.scheduler):
            scores = cross_validate(method.recipe, method.data, members, self._execution(stage))
        with threadpool_limits(limits=1, user_api="blas"):
            return method.fit(members, scores)

    def _execution(self, stage: str) -> Execution:
        clustered = self._settings.cluster.scheduler
        jobs = -1 if clustered else self._settings.workers.count or usable_cores()
        return Execution(jobs, self._folder / "scores", self._progress, stage)

    def _compare(
        self, measured: Path, manifest: Manifest, data: Dataset, held: Indices
    ) -> Comparison:
        """Compare two models without the held-out artists in their training data.

        The default model counts as such a model; its training data may contain the artists.

        Args:
            measured: The folder of the new model without the held-out artists.
            manifest: The manifest of the new model.
            data: The training data.
            held: The held-out clips.

        """
        parents = self._genre_names.parents
        default = read_manifest(default_folder(self._settings.store.folder)).genres
        left_out = () if self._base else default
        needed = user_model.needed_genres(
            self._current.manifest, self._store, self._genre_names, left_out
        )
        return compare.compare(
            compare.worth(load(measured), data, held, parents),
            compare.worth(self._opponent, data, held, parents),
            data.artists[held],
            compare.lost_genres(data.genres, needed),
            mute=compare.is_mute(self._settings, manifest, self._current.manifest),
        )


def _without_parent(named: Sequence[str]) -> list[str]:
    """Return a note on genres that are part of no default genre, as far as is known."""
    if not named:
        return []
    more = [f"{len(named) - MOST_NAMED} more"] if len(named) > MOST_NAMED else []
    listed = ", ".join([*named[:MOST_NAMED], *more])
    wrong = "so a larger genre counts as wrong: name it in training.parents"
    return [f"no parent of {listed} is known, {wrong}"]


def require_enough(selection: Selection, minimum: int, least: int) -> None:
    """Raise TrainingDataError unless the selection has enough genres.

    Args:
        selection: With the genres that have enough tracks.
        minimum: Tracks that a genre needs, for the message.
        least: Genres that are needed.

    """
    if len(selection.genres) >= least:
        return
    largest = sorted(selection.few, key=lambda one: -one.tracks)
    named = [
        f"{one.genre} has {number_of(one.tracks, 'track')} of {number_of(one.artists, 'artist')}"
        for one in largest[:MOST_NAMED]
    ]
    if more := len(largest) - len(named):
        named.append(number_of(more, "smaller genre"))
    few = ", ".join(named)
    there = selection.genres[0] if selection.genres else "no genre"
    number = "one genre needs" if least == 1 else "two genres need"
    needed = f"at least {number} {minimum} tracks of {LEAST_ARTISTS} artists each"
    raise TrainingDataError(
        f"too little training data: {needed}, and {there} has them" + (f"; {few}" if few else ""),
        hint="add tracks, or lower training.minimum",
    )


@contextlib.contextmanager
def training_lock(state: Path) -> Iterator[None]:
    """Lock the state folder against a second training run.

    Raises TrainingDataError when another run has the lock or the folder cannot be written.
    """
    folder = state / FOLDER
    try:
        with exclusive(folder / "lock"):
            yield
    except BlockingIOError as error:
        reason, hint = "another `tagger train` is running", "wait until it ends"
        raise TrainingDataError(reason, folder, hint) from error
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> TrainingDataError:
    return TrainingDataError(
        f"cannot be written: {error.strerror}",
        folder,
        "check the permissions and the free space of the folder; the active model is unchanged",
    )
