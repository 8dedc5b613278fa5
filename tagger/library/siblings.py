"""Album siblings: the recorded tracks of an album whose other tracks come later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core import albums
from tagger.core.domain import Action, FileIdentity
from tagger.library.ignore import IgnoreRules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from tagger.core.domain import Track
    from tagger.store import Store

MOST_OF_SCAN = 10 * albums.LARGEST_ALBUM
"""Files that may belong to one album, of which a scan may find few."""


def album_siblings(tracks: Sequence[Track], store: Store) -> tuple[list[Track], list[Track]]:
    """Return the recorded tracks of the same albums that are not among `tracks`.

    The first list has tracks that were left unchanged as unsure; with more tracks of their album
    they are decided again. The second list has the others, which only count for their album.
    """
    given = {track.path for track in tracks}
    found: dict[Path, Track] = {}
    for track in {albums.key(track): track for track in tracks}.values():
        if not track.tags.album and track.path.parent == track.root:
            continue  # loose files
        for sibling in store.files.album_siblings(track, albums.LARGEST_ALBUM + 1):
            if sibling.path not in given:
                found[sibling.path] = sibling
    grouped = albums.group([*tracks, *found.values()])  # a folder may have files of no album
    joined = [album for album in grouped if any(track.path in given for track in album)]
    found = {track.path: track for album in joined for track in album if track.path not in given}
    unsure = {track.path for track in found.values() if _was_unsure(track, store)}
    again = [track for track in found.values() if track.path in unsure]
    return again, [track for track in found.values() if track.path not in unsure]


def _was_unsure(track: Track, store: Store) -> bool:
    decision = store.runs.decision(track.path)
    if decision is None or decision.action is not Action.ABSTAIN:
        return False
    return is_unchanged(track)


def unchanged_siblings(
    tracks: Collection[Track],
    starts: Mapping[Path, Path],
    patterns: Sequence[str],
    store: Store,
) -> Iterator[Track]:
    """Yield the unchanged recorded files of the same albums that a scan finds.

    Args:
        tracks: The files of the scan with work.
        starts: The files and folders of the scan, each with its root.
        patterns: `library.ignore`.
        store: The state database.

    """
    rules = {root: IgnoreRules(root, patterns) for root in starts.values()}
    wanted = {albums.key(track): track for track in tracks}
    given = {track.path for track in tracks}
    for key, track in wanted.items():
        if not isinstance(key, tuple):
            continue
        for sibling in store.files.album_siblings(track, MOST_OF_SCAN):
            if sibling.path in given or albums.key(sibling) != key:
                continue
            given.add(sibling.path)
            if _is_found(sibling, starts, rules) and is_unchanged(sibling):
                yield sibling


def _is_found(track: Track, starts: Mapping[Path, Path], rules: Mapping[Path, IgnoreRules]) -> bool:
    """Return whether a walk of one of the starts finds a recorded file, if it exists."""
    return any(
        root == track.root
        and track.path.is_relative_to(start)
        and (track.path == start or not rules[root].ignores_on_the_way(track.path, start))
        for start, root in starts.items()
    )


def is_unchanged(track: Track) -> bool:
    """Return whether a file is in its recorded state."""
    try:
        return FileIdentity.of(track.path.stat()) == track.identity
    except OSError:
        return False
