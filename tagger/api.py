"""The public Python interface: decide the genres of files, write them, undo the writes.

Everything in this module is public, and the values that it returns. Everything else may change.

    with Tagger() as tagger:
        judgements = list(tagger.judge(Path("Music").rglob("*.flac")))
        written = tagger.write(judgements)
        tagger.undo(written.run)

Worker processes import the main module of the program. A script that uses this module must
therefore guard its own code with `if __name__ == "__main__":`, as `multiprocessing` describes.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import msgspec

from tagger import config
from tagger.analysis import worker
from tagger.config.diagnostics import explain
from tagger.core.domain import (
    Action,
    Decision,
    FileIdentity,
    GenreEdit,
    Outcome,
    Prediction,
    Track,
)
from tagger.errors import AudioError, ConfigError, TagError, TaggerError, WorkerError
from tagger.inference import in_use
from tagger.library import index, walk
from tagger.pipeline import build, recovery
from tagger.pipeline.command_run import Observer
from tagger.pipeline.operations import Write
from tagger.pipeline.single import SingleFiles
from tagger.pipeline.undo import Selection, undo_run
from tagger.store import undamaged
from tagger.system.spelling import real_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from tagger.config.settings import TagSettings
    from tagger.core.domain import TrackTags
    from tagger.core.policy import Mode
    from tagger.store import Store

__all__ = ["Action", "Judgement", "Outcome", "Prediction", "Tagger", "TaggerError", "Written"]

AHEAD = 8
"""Files that wait for each worker."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The decision on one file; nothing is written yet."""

    path: Path
    action: Action
    genres: tuple[str, ...]
    """The genres of the file after `Tagger.write`."""
    reason: str
    genre: str | None = None
    """The likeliest genre under the user's name for it; None after an error or without a need."""
    confidence: float | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    """Calibrated probability by genre of the model; they sum to 1."""
    error: TaggerError | None = None
    """Why the file could not be judged."""
    track: Track | None = None
    """The state of the file that was judged; another state is not written."""


@dataclass(frozen=True, slots=True)
class Written:
    """The result of one call of `Tagger.write`."""

    run: int
    """The number of the run, for `Tagger.undo` and `tagger undo --run`."""
    outcomes: tuple[Outcome, ...]


class _Jobs(NamedTuple):
    path: Path
    """Resolved."""
    identity: FileIdentity
    tags: Future[TrackTags]
    sound: Future[Prediction]


class _Started(NamedTuple):
    path: Path
    jobs: _Jobs | TaggerError


class _Collector(Observer):
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


def _replaced(tags: TagSettings, given: Mapping[str, Any]) -> TagSettings:
    chosen = {key: value for key, value in given.items() if value is not None}
    try:
        return msgspec.convert(msgspec.to_builtins(tags) | chosen, type(tags))
    except msgspec.ValidationError as error:
        keys, reason = explain(error)
        raise ConfigError(f"{keys[-1]}: {reason}", None, "correct the value") from error


class Tagger:
    """The active model with its workers, for one thread; leaving the context ends the workers."""

    def __init__(
        self,
        config_file: Path | str | None = None,
        *,
        mode: Mode | None = None,
        min_confidence: float | Literal["auto"] | None = None,
        max_genres: int | None = None,
        sound_only: bool = False,
    ) -> None:
        """Read the configuration and the manifest of the active model.

        Args:
            config_file: A configuration; without it, the user's, as on the command line.
            mode: In place of `tags.mode`.
            min_confidence: In place of `tags.min_confidence`, 0..1 or `auto`.
            max_genres: In place of `tags.max_genres`.
            sound_only: Leave out the artists list and the library, as `scan --sound-only`.

        Raises:
            ConfigError: the configuration is unusable, or an option has an impossible value.
            ModelError: the model bundle is unusable.

        """
        given = {"mode": mode, "min_confidence": min_confidence, "max_genres": max_genres}
        settings = config.load(Path(config_file) if config_file else None)
        tags = _replaced(settings.tags, given)
        if sound_only:
            settings = settings.by_sound_alone()
        settings = msgspec.structs.replace(settings, tags=tags)
        self._settings, self._manifest = in_use.model_in_use(settings)
        self._bundle = self._settings.model.bundle.folder
        self._workers = build.worker_pool(self._settings)
        self._tag_jobs = build.tag_jobs(self._settings)
        self._store: Store | None = None
        self._closing = ExitStack()

    @property
    def model(self) -> str:
        """The id of the model."""
        return self._manifest.id

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres of the model."""
        return self._manifest.genres

    def judge(self, paths: Iterable[Path | str]) -> Iterator[Judgement]:
        """Decide each file without its album, in worker processes; yields in the order of `paths`.

        The artists list and the genres of the library count beside the sound, as in a scan. A file
        that cannot be judged yields a judgement with its error.

        Raises:
            ConfigError: the user's list of artists cannot be read.
            ModelError: the model cannot be run.
            StoreError: the state database cannot be used.
            WorkersUnusableError: no worker process starts.

        """
        waiting: deque[_Started] = deque()
        files = SingleFiles(build.Basis(self._settings, self._manifest, self._opened()))
        for path in paths:
            waiting.append(self._start(Path(path)))
            if len(waiting) > AHEAD * self._workers.count:
                yield self._judgement(waiting.popleft(), files)
        while waiting:
            yield self._judgement(waiting.popleft(), files)

    def judge_samples(self, samples: NDArray[np.float32], rate: int) -> Prediction:
        """Return the prediction for a sound, computed in this process.

        Args:
            samples: Mono, shape (n,), nominally within -1..1; the first 30 s are enough.
            rate: Samples a second, Hz.

        Raises:
            AudioError: the sound is too short or silent.
            ModelError: the model cannot be run.

        """
        from tagger.audio.decode import Recording  # noqa: PLC0415 - FFmpeg, for this method alone
        from tagger.features.specs import extract_all  # noqa: PLC0415
        from tagger.features.weights import use_folder  # noqa: PLC0415
        from tagger.inference import networks  # noqa: PLC0415
        from tagger.inference.bundle import load  # noqa: PLC0415

        use_folder(networks.folder(self._settings.store.folder))
        model = load(self._bundle)
        return model.predict([extract_all(model.specs, Recording.of(samples, rate))])[0]

    def write(self, judgements: Iterable[Judgement]) -> Written:
        """Write the genres of judgements whose action is `set` or `add`, as one run.

        Each write is verified and journaled. A file that changed after its judgement stays as it
        is, and its outcome has the reason.

        Raises:
            StoreError: the state database cannot be used.

        """
        store = self._opened()
        recovery.recover(store, self._tag_jobs)
        run = store.runs.start("api")
        options = build.write_options(self._settings)
        operation = Write(store, self._tag_jobs, run, self.model, options)
        outcomes = [
            operation.apply(_indexed(judgement.track, store), _decision(judgement))
            for judgement in judgements
            if judgement.track and judgement.action.writes
        ]
        store.runs.finish(run)
        return Written(run, tuple(outcomes))

    def undo(self, run: int) -> tuple[Outcome, ...]:
        """Take the writes of a run back, but for files whose genre was changed meanwhile.

        Raises:
            ConfigError: no run has this number.
            StoreError: the state database cannot be used.

        """
        collector, store = _Collector(), self._opened()
        if not store.runs.exists(run):
            raise ConfigError(f"there is no run {run}", hint="see the result of `write`")
        undo_run(self._settings, store, Selection(run=run), collector, dry_run=False)
        return tuple(collector.outcomes)

    def keep_undone(self, taken: Mapping[Path, Sequence[str]]) -> None:
        """Record that the user took genres back that another program had written.

        `tagger watch` then does not write these genres into these files again, as after `undo`.

        Args:
            taken: For each file the genres that the user took back.

        Raises:
            StoreError: the state database cannot be used.

        """
        store = self._opened()
        run = store.runs.start("api")
        for path, genres in taken.items():
            where, field = real_path(path), self._settings.tags.field
            change = GenreEdit(where, (), tuple(genres), "", field)
            store.journal.take_back(run, where.parent, change)
        store.runs.finish(run)

    def close(self) -> None:
        """End the workers, and close the state database."""
        self._workers.close()
        self._tag_jobs.close()
        self._store = None
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> Store:
        """Return the state database, opened once: its locks belong to the process."""
        if self._store is None:
            database = undamaged(self._settings.store.folder, lambda _: None)
            self._store = self._closing.enter_context(database)
        return self._store

    def _start(self, path: Path) -> _Started:
        try:
            where = real_path(path)
            # before the analysis: a file that changes meanwhile has another identity
            identity = FileIdentity.of(where.stat())
        except (OSError, ValueError) as error:  # a loop of links, or NUL in the name
            reason = error.strerror if isinstance(error, OSError) else error
            return _Started(path, TagError(f"cannot be read: {reason}", path))
        window = self._settings.listen.window
        sound = self._workers.submit(worker.classify, where, self._bundle, window)
        return _Started(path, _Jobs(where, identity, self._tag_jobs.submit_read(where), sound))

    def _judgement(self, started: _Started, files: SingleFiles) -> Judgement:
        path, jobs = started
        if isinstance(jobs, TaggerError):
            return _failed(path, jobs)
        try:
            tags = self._tag_jobs.result(jobs.tags, jobs.path)
            prediction = self._workers.result(jobs.sound, jobs.path)
        except (AudioError, TagError, WorkerError) as error:
            return _failed(path, error)
        track = files.track(jobs.path, jobs.identity, tags)
        decision = files.decide(track, prediction)
        return Judgement(
            path,
            decision.action,
            decision.genres,
            decision.reason,
            decision.genre,
            decision.confidence,
            prediction.probabilities,
            track=track,
        )


def _failed(path: Path, error: TaggerError) -> Judgement:
    return Judgement(path, Action.ERROR, (), error.reason, error=error)


def _indexed(track: Track, store: Store) -> Track:
    found = walk.Found(track.path, track.root, track.identity)
    return index.put(index.look_up(found, store), track.tags, store)


def _decision(judgement: Judgement) -> Decision:
    return Decision(
        judgement.action,
        judgement.genres,
        judgement.reason,
        judgement.genre,
        judgement.confidence,
    )
