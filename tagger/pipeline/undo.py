"""Undo of written genres, file by file, unless the user changed the genre afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger import tags
from tagger.analysis.tag_jobs import UNDO_SPARE_MB
from tagger.core.domain import Action, Outcome
from tagger.errors import ChangedSinceError, FileChangedError, StoreError, TagError, WorkerError
from tagger.library import absence, walk
from tagger.pipeline import build, moved, recovery
from tagger.pipeline.publish import Published, after_run
from tagger.players import Changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tagger.analysis.tag_jobs import TagJobs
    from tagger.config import Settings
    from tagger.core.domain import FileIdentity, GenreEdit, TrackTags
    from tagger.pipeline.command_run import Observer
    from tagger.store import JournalEntry, Store
    from tagger.tags import WriteOptions


@dataclass(frozen=True, slots=True)
class Selection:
    """The writes that are undone; without any limit, those of the newest run."""

    run: int | None = None
    since: float | None = None
    """Unix seconds."""
    paths: tuple[Path, ...] = ()
    """Files and folders, resolved."""

    def entries(self, store: Store) -> list[JournalEntry]:
        """Return the selected journal entries, oldest first."""
        run = self.run
        if not self.paths and self.since is None and run is None:
            run = store.runs.last_with_changes()
            return [] if run is None else store.journal.done(run=run)
        entries = {
            entry.id: entry
            for below in self.paths or (None,)
            for entry in store.journal.done(run=run, since=self.since, below=below)
        }
        return [entries[id_] for id_ in sorted(entries)]


def undo_run(
    settings: Settings,
    store: Store,
    selection: Selection,
    observer: Observer,
    *,
    dry_run: bool,
) -> Published:
    """Undo the selected writes, then refresh playlists and notify players.

    Args:
        settings: The settings.
        store: The state database.
        selection: The writes that are undone.
        observer: Takes the outcome of each file.
        dry_run: Change nothing.

    """
    changes = Changes()
    with build.tag_jobs(settings, UNDO_SPARE_MB) as jobs:
        entries = _entries(settings, store, selection, jobs)
        observer.expect(len({(entry.change.path, entry.change.field) for entry in entries}))
        options = build.write_options(settings)
        for outcome in undo(entries, store, jobs, options, dry_run=dry_run):
            changes.outcome(outcome)
            observer.outcome(outcome)
    if dry_run:
        return Published()
    return after_run(settings, store, changes, dict.fromkeys(entry.root for entry in entries))


def _entries(
    settings: Settings, store: Store, selection: Selection, jobs: TagJobs
) -> list[JournalEntry]:
    """Return the selected journal entries, after a search for files that moved."""
    recovery.recover(store, jobs)
    entries = selection.entries(store)
    lost = absence.Lost()
    gone = any(_is_elsewhere(entry.change.path, store, lost) for entry in entries)
    if not gone and not selection.paths:
        return entries
    roots = [*settings.library.real_roots, *store.files.roots()]
    starts = dict.fromkeys((*selection.paths, *roots) if gone else selection.paths)
    preserved = settings.tags.preserve_mtime
    moved.follow(starts, roots, store, jobs, preserve_mtime=preserved)
    recovery.recover(store, jobs)
    ids = {entry.id for entry in (*entries, *selection.entries(store))}
    return [entry for entry in store.journal.done() if entry.id in ids]


def _is_elsewhere(path: Path, store: Store, lost: absence.Lost) -> bool:
    """Return whether the file of a write is gone from its path, or another file has its name."""
    track = store.files.get(path)
    return absence.is_elsewhere(track, lost) if track else walk.is_gone(path)


def undo(
    entries: Iterable[JournalEntry],
    store: Store,
    jobs: TagJobs,
    options: WriteOptions,
    *,
    dry_run: bool = False,
) -> Iterator[Outcome]:
    """Bring each file's genres back to the genres before the oldest of these writes.

    A write that cannot be undone is an outcome. It is `skip` for a file whose genres or sound were
    changed after tagger, and `error` for a file that is gone or cannot be written.

    Args:
        entries: Entries of the journal, oldest first.
        store: The state database.
        jobs: Reads and writes the tags.
        options: The options for writing files.
        dry_run: Change nothing.

    """
    groups = _by_field(entries)
    for folder in {changes[0].change.path.parent for changes in groups}:
        tags.remove_leftovers(folder)
    for changes in groups:
        oldest, newest = changes[0], changes[-1]
        path, field, now = newest.change.path, newest.change.field, newest.change.after
        try:
            identity = walk.identity_of(path)
            found = jobs.read(path, field)
            now = found.in_field
            if now not in (newest.change.after, oldest.change.before):
                raise _changed(newest, now, store)
            if dry_run:
                tags.check_writable(path, root=_root(oldest), options=options)
            else:
                _restore(changes, (identity, found), store, jobs, options)
                store.journal.mark_undone(entry.id for entry in changes)
                # a genre that was chosen on the page is taken back with its choice
                store.corrections.retract(path, newest.change.after)
        except (TagError, WorkerError, StoreError) as error:
            action = Action.SKIP if isinstance(error, ChangedSinceError) else Action.ERROR
            yield _outcome(path, action, now, now, error.explanation)
        else:
            reason = "would be taken back" if dry_run else "taken back"
            yield _outcome(path, Action.SET, now, oldest.change.before, reason)


def _by_field(entries: Iterable[JournalEntry]) -> list[list[JournalEntry]]:
    """Return the writes of each field of each file; the field that was written last comes first."""
    files: dict[Path, dict[str, list[JournalEntry]]] = {}
    for entry in entries:
        fields = files.setdefault(entry.change.path, {})
        fields.setdefault(entry.change.field, []).append(entry)
    return [changes for fields in files.values() for changes in reversed(fields.values())]


def _changed(entry: JournalEntry, now: tuple[str, ...], store: Store) -> ChangedSinceError:
    """Return the error for genres that are not as a write left them.

    Args:
        entry: The write.
        now: The genres in the file.
        store: The state database.

    """
    path = entry.change.path
    last = store.journal.last(path, entry.change.field)
    if last and last.id > entry.id and last.change.after == now:
        first = f"take it back first: tagger undo --run {last.run}"
        return ChangedSinceError(f"run {last.run} changed the genre later", path, first)
    return ChangedSinceError("the genre was changed after tagger wrote it", path)


def _restore(
    entries: list[JournalEntry],
    now: tuple[FileIdentity, TrackTags],
    store: Store,
    jobs: TagJobs,
    options: WriteOptions,
) -> None:
    oldest, *later = entries
    path = oldest.change.path
    identity, found = now

    def remember(change: GenreEdit, identity: FileIdentity) -> None:
        store.files.record_write(path, identity, found.with_field(change.after))

    def prepare(change: GenreEdit) -> None:
        if change.before != found.in_field:
            raise FileChangedError("another program changed the genre", path)
        remember(change, identity)

    store.check_in_place()
    written = tags.restore_genres(
        tags.Target(path, _root(oldest), identity, options),
        oldest.change.snapshot,
        # beforehand, so that a kill in between does not pass for the user's own correction
        before_commit=prepare,
        run=jobs.run_on(path),
        later=[entry.change.snapshot for entry in later],
    )
    if written:
        remember(*written)


def _root(entry: JournalEntry) -> Path:
    """Return the folder that must contain the file; a moved file may have left its root."""
    path = entry.change.path
    return entry.root if path.is_relative_to(entry.root) else path.parent


def _outcome(
    path: Path, action: Action, before: tuple[str, ...], after: tuple[str, ...], reason: str
) -> Outcome:
    return Outcome(path, action, before, after, after[0] if after else None, None, reason)
