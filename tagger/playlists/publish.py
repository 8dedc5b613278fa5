"""Bringing a folder of playlists up to date without ever touching somebody else's.

First a plan, made by looking only; a dry run ends there. One process publishes at a time.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import PlaylistError
from tagger.playlists import folder as on_disk
from tagger.playlists import m3u
from tagger.system import atomic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class PlaylistAction(StrEnum):
    """What became of a playlist."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PlaylistChange:
    """What was done, or in a dry run would be done, with one playlist."""

    path: Path
    action: PlaylistAction
    genre: str
    reason: str = ""
    sha256: str = ""
    """Of ours that then stands there (hex), for the record; empty when nothing of ours does."""


@dataclass(frozen=True, slots=True)
class _Step:
    change: PlaylistChange
    data: bytes = b""
    before: bytes | None = None


def publish(
    folder: Path,
    playlists: Sequence[m3u.Playlist],
    *,
    suffix: str,
    known: Mapping[Path, str],
    dry_run: bool = False,
) -> list[PlaylistChange]:
    """Make the folder hold these playlists, and no other ones of ours.

    `playlists` is all there is, one a genre: our playlists of other genres are removed. `known`
    is the record, the SHA-256 (hex) of what was last written by path; of the changes that come
    back, those with a `sha256` are the next record of this folder. What the operating system
    refuses is a `refused` change, and the others go on.

    Raises:
        PlaylistError: the folder cannot be made or read.
    """
    folder = Path(os.path.realpath(folder))
    steps = _plan(folder, playlists, suffix, known)
    if dry_run:
        return [step.change for step in steps]
    if playlists:
        _make(folder)
    changes = [_carry_out(step) for step in steps]
    if folder.is_dir():
        atomic.remove_leftovers(folder)
        atomic.sync_folder(folder)  # makes removals last
    return changes


def _plan(
    folder: Path, playlists: Sequence[m3u.Playlist], suffix: str, known: Mapping[Path, str]
) -> list[_Step]:
    """List what to do, removals first: they free names for file systems that ignore case."""
    there = on_disk.contents(folder, known)
    places = _places(folder, playlists, suffix, there)
    gone = sorted(there.ours.keys() - places.values())
    steps = [_removal(path, there.ours[path], places) for path in gone]
    for playlist in playlists:
        path = places[playlist.genre]
        steps.append(_writing(path, playlist, there.ours.get(path), known.get(path)))
    return steps


def _places(
    folder: Path, playlists: Sequence[m3u.Playlist], suffix: str, there: on_disk.Contents
) -> dict[str, Path]:
    """Choose each genre's file: the one that it has, else the first name that is free."""
    wanted = {playlist.genre for playlist in playlists}
    places: dict[str, Path] = {}
    for path in sorted(there.ours, key=lambda path: (len(path.name), path.name)):
        genre = there.ours[path].genre
        if genre in wanted and path.suffix == suffix:
            places.setdefault(genre, path)
    taken = there.foreign | {on_disk.folded(path.name) for path in places.values()}
    for genre in sorted(wanted - places.keys()):
        free = (name for name in on_disk.names(genre, suffix) if on_disk.folded(name) not in taken)
        places[genre] = folder / next(free)
        taken |= {on_disk.folded(places[genre].name)}
    return places


def _removal(path: Path, ours: on_disk.Ours, places: Mapping[str, Path]) -> _Step:
    now = places.get(ours.genre)
    reason = f"now {now.name}" if now else "no longer has enough tracks"
    return _Step(PlaylistChange(path, PlaylistAction.REMOVED, ours.genre, reason), b"", ours.data)


def _writing(
    path: Path, playlist: m3u.Playlist, ours: on_disk.Ours | None, last_written: str | None
) -> _Step:
    data, reason = m3u.render(playlist), ""
    preferred = next(on_disk.names(playlist.genre, path.suffix))
    if ours is None:
        action = PlaylistAction.CREATED
        reason = f"the name {preferred} is taken" if path.name != preferred else ""
    elif ours.data == data:
        action = PlaylistAction.UNCHANGED
    else:
        action = PlaylistAction.UPDATED
        if last_written and last_written != on_disk.digest(ours.data):
            reason = "replaced what somebody else changed in it"
    change = PlaylistChange(path, action, playlist.genre, reason, on_disk.digest(data))
    return _Step(change, data, ours.data if ours else None)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "set playlists.folder to another folder, or playlists.enabled to false"
        raise PlaylistError(f"cannot be made: {error.strerror}", folder, hint) from error


def _carry_out(step: _Step) -> PlaylistChange:
    change = step.change
    try:
        if change.action is PlaylistAction.REMOVED:
            change.path.unlink(missing_ok=True)
        elif change.action in {PlaylistAction.CREATED, PlaylistAction.UPDATED}:
            on_disk.replace(change.path, step.data, create=step.before is None)
    except OSError as error:
        left = on_disk.digest(step.before) if step.before is not None else ""
        reason = error.strerror or str(error)
        return replace(change, action=PlaylistAction.REFUSED, reason=reason, sha256=left)
    return change
