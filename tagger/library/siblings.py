"""Album siblings: the recorded tracks of an album whose other tracks come later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core import albums
from tagger.core.domain import Action, FileIdentity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.core.domain import Track
    from tagger.store import Store


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


def is_unchanged(track: Track) -> bool:
    """Return whether a file is in its recorded state."""
    try:
        return FileIdentity.of(track.path.stat()) == track.identity
    except OSError:
        return False
