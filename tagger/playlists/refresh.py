"""The genre playlists of a library: which tracks stand in which, and bringing them up to date."""

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
    """What became of the playlists."""

    changes: tuple[PlaylistChange, ...]
    problems: tuple[PlaylistError, ...]
    """Tracks whose names no playlist can hold, and folders that could not be written."""

    @property
    def written(self) -> list[Path]:
        """The playlists that are there, gone or other than before."""
        return [change.path for change in self.changes if change.action in WRITTEN]


def refresh_all(
    settings: Settings, roots: Sequence[Path], store: Store, *, dry_run: bool = False
) -> Refreshed:
    """Bring the playlists of every library that one of the roots belongs to up to date."""
    changes: list[PlaylistChange] = []
    problems: list[PlaylistError] = []
    for library in libraries(settings, store.files.roots()):
        if not set(roots) & set(library.library.roots):
            continue
        try:
            refreshed = refresh(library, store, dry_run=dry_run)
        except PlaylistError as error:
            problems.append(error)
        else:
            changes += refreshed.changes
            problems += refreshed.problems
    return Refreshed(tuple(changes), tuple(problems))


def libraries(settings: Settings, known: Sequence[Path]) -> list[Settings]:
    """Return the settings of each library among the roots that are known.

    The configured roots are one library with one folder of playlists. A folder that was
    scanned without being configured is a library of its own, unless its playlists go to the
    same place as another's.
    """
    configured = tuple(root.resolve() for root in settings.library.roots)
    by_folder: dict[Path, dict[Path, None]] = defaultdict(dict)
    for roots in (configured, *((root,) for root in known if root not in configured)):
        folder = _with_roots(settings, roots).playlist_folder.resolve()
        by_folder[folder].update(dict.fromkeys(roots))
    return [_with_roots(settings, tuple(roots)) for roots in by_folder.values()]


def refresh(settings: Settings, store: Store, *, dry_run: bool = False) -> Refreshed:
    """Bring one library's playlists up to date.

    Raises `PlaylistError` when the folder cannot be written.
    """
    composed = compose(
        _by_genre(settings.library.roots, store),
        locator(settings),
        min_tracks=settings.playlists.min_tracks,
    )
    folder = settings.playlist_folder.resolve()
    changes = publish(
        folder,
        composed.playlists,
        suffix=settings.playlists.suffix,
        known={p: sha for p, sha in store.published.known().items() if p.parent == folder},
        dry_run=dry_run,
    )
    if not dry_run:
        with store.transaction():
            for change in changes:
                store.published.note(change.path, change.sha256, change.genre)
    return Refreshed(tuple(changes), composed.left_out)


def _by_genre(roots: Sequence[Path], store: Store) -> dict[str, list[tuple[Path, TrackTags]]]:
    """Sort the tracks by genre, each under the spelling that most of its files use."""
    tracks: dict[str, dict[Path, TrackTags]] = defaultdict(dict)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for root in roots:
        for track in store.files.under(root):
            for genre in track.tags.genres:
                tracks[genres.key(genre)][track.path] = track.tags
                spellings[genres.key(genre)][genre] += 1
    return {
        min(spellings[key], key=lambda name: (-spellings[key][name], name)): list(found.items())
        for key, found in tracks.items()
    }


def _with_roots(settings: Settings, roots: tuple[Path, ...]) -> Settings:
    library = msgspec.structs.replace(settings.library, roots=roots)
    return msgspec.structs.replace(settings, library=library)
