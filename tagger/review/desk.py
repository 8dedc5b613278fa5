"""The work behind the page: reading the database, and writing a choice into a file.

One thread does all of it, with its own connection to the database and its own worker for tags.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tagger.analysis.playable import playable
from tagger.core.domain import GENRE, Action, Decision, FileIdentity, Outcome
from tagger.core.evidence import is_like_music, posterior
from tagger.errors import SkippedError, TaggerError
from tagger.inference import in_use
from tagger.library.walk import Found
from tagger.pipeline import build, neighbours, recovery, undo
from tagger.pipeline.indexing import index_files
from tagger.pipeline.operations import Write
from tagger.store import Correction, Origin, Store
from tagger.system.spelling import fold
from tagger.tags.cover import cover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import GenreEdit, Prediction, Track
    from tagger.pipeline.neighbours import Neighbour

P = ParamSpec("P")
T = TypeVar("T")

SHOWN = {
    "unsure": (Action.ABSTAIN,),
    "written": (Action.SET, Action.ADD),
    "all": (),
}
"""The decisions whose files a view of the page lists; `all` lists every file that did not fail."""
PAGE = 20
"""Folders on one page."""
COVERS = ("cover.jpg", "folder.jpg", "front.jpg", "cover.png", "folder.png")


@dataclass(frozen=True, slots=True)
class Card:
    """One track on the page."""

    track: Track
    guesses: Sequence[tuple[str, float]]
    """Genres with the probabilities of the decision; empty without an analysis."""
    action: Action
    reason: str
    chosen: bool
    """Whether the user chose the genre, or that the file is left alone."""


@dataclass(frozen=True, slots=True)
class Album:
    """The tracks of one folder."""

    folder: Path
    cards: Sequence[Card]


class Desk:
    """All access of the page to the database and to files."""

    def __init__(self, settings: Settings, paths: Sequence[Path] = ()) -> None:
        """Open the database.

        Args:
            settings: The settings.
            paths: Resolved files and folders; without any, the page lists every file.

        Raises:
            StoreError: the database cannot be used.
            ModelError: the model bundle is unusable.

        """
        self._settings, manifest = in_use.model_in_use(settings)
        self._paths = paths
        self._run: int | None = None
        self._thread = ThreadPoolExecutor(1, "desk")
        self._store: Store = self._in_thread(Store, settings.store.folder)
        self._jobs = build.tag_jobs(self._settings)
        self._decoders = build.worker_pool(self._settings, 1)
        self._in_thread(recovery.recover, self._store, self._jobs)
        self._basis = build.Basis(self._settings, manifest, self._store)
        self._in_thread(self._basis.evidence.prepare)

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres of the model under the user's names."""
        own_name = self._basis.rules.policy.own_name
        return tuple(own_name(genre) for genre in self._basis.manifest.genres)

    @property
    def window(self) -> tuple[float, float]:
        """The first and the last second of the analyzed part."""
        part = self._settings.listen
        return part.offset, part.offset + part.length

    def albums(self, view: str, text: str, page: int) -> tuple[list[Album], bool]:
        """Return a page of folders, and whether more follow.

        Args:
            view: A key of `SHOWN`.
            text: Only paths that contain this text, in any letter case and composition.
            page: The number of the page, from 0.

        """
        return self._in_thread(self._albums, view, text, page)

    def nearest(self, path: Path) -> list[Neighbour]:
        """Return the nearest tracks of the library."""
        return self._in_thread(self._nearest, path)

    def choose(self, path: Path, seen: Sequence[str], genre: str) -> Card:
        """Write a genre into a file; the choice is a label for training.

        Args:
            path: A file of the database.
            seen: The genres on the page; a file with others is not written.
            genre: The genre, empty to leave the file alone for good.

        Raises:
            TaggerError: the file is gone, changed, or cannot be written.

        """
        return self._in_thread(self._choose, path, tuple(seen), genre)

    def take_back(self, path: Path) -> Card:
        """Undo the newest choice on a file; raises TaggerError."""
        return self._in_thread(self._take_back, path)

    def cover(self, path: Path) -> bytes | None:
        """Return the picture of a file's folder, or of its tags."""
        for name in COVERS:
            picture = path.with_name(name)
            if picture.is_file() and picture.stat().st_size < 8 << 20:
                return picture.read_bytes()
        return self._in_thread(self._embedded_cover, path)

    def part(self, path: Path) -> bytes:
        """Return the analyzed part of a file as WAV.

        Raises:
            AudioError: the file cannot be decoded.
            WorkerError: the worker died, or the limits were reached.

        """
        future = self._decoders.submit(playable, path, self._settings.listen.window)
        return self._decoders.result(future, path)

    def has(self, path: Path) -> bool:
        """Return whether the database has the file; the page serves no other file."""
        return self._in_thread(self._store.files.get, path) is not None

    def close(self) -> None:
        """Finish the run, and end the thread and the workers."""
        self._in_thread(self._close)
        self._thread.shutdown()
        self._jobs.close()
        self._decoders.close()

    def _in_thread(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._thread.submit(function, *args, **kwargs).result()

    def _close(self) -> None:
        if self._run is not None:
            self._store.runs.finish(self._run)
        self._store.close()

    def _albums(self, view: str, text: str, page: int) -> tuple[list[Album], bool]:
        folded = fold(text)
        wanted = [
            path
            for path in self._indexed(SHOWN[view])
            if self._lists(path) and folded in fold(str(path))
        ]
        wanted.sort(key=lambda path: (path.parent, path.name))
        folders = [
            (folder, list(members)) for folder, members in groupby(wanted, lambda path: path.parent)
        ]
        chosen = folders[page * PAGE : (page + 1) * PAGE]
        albums = [Album(folder, self._cards(members)) for folder, members in chosen]
        return albums, len(folders) > (page + 1) * PAGE

    def _indexed(self, actions: Sequence[Action]) -> Iterable[Path]:
        """Return the files with these decisions; without any, every file that did not fail.

        Written files are those whose write was not undone.
        """
        store = self._store
        if Action.SET in actions:
            return store.journal.newest()
        if actions:
            return store.runs.decided_paths(actions)
        failed = set(store.runs.decided_paths([Action.ERROR]))
        states = (state for root in store.files.roots() for state in store.files.states_under(root))
        return dict.fromkeys(path for path, _, _ in states if path not in failed)

    def _lists(self, path: Path) -> bool:
        return not self._paths or any(path.is_relative_to(above) for above in self._paths)

    def _cards(self, paths: Iterable[Path]) -> list[Card]:
        tracks = (self._store.files.get(path) for path in paths)
        return [self._card(track) for track in tracks if track]

    def _card(self, track: Track) -> Card:
        store, own_name = self._store, self._basis.rules.policy.own_name
        key = track.content
        prediction = store.analyses.prediction(key, self._basis.manifest.id) if key else None
        if prediction:
            prediction = self._weighed(track, prediction)
        ranked = prediction.ranked[:3] if prediction else []
        decision = store.runs.decision(track.path)
        if decision and decision.action.writes and decision.genres != track.tags.genres:
            decision = Decision(Action.KEEP, track.tags.genres, "changed since, or taken back")
        return Card(
            track,
            [(own_name(genre), share) for genre, share in ranked],
            decision.action if decision else Action.KEEP,
            decision.reason if decision else "",
            store.corrections.has(track.path),
        )

    def _weighed(self, track: Track, sound: Prediction) -> Prediction:
        """Weigh a prediction as its decision does, by the evidence or by the library."""
        evidence = self._basis.evidence.of(track)
        if evidence and is_like_music(sound):
            return posterior(sound, evidence)
        return self._basis.weighed(track, sound, evidence)

    def _nearest(self, path: Path) -> list[Neighbour]:
        track = self._store.files.get(path)
        specs = list(self._basis.manifest.inputs.values())[:1]
        if track is None or track.content is None:
            return []
        features = self._store.analyses.features(track.content, specs)
        return neighbours.nearest(features[0], self._store, path) if features else []

    def _choose(self, path: Path, seen: tuple[str, ...], genre: str) -> Card:
        track = self._present(path)
        if track.tags.genres != seen:
            raise SkippedError("has another genre now; the page shows it", path)
        now = track.tags.genres
        if genre:
            options = self._basis.options
            operation = Write(self._store, self._jobs, self._started(), Origin.USER, options)
            decision = Decision(Action.SET, (genre,), "you chose it", genre)
            outcome = operation.apply(track, decision)
            if outcome.action is not Action.SET:
                raise SkippedError(outcome.reason, path)
            now = (genre,)
        # never overwritten by a scan, and a label for training
        self._store.corrections.put(Correction(path, track.content, seen, now))
        return self._card(self._present(path))

    def _take_back(self, path: Path) -> Card:
        entry = self._store.journal.last(path)
        if entry and (entry.run == self._run or self._is_choice(entry.change)):
            (outcome,) = undo.undo([entry], self._store, self._jobs, self._basis.options)
            if outcome.action is not Action.SET:
                raise SkippedError(outcome.reason, path)
        self._store.corrections.forget(path)
        track, earlier = self._present(path), self._store.journal.last(path)
        if earlier and earlier.run == self._run and earlier.change.after == track.tags.genres:
            label = Correction(path, track.content, earlier.change.before, earlier.change.after)
            self._store.corrections.put(label)
        return self._card(track)

    def _is_choice(self, change: GenreEdit) -> bool:
        """Return whether a write is the choice of an earlier page on its file."""
        choice = self._store.corrections.get(change.path)
        if choice is None or choice.theirs != change.after:
            return False
        if change.field != GENRE and not change.before:  # the page showed the genre of GENRE
            return choice.ours != choice.theirs
        return choice.ours == change.before

    def _present(self, path: Path) -> Track:
        """Return the file as it is now; raises TaggerError for a file that is gone."""
        known = self._store.files.get(path)
        if known is None:
            raise TaggerError("is not in the database", path)
        try:
            identity = FileIdentity.of(path.stat(follow_symlinks=False))
        except OSError as error:
            raise TaggerError(f"cannot be read: {error.strerror}", path) from error
        (found,) = index_files([Found(path, known.root, identity)], self._store, self._jobs)
        if isinstance(found, Outcome):
            raise TaggerError(found.reason, path)
        return found

    def _started(self) -> int:
        if self._run is None:
            self._run = self._store.runs.start("review")
        return self._run

    def _embedded_cover(self, path: Path) -> bytes | None:
        try:
            return self._jobs.run_on(path)(path.stat().st_size, cover, path)
        except (TaggerError, OSError):
            return None
