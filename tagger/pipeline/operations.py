"""The operations on a decision: writing it into the file, or reporting it only.

A dry run is another operation, not a condition in each step of the pipeline.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from tagger import tags
from tagger.core.domain import Action, Decision, FileIdentity, Outcome, Track
from tagger.errors import (
    AGAIN,
    FileChangedError,
    SkippedError,
    TagError,
    WorkerError,
    WriteFailedError,
)
from tagger.library import absence, index, walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tagger.analysis.tag_jobs import TagJobs
    from tagger.core.domain import GenreEdit
    from tagger.store import Store
    from tagger.tags import WriteOptions


class Operation(Protocol):
    """Carries out one decision on one track."""

    def apply(self, track: Track, decision: Decision) -> Outcome:
        """Carry out the decision; a file that cannot be written is an outcome, not an exception."""
        ...


class DryRun:
    """Returns the outcome of a write, with its refusals, and writes nothing."""

    def __init__(self, jobs: TagJobs, options: WriteOptions) -> None:
        self._jobs = jobs
        self._options = options

    def apply(self, track: Track, decision: Decision) -> Outcome:
        """See `Operation`."""
        if decision.action.writes:
            try:
                self._jobs.rehearse(_target(track, self._options), decision.genres)
            except (TagError, WorkerError) as error:
                return refused(track, decision, error)
        return Outcome.of(track, decision)


class KeepUndone:
    """Does not write a genre again that the user reverted; the operation of the daemon."""

    def __init__(self, store: Store, operation: Operation) -> None:
        self._store = store
        self._operation = operation

    def apply(self, track: Track, decision: Decision) -> Outcome:
        """See `Operation`."""
        undone = self._store.journal.was_undone
        if decision.action.writes and undone(track.path, decision.genres, track.tags.field):
            reason = f"you took {', '.join(decision.genres)} back"
            decision = Decision(Action.KEEP, track.tags.genres, reason)
        return self._operation.apply(track, decision)


SETTLE_S = 2.0
"""Seconds without a change before a command writes a file; at most `daemon.settle`."""


class WhenStable:
    """Waits before a write until the file is unchanged for some time; for commands.

    The write itself then refuses a file that changed during the wait.
    """

    def __init__(self, operation: Operation, settle: float) -> None:
        """Wait `settle` seconds, or less: see `SETTLE_S`."""
        self._operation = operation
        self._seconds = min(settle, SETTLE_S)

    def apply(self, track: Track, decision: Decision) -> Outcome:
        """See `Operation`."""
        if decision.action.writes:
            with contextlib.suppress(OSError):
                age = time.time() - track.path.stat().st_ctime
                if 0 <= age < self._seconds:
                    time.sleep(self._seconds - age)
        return self._operation.apply(track, decision)


class Write:
    """Writes into the file, with the journal's entry made before the file is replaced."""

    def __init__(
        self, store: Store, jobs: TagJobs, run: int, model: str, options: WriteOptions
    ) -> None:
        """Write as part of a run.

        Args:
            store: The state database.
            jobs: Writes the tags.
            run: The number of the run.
            model: The id of the model that made the predictions.
            options: The options for writing files.

        """
        self._store = store
        self._jobs = jobs
        self._run = run
        self._model = model
        self._options = options

    def apply(self, track: Track, decision: Decision) -> Outcome:
        """See `Operation`."""
        result = Outcome.of(track, decision)
        if decision.action.writes:
            try:
                self._write(self._renumbered(track), decision)
            except FileChangedError as error:
                # the record that another tagger made of its own decision is the valid one
                self._index_again(track)
                return refused(track, decision, error)
            except (TagError, WorkerError) as error:
                result = refused(track, decision, error)
                self._store.failures.record_failure(track.path, track.identity, error)
            else:
                self._store.failures.clear(track.path)
        if result.action is Action.SKIP and walk.is_gone(track.path):
            return result  # without a record, because the same file may come back
        if decision.confidence is not None or result.action is not Action.KEEP:
            # a file kept without an analysis keeps the recorded reason of its earlier write
            noted = replace(decision, action=result.action, reason=result.reason)
            self._store.runs.put_decision(track.path, self._run, noted, self._model)
        if result.action is not Action.ERROR:
            fixed = result.action is Action.SKIP and unwritable([track], self._options)
            self._store.files.mark_handled(track.path, writable=not fixed)
        return result

    def _index_again(self, track: Track) -> None:
        """Index a file as it is now: its older state may have been stored meanwhile."""
        with contextlib.suppress(OSError, TagError, WorkerError):
            identity = FileIdentity.of(track.path.stat(follow_symlinks=False))
            lookup = index.look_up(walk.Found(track.path, track.root, identity), self._store)
            found = self._jobs.read(track.path)
            if not lookup.current or lookup.current.tags != found:
                index.put(lookup, found, self._store)

    def _renumbered(self, track: Track) -> Track:
        """Return the track under the inode number that its file has now.

        FAT, exFAT and FUSE may give an unchanged file another number.
        """
        with contextlib.suppress(OSError, TagError, WorkerError):
            now, before = FileIdentity.of(track.path.stat()), track.identity
            same = now == before._replace(inode=now.inode)
            if now != before and same and self._jobs.read(track.path) == track.tags:
                return replace(track, identity=now)
        return track

    def _write(self, track: Track, decision: Decision) -> None:
        intended: list[int] = []

        def intend(change: GenreEdit) -> None:
            if change.before != track.tags.in_field:
                raise FileChangedError("another program changed the genre", track.path, AGAIN)
            intended.append(self._store.journal.intend(self._run, track.root, change))

        try:
            written = tags.write_genres(
                _target(track, self._options),
                decision.genres,
                confidence=decision.confidence,
                before_commit=intend,
                run=self._jobs.run_on(track.path),
            )
        except (TagError, WorkerError) as error:
            # a failed rename may have changed the file: the next run looks at its genre
            if not isinstance(error, WriteFailedError):
                for change_id in intended:
                    self._store.journal.discard(change_id)
            raise
        if written is None:
            if track.tags.in_field == decision.genres:  # the user confirmed the present genre
                return
            reason = "contains these genres already: another program wrote them"
            raise FileChangedError(reason, track.path)
        change, identity = written
        with self._store.transaction():
            for change_id in intended:
                self._store.journal.confirm(change_id)
            tags_now = track.tags.with_field(change.after)
            self._store.files.record_write(track.path, identity, tags_now)


def _target(track: Track, options: WriteOptions) -> tags.Target:
    return tags.Target(track.path, track.root, track.identity, options)


def permitted(track: Track, decision: Decision, options: WriteOptions) -> Decision:
    """Return the decision, or a skip with the reason where it would write a file that must not be.

    Args:
        track: The track.
        decision: The decision on it.
        options: The options for writing files.

    """
    reason = unwritable([track], options).get(track) if decision.action.writes else None
    return Decision(Action.SKIP, track.tags.genres, reason) if reason else decision


def unwritable(tracks: Iterable[Track], options: WriteOptions) -> dict[Track, str]:
    """Return the tracks whose files must not be written, and why.

    The tracks are checked at the same time, so a folder is looked at once.
    """
    folders = tags.Folders()
    found = {}
    for track in tracks:
        try:
            tags.check_writable(track.path, root=track.root, options=options, folders=folders)
        except SkippedError as error:
            found[track] = error.explanation
        except TagError:
            continue  # it is gone, for example: the analysis will report that
    return found


REMOVED = "was removed during the run"
"""The reason for a file that is gone: no failure of the run."""


def refused(track: Track, decision: Decision, error: TagError | WorkerError) -> Outcome:
    """Return the outcome of a decision that was not applied.

    Args:
        track: The track.
        decision: The decision on it.
        error: The error of the write; `skip` for a refusal, `error` for a failure.

    """
    action = Action.SKIP if isinstance(error, SkippedError | FileChangedError) else Action.ERROR
    reason = error.explanation
    failed = isinstance(error, WriteFailedError)  # a failed rename may have deleted the file
    absent = isinstance(error.__cause__, FileNotFoundError)
    if (absent or not failed) and absence.was_removed(track.path, track.identity):
        action, reason = Action.SKIP, REMOVED
    kept = replace(decision, action=action, genres=track.tags.genres, reason=reason)
    return Outcome.of(track, kept)
