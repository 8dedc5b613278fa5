"""Refreshing the playlists of each target from the store."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.core.domain import Action
from tagger.errors import PlaylistError
from tagger.playlists import current
from tagger.playlists.compose import compose, rules
from tagger.playlists.folder import check_place
from tagger.playlists.lists import Names, genre_lists, special_lists
from tagger.playlists.locations import locator
from tagger.playlists.publish import PlaylistAction, publish
from tagger.playlists.values import Listed, ListedTags, Shelf
from tagger.store.playlists import WrittenPlaylist
from tagger.system import locks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tagger.config import PlaylistTarget, Settings
    from tagger.core.domain import Track
    from tagger.playlists.lists import Read
    from tagger.playlists.publish import PlaylistChange
    from tagger.playlists.values import Roots, TrackList
    from tagger.store import Store
    from tagger.store.files import Combination

LOCK = "playlists.lock"
"""The name of the lock in the state folder."""
MOST_NAMED = 10
"""Tracks left out that a report of a run names; `tagger playlists` names all."""
WRITTEN = (PlaylistAction.CREATED, PlaylistAction.UPDATED, PlaylistAction.REMOVED)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The changes of the playlists."""

    changes: tuple[PlaylistChange, ...] = ()
    problems: tuple[PlaylistError, ...] = ()
    """Tracks that a playlist cannot contain, by their names or by their folders."""
    lost_folders: tuple[PlaylistError, ...] = ()
    """Folders that could not be read or written."""

    @property
    def failed(self) -> bool:
        """Whether a playlist or a folder of playlists could not be written."""
        refused = any(change.action is PlaylistAction.REFUSED for change in self.changes)
        return refused or bool(self.lost_folders)

    @property
    def written(self) -> list[Path]:
        """The created, updated and removed playlists."""
        return [change.path for change in self.changes if change.action in WRITTEN]


def refresh_all(
    settings: Settings,
    roots: Sequence[Path],
    store: Store,
    is_away: Callable[[Path], bool] = lambda _: False,
    *,
    dry_run: bool = False,
) -> Refreshed:
    """Refresh the playlists of each library that contains one of the roots, in each target.

    A target that fails is among the lost folders, and the others go on.

    Args:
        settings: They name the configured library.
        roots: Resolved paths.
        store: It contains the tracks.
        is_away: Returns whether a root is not there; playlists in it stay as they are.
        dry_run: Return the planned changes without a write.

    """
    with nullcontext() if dry_run else _alone(store.path.with_name(LOCK)):
        return _refresh_all(settings, roots, store, is_away, dry_run=dry_run)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait until no other process refreshes playlists: its lists may be older or newer."""
    with ExitStack() as stack:
        with suppress(OSError):  # some network file systems have no locks
            stack.enter_context(locks.exclusive(lock, wait=True))
        yield


def _refresh_all(
    settings: Settings,
    roots: Sequence[Path],
    store: Store,
    is_away: Callable[[Path], bool],
    *,
    dry_run: bool,
) -> Refreshed:
    changes: list[PlaylistChange] = []
    problems: dict[Path | None, PlaylistError] = {}
    lost: list[PlaylistError] = []
    composed: dict[Roots, list[TrackList]] = {}
    revision = store.revision()  # before the tracks: a later change counts again
    for shelf in shelves(settings, store.files.roots()):
        if not set(roots) & set(shelf.roots):
            continue
        if any(shelf.folder.is_relative_to(root) and is_away(root) for root in shelf.roots):
            continue
        state = current.state_of(settings, shelf, revision)
        if state and state == store.playlists.state(shelf.folder):
            changes += current.unchanged(shelf, store)
            continue
        if shelf.roots not in composed:
            composed[shelf.roots] = library_lists(settings, shelf.roots, store)
        try:
            refreshed = refresh(settings, shelf, composed[shelf.roots], store, dry_run=dry_run)
        except PlaylistError as error:
            lost.append(error)
        else:
            if not dry_run:
                done = not (refreshed.failed or refreshed.problems)
                state = current.state_of(settings, shelf, revision) if done else ""
                store.playlists.note_state(shelf.folder, state)
            changes += refreshed.changes
            problems |= {problem.path: problem for problem in refreshed.problems}
    return Refreshed(tuple(changes), tuple(problems.values()), tuple(lost))


def shelves(settings: Settings, scanned: Sequence[Path]) -> list[Shelf]:
    """Return the folder of each target for each library among the scanned roots.

    The configured roots are one library. Each other scanned root is a library of its own, unless
    it has the same folder of playlists as another library.
    """
    configured = settings.library.real_roots
    found: dict[Path, tuple[PlaylistTarget, dict[Path, None]]] = {}
    for target in settings.playlists.all_targets:
        for roots in (configured, *((root,) for root in scanned if root not in configured)):
            folder = Path(os.path.realpath(target.in_library(roots[0])))
            found.setdefault(folder, (target, {}))[1].update(dict.fromkeys(roots))
    return [Shelf(folder, target, tuple(roots)) for folder, (target, roots) in found.items()]


def check_folders(settings: Settings, roots: Iterable[Path]) -> None:
    """Check the folders of playlists of a run that will touch these roots, before its writes.

    Raises:
        PlaylistError: a file is in the place of a folder.
    """
    if settings.playlists.enabled:
        touched = set(roots)
        for shelf in shelves(settings, tuple(touched)):
            if touched.intersection(shelf.roots):
                check_place(shelf.folder)


def refresh(
    settings: Settings,
    shelf: Shelf,
    lists: Sequence[TrackList],
    store: Store,
    *,
    dry_run: bool = False,
) -> Refreshed:
    """Refresh the playlists of one folder.

    Args:
        settings: The order of the tracks, for smart playlists.
        shelf: The folder.
        lists: The lists of the library.
        store: Contains the digests of the playlists that tagger wrote.
        dry_run: Return the planned changes without a write.

    Raises:
        PlaylistError: the folder cannot be written.

    """
    known = store.playlists.in_folder(shelf.folder)
    states = current.states_of(settings, shelf, lists)
    if shelf.target.is_smart:
        composed = rules(lists, settings.playlists.order)
    else:
        same = {p.genre: p.sha256 for p in known.values() if p.state == states.get(p.genre)}
        composed = compose(lists, locator(shelf.target, shelf.folder), same)
    changes = publish(
        shelf.folder,
        composed.playlists,
        suffix=shelf.target.suffix,
        recorded={path: one.sha256 for path, one in known.items()},
        dry_run=dry_run,
    )
    if not dry_run:
        with store.transaction():
            for change in changes:
                done = change.action is not PlaylistAction.REFUSED
                done = done and not composed.by_genre.get(change.genre)
                state = states.get(change.genre, "") if done else ""
                store.playlists.note(
                    change.path, WrittenPlaylist(change.sha256, change.genre, state)
                )
    return Refreshed(tuple(changes), tuple(composed.left_out.values()))


def library_lists(settings: Settings, roots: Roots, store: Store) -> list[TrackList]:
    """Return the lists of the library.

    Args:
        settings: With the lists to make, and the user's genres.
        roots: The folders of the library.
        store: The state database.

    """
    playlists = settings.playlists
    names = Names(
        store.journal.written_genres(),
        settings.genres.empty_keys,
        genres.by_key(settings.training.parents),
        settings.genres.vocabulary,
    )
    combinations = store.files.combinations(roots)
    read = partial(_tracks, roots, store)
    undecided = _undecided(combinations, read, names, store) if playlists.undecided else []
    recent = _recent(roots, playlists.recent_tracks, store) if playlists.recent else []
    return [
        *genre_lists(combinations, read, playlists, names),
        *special_lists(undecided, recent, playlists),
    ]


def _tracks(roots: Roots, store: Store, combinations: Iterable[Combination]) -> Iterator[Listed]:
    """Yield the tracks below the roots that have these genres; equal texts are in memory once."""
    texts, same = [one.text for one in combinations], dict[str, str]().setdefault
    for file, tags, added in store.files.with_genres(roots, texts, ListedTags):
        artist, album = same(tags.artist, tags.artist), same(tags.album, tags.album)
        album_artist = same(tags.album_artist, tags.album_artist)
        kept = ListedTags(tags.title, artist, album, album_artist, tags.duration)
        yield Listed(file, kept, added)


def _undecided(
    combinations: Iterable[Combination], read: Read, names: Names, store: Store
) -> list[Listed]:
    """Return the files that were left alone as unsure and have no genre yet."""
    empty = partial(genres.is_empty, empty=names.empty)
    found = {one.file: one for one in read([c for c in combinations if all(map(empty, c.genres))])}
    decided = map(os.fspath, store.runs.decided_paths([Action.ABSTAIN]))
    return [found[file] for file in decided if file in found]


def _recent(roots: Roots, most: int, store: Store) -> list[Listed]:
    """Return the files that got a genre, the newest write first."""
    below = (path for path in store.journal.newest() if any(map(path.is_relative_to, roots)))
    found = (track for path in below if (track := store.files.get(path)))
    return [_listed(track) for track in islice(found, most)]


def _listed(track: Track) -> Listed:
    tags = track.tags
    kept = ListedTags(tags.title, tags.artist, tags.album, tags.album_artist, tags.duration)
    return Listed(os.fspath(track.path), kept)
