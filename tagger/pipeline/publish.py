"""The end of a run: genre playlists are refreshed, then players are notified."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tagger.library import absence, walk
from tagger.players import Changes, PlayerList, PlayerTrack, keeps_playlists, notify_all
from tagger.playlists import refresh
from tagger.playlists.refresh import Refreshed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from tagger.config import PlayerSettings, Settings
    from tagger.errors import TaggerError
    from tagger.store import Store

    Notify = Callable[[PlayerSettings, Changes], Mapping[str, TaggerError | None]]
    """Notifies the configured players; returns the error of each, None where there is none."""


@dataclass(frozen=True, slots=True)
class Published:
    """The playlists and players after a run."""

    playlists: Refreshed = field(default_factory=Refreshed)
    players: Mapping[str, TaggerError | None] = field(default_factory=dict)
    """By name; None for a player that was notified."""
    absent: Mapping[Path, absence.Missing] = field(default_factory=dict)
    """The roots without any file that is known: their disks may not be mounted."""


def after_run(  # noqa: PLR0913 - the one end of every run
    settings: Settings,
    store: Store,
    changes: Changes,
    roots: Collection[Path],
    *,
    notify: Notify = notify_all,
    dry_run: bool = False,
) -> Published:
    """Refresh the playlists of the libraries that a run touched, and notify players.

    Args:
        settings: Without `playlists.enabled`, playlists stay as they are.
        store: The state database.
        changes: The files that the run changed; the changed playlists are added.
        roots: The library roots that the run touched; the playlists of absent roots stay.
        notify: Notifies the players of the changes.
        dry_run: Return what would be done to playlists; notify nobody.

    """
    refreshed, found = Refreshed(), absent(roots, store)

    def is_away(root: Path) -> bool:
        missing = found.get(root) if root in roots else absence.missing_files(root, store)
        return walk.is_gone(root) or (missing is not None and missing.away > 0)

    if settings.playlists.enabled:
        mounted = [root for root in roots if root not in found]
        refreshed = refresh.refresh_all(settings, mounted, store, is_away, dry_run=dry_run)
        changes.playlists(refreshed.written)
    if changes and not dry_run and keeps_playlists(settings.players):
        changes.lists = _player_lists(settings, store)
    return Published(refreshed, {} if dry_run else notify(settings.players, changes), found)


def absent(roots: Iterable[Path], store: Store) -> dict[Path, absence.Missing]:
    """Return the roots of which no known file is there, with their missing files."""
    found = ((root, absence.missing_files(root, store)) for root in roots)
    return {root: missing for root, missing in found if missing is not None}


def _player_lists(settings: Settings, store: Store) -> tuple[PlayerList, ...]:
    """Return the lists of all libraries together, for players that keep playlists themselves."""
    configured = settings.library.real_roots
    roots = tuple(dict.fromkeys([*configured, *store.files.roots()]))
    return tuple(
        PlayerList(
            one.name,
            one.mark,
            tuple(
                PlayerTrack(t.file, t.tags.title, t.tags.artist, t.tags.album) for t in one.tracks
            ),
        )
        for one in refresh.library_lists(settings, roots, store)
    )
