"""One run of `tagger train`: gather, hear, select, fit, compare, promote.

Each step keeps what it did: a run that was ended at any point goes on from there, and the active
model is switched at the very end, in one step.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from tagger.analysis.pool import usable_cores
from tagger.core import genres
from tagger.errors import StoreError
from tagger.inference.bundle import load
from tagger.inference.registry import ModelRegistry, resolve_bundle
from tagger.system.locks import exclusive
from training import user_model
from training.data.dataset import exclude_artists, read_selection
from training.data.features import Hearing, Unheard
from training.data.select import LEAST_ARTISTS, Rules, held_out, select
from training.ensemble import train
from training.errors import TrainingDataError
from training.evaluation import compare
from training.evaluation.cross_validation import Execution, cross_validate
from training.evaluation.report import library_subject, page
from training.labels.collect import gather, require_some
from training.labels.genre_names import GenreNames
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
    from training.ensemble import Ensemble
    from training.evaluation.compare import Comparison
    from training.labels.collect import CollectedLabels
    from training.progress import Progress

    Indices = NDArray[np.intp]

Promote = Literal["always", "never", "if-better"]

FOLDER = "training"
"""In the state folder: what a run that was ended goes on from."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What there is to learn from."""

    said: CollectedLabels
    selection: Selection
    unheard: tuple[Unheard, ...]
    to_hear: int
    """Files that have yet to be listened to; 0 but in a dry run."""
    held: tuple[bool, ...]
    """By member of the selection, whether it is kept for measuring."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a training."""

    manifest: Manifest
    comparison: Comparison
    current: str
    """The id of the model that was active before."""
    promoted: bool
    reason: str
    page: str
    """A page in HTML on how the model does; see `training.evaluation.report`."""


class TrainingRun:
    """Trains on what some sources say."""

    def __init__(
        self,
        settings: Settings,
        store: TrainingStore,
        names: Sequence[str],
        progress: Progress | None,
    ) -> None:
        """`names` are those of the sources."""
        self._settings = resolve_bundle(settings)
        self._chosen = settings.model.bundle
        self._store = store
        self._names = names
        self._progress = progress or Silent()
        self._naming = GenreNames(settings.training)
        self._models = ModelRegistry(settings.store.folder)
        self._folder = settings.store.folder / FOLDER
        self._current = load(self._settings.model.bundle.folder)

    def prepare(self, *, dry_run: bool = False) -> Prepared:
        """Gather labels and hear what they name; a dry run hears nothing.

        Raises TrainingDataError when nothing is labelled or nothing can be heard, and TaggerError
        when a source cannot be used.
        """
        said = gather(self._names, self._settings, self._store)
        require_some(said)
        hearing = Hearing(self._settings, self._store, self._specs(len(said.labels)))
        samples, unheard = self._look(hearing, said)
        to_hear = sum(not hearing.is_remembered(sample) for sample in samples)
        if not dry_run:
            self._progress.stage("listening", len(samples))
            samples, failed = hearing.hear(samples, self._progress.done)
            unheard += failed
            to_hear = 0
            if not samples:
                raise TrainingDataError(
                    f"none of {len(unheard)} labelled files can be heard: {unheard[0].reason}",
                    unheard[0].path,
                )
        rules = Rules(
            self._settings.training.minimum,
            self._settings.training.balance,
            self._naming.parents,
        )
        selection = select(said.labels, samples, rules, self._written_contents())
        held = tuple(held_out(selection.members))
        return Prepared(said, selection, tuple(unheard), to_hear, held)

    def train(self, prepared: Prepared, promote: Promote) -> Result:
        """Fit, measure, compare and promote.

        Raises TrainingDataError when there is too little to learn from; then, as whenever
        something fails, the active model is what it was.
        """
        require_enough(prepared.selection, self._settings.training.minimum)
        recipe = user_model.recipe_for(len(prepared.selection.members))
        specs = sorted(recipe.specs | set(self._current.specs))
        data = read_selection(prepared.selection, self._store, specs)
        held = np.array(prepared.held)
        unheard = exclude_artists(data, np.flatnonzero(~held), np.flatnonzero(held))
        measured = self._fit(data, unheard, "measuring")
        whole = self._fit(data, np.arange(len(data)), "fitting")
        evaluation = {"held_out": user_model.measure(measured, data, np.flatnonzero(held))}
        today = datetime.now(UTC).date()
        workplace = self._models.staging_folder()
        self._progress.stage("writing", 1)
        manifest = user_model.write(workplace, whole, data, today, evaluation)
        user_model.write(workplace / user_model.MEASURED, measured, data, today, evaluation)
        told = page(library_subject(measured, data, np.flatnonzero(held)))
        comparison = self._compare(workplace / user_model.MEASURED, data, np.flatnonzero(held))
        name = self._models.install(workplace)
        promoted, reason = self._judged(comparison, promote)
        if promoted:
            self._models.activate(name)
        shutil.rmtree(self._folder / "scores", ignore_errors=True)
        return Result(manifest, comparison, self._current.manifest.id, promoted, reason, told)

    def _specs(self, tracks: int) -> set[str]:
        return user_model.recipe_for(tracks).specs | set(self._current.specs)

    def _look(self, hearing: Hearing, said: CollectedLabels) -> tuple[list[Sample], list[Unheard]]:
        paths = sorted({label.path for label in said.labels})
        self._progress.stage("looking", len(paths))
        samples: list[Sample] = []
        unheard: list[Unheard] = []
        for number, path in enumerate(paths, 1):
            found = hearing.look(path)
            if isinstance(found, Unheard):
                unheard.append(found)
            else:
                samples.append(found)
            self._progress.done(number)
        return samples, unheard

    def _written_contents(self) -> frozenset[tuple[str, str]]:
        """Return what tagger wrote, by content, so that a copy of a file tells nothing either."""
        found = set()
        for entry in self._store.journal.done():
            track = self._store.files.get(entry.change.path)
            if track and track.content:
                before = set(map(genres.key, entry.change.before))
                new = set(map(genres.key, entry.change.after)) - before
                found |= {(str(track.content), key) for key in new}
        return frozenset(found)

    def _fit(self, data: Dataset, members: Indices, stage: str) -> Ensemble:
        recipe = user_model.recipe_for(len(data))
        jobs = self._settings.workers.count or usable_cores()
        execution = Execution(jobs, self._folder / "scores", self._progress, stage)
        scores = cross_validate(recipe, data, members, execution)
        with threadpool_limits(limits=1, user_api="blas"):
            return user_model.tempered(train(recipe, data, members, scores), data)

    def _compare(self, measured: Path, data: Dataset, held: Indices) -> Comparison:
        """Compare models that have not heard the held-out artists.

        Of the default model that is true unless they are in the data that it was made from.
        """
        current = self._settings.model.bundle.folder
        unheard = current / user_model.MEASURED
        old = load(unheard) if unheard.is_dir() else self._current
        parents = self._naming.parents
        written = {g for entry in self._store.journal.done() for g in entry.change.after}
        known = {genres.key(genre) for genre in self._current.manifest.genres}
        own_words = [genre for genre in written if genres.key(genre) in known]
        return compare.compare(
            compare.right(load(measured), data, held, parents),
            compare.right(old, data, held, parents),
            data.artists[held],
            compare.lost_genres(data.genres, own_words),
        )

    def _judged(self, comparison: Comparison, promote: Promote) -> tuple[bool, str]:
        if promote == "if-better" and not comparison.holds:
            return False, comparison.reason
        if promote == "never":
            return False, f"as you asked ({comparison.reason})"
        if self._chosen != "active":
            return True, (
                f'{comparison.reason}; but model.bundle = "{self._chosen}" in the configuration'
                " decides until you remove it"
            )
        return True, comparison.reason


def require_enough(selection: Selection, minimum: int) -> None:
    """Raise TrainingDataError unless at least two genres can be told apart."""
    if len(selection.genres) >= 2:
        return
    few = ", ".join(
        f"{one.genre} has {one.tracks} tracks of {one.artists} artists" for one in selection.few
    )
    there = selection.genres[0] if selection.genres else "no genre"
    needed = f"at least two genres need {minimum} tracks of {LEAST_ARTISTS} artists each"
    raise TrainingDataError(
        f"too little to learn from: {needed}, and {there} has them" + (f"; {few}" if few else ""),
        hint="add tracks, or lower training.minimum",
    )


@contextlib.contextmanager
def alone(state: Path) -> Iterator[None]:
    """Let one training at a time work in the state folder, and say clearly what it lacks.

    Raises TrainingDataError or StoreError.
    """
    folder = state / FOLDER
    try:
        with exclusive(folder / "lock"):
            yield
    except BlockingIOError as error:
        raise TrainingDataError("another `tagger train` is running", folder) from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    except sqlite3.Error as error:
        raise StoreError(f"the state database cannot be used: {error}", folder) from error


def _unwritable(folder: Path, error: OSError) -> TrainingDataError:
    return TrainingDataError(
        f"cannot be written: {error.strerror}",
        folder,
        "check the folder's permissions and free space; the active model is what it was",
    )
