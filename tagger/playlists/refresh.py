"""Refreshing the genre playlists of each library from the store."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tagger.core import genres
from tagger.errors import PlaylistError
from tagger.playlists import PlaylistAction, compose, locator, publish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import TrackTags
    from tagger.playlists import PlaylistChange
    from tagger.store import Store

WRITTEN = (PlaylistAction.CREATED, PlaylistAction.UPDATED, PlaylistAction.REMOVED)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The changes of the playlists."""

    changes: tuple[PlaylistChange, ...]
    problems: tuple[PlaylistError, ...]
    """Tracks whose names no playlist can contain, and folders that could not be written."""
    folder_failed: bool = False
    """Whether a folder is among the problems."""

    @property
    def failed(self) -> bool:
        """Whether a playlist or a folder of playlists could not be written."""
        refused = any(change.action is PlaylistAction.REFUSED for change in self.changes)
        return refused or self.folder_failed

    @property
    def written(self) -> list[Path]:
        """The created, updated and removed playlists."""
        return [change.path for change in self.changes if change.action in WRITTEN]


def refresh_all(
    settings: Settings, roots: Sequence[Path], store: Store, *, dry_run: bool = False
) -> Refreshed:
    """Refresh the playlists of each library that contains one of the roots.

    `settings` name the configured library, `roots` are resolved paths, and `store` contains the
    tracks. `dry_run` returns the planned changes without a write.
    """
    changes: list[PlaylistChange] = []
    problems: list[PlaylistError] = []
    folder_failed = False
    for library in libraries(settings, store.files.roots()):
        if not set(roots) & set(library.library.roots):
            continue
        try:
            refreshed = refresh(library, store, dry_run=dry_run)
        except PlaylistError as error:
            problems.append(error)
            folder_failed = True
        else:
            changes += refreshed.changes
            problems += refreshed.problems
    return Refreshed(tuple(changes), tuple(problems), folder_failed)


def libraries(settings: Settings, scanned: Sequence[Path]) -> list[Settings]:
    """Return the settings of each library among the scanned roots.

    The configured roots are one library with one folder of playlists. Each other scanned root
    is a library of its own, unless it has the same folder of playlists as another library.
    """
    configured = tuple(root.resolve() for root in settings.library.roots)
    by_folder: dict[Path, dict[Path, None]] = defaultdict(dict)
    for roots in (configured, *((root,) for root in scanned if root not in configured)):
        folder = _with_roots(settings, roots).playlist_folder.resolve()
        by_folder[folder].update(dict.fromkeys(roots))
    return [_with_roots(settings, tuple(roots)) for roots in by_folder.values()]


def refresh(settings: Settings, store: Store, *, dry_run: bool = False) -> Refreshed:
    """Refresh the playlists of one library.

    `settings` name the roots and the folder of playlists, and `store` contains the tracks.
    `dry_run` returns the planned changes without a write. Raises `PlaylistError` when the folder
    cannot be written.
    """
    composed = compose(
        _by_genre(settings, store),
        locator(settings),
        min_tracks=settings.playlists.min_tracks,
    )
    folder = settings.playlist_folder.resolve()
    changes = publish(
        folder,
        composed.playlists,
        suffix=settings.playlists.suffix,
        recorded={p: sha for p, sha in store.published.known().items() if p.parent == folder},
        dry_run=dry_run,
    )
    if not dry_run:
        with store.transaction():
            for change in changes:
                store.published.note(change.path, change.sha256, change.genre)
    return Refreshed(tuple(changes), composed.left_out)


def _by_genre(settings: Settings, store: Store) -> dict[str, list[tuple[Path, TrackTags]]]:
    """Group the tracks by genre, each genre under its most frequent spelling.

    A text that may be a list counts as its parts, unless tagger wrote it as one genre.
    """
    whole, empty = store.journal.written_genres(), settings.genres.empty_keys
    tracks: dict[str, dict[Path, TrackTags]] = defaultdict(dict)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for root in settings.library.roots:
        for track in store.files.under(root):
            for genre in genres.parts(track.tags.genres, whole):
                if genres.is_empty(genre, empty):
                    continue
                key = genres.key(genre)
                tracks[key][track.path] = track.tags
                spellings[key][genre] += 1
    return {
        min(spellings[key], key=lambda name: (-spellings[key][name], name)): list(found.items())
        for key, found in tracks.items()
    }


def _with_roots(settings: Settings, roots: tuple[Path, ...]) -> Settings:
    library = msgspec.structs.replace(settings.library, roots=roots)
    return msgspec.structs.replace(settings, library=library)
