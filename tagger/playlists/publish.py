"""Writing the genre playlists into a folder, without a change to other programs' playlists.

A plan comes first and only reads; a dry run ends after the plan. Each playlist is rendered right
before its write. One process publishes at a time.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import PlaylistError
from tagger.playlists import folder as on_disk
from tagger.playlists.formats import FORMATS
from tagger.system import atomic
from tagger.system.next_steps import disk_step, next_step
from tagger.system.spelling import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tagger.playlists.values import Playlist


class PlaylistAction(StrEnum):
    """The change of a playlist."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PlaylistChange:
    """The change of one playlist, in a dry run the planned change."""

    path: Path
    action: PlaylistAction
    genre: str
    """Empty for a special list."""
    reason: str = ""
    sha256: str = ""
    """Of tagger's playlist after the change (hex), for the store; empty without a playlist."""


@dataclass(frozen=True, slots=True)
class _Step:
    change: PlaylistChange
    data: bytes = b""
    before: str = ""
    """The SHA-256 (hex) of tagger's playlist before the change; empty without a playlist."""


def publish(
    folder: Path,
    playlists: Sequence[Playlist],
    *,
    suffix: str,
    recorded: Mapping[Path, str],
    dry_run: bool = False,
) -> list[PlaylistChange]:
    """Write these playlists into a folder, and remove tagger's other playlists.

    Args:
        folder: The folder of playlists; made if needed.
        playlists: All playlists of the library, each with another mark.
        suffix: The file name extension, with its dot.
        recorded: The SHA-256 (hex) of each playlist that tagger last wrote, by path.
        dry_run: Return the planned changes without a write.

    Returns:
        The changes. Those with a `sha256` are the next `recorded` of this folder. A write that
        the operating system refuses is a `refused` change, and the others go on.

    Raises:
        PlaylistError: the folder cannot be made or read.

    """
    folder = Path(os.path.realpath(folder))
    steps = _plan(folder, playlists, suffix, recorded)
    if dry_run:
        return [step.change for step in steps]
    if playlists:
        _make_folder(folder)
    changes = [_apply(step) for step in steps]
    if folder.is_dir():
        atomic.remove_leftovers(folder)
        atomic.sync_folder(folder)  # makes removals last
    return changes


def _plan(
    folder: Path, playlists: Sequence[Playlist], suffix: str, recorded: Mapping[Path, str]
) -> Iterator[_Step]:
    """Read the folder, and return the changes, removals first.

    Removals free names where the file system ignores case. A playlist is rendered when its change
    is taken, so that one playlist at a time is in memory.
    """
    contents = on_disk.read_folder(folder, recorded)
    paths = _assign_paths(folder, playlists, suffix, contents)
    gone = sorted(contents.own.keys() - paths.values())
    removals = [_removal_step(path, contents.own[path], paths) for path in gone]
    writes = (
        _write_step(path, one, contents.own.get(path), recorded.get(path))
        for one in playlists
        if (path := paths[one.mark])
    )
    return itertools.chain(removals, writes)


def _assign_paths(
    folder: Path, playlists: Sequence[Playlist], suffix: str, contents: on_disk.FolderContents
) -> dict[str, Path]:
    """Choose the file of each mark: its present file, else the first free name.

    A present file keeps its file name while its playlist keeps its name.
    """
    wanted = {playlist.mark: playlist.name for playlist in playlists}
    paths: dict[str, Path] = {}
    for path in sorted(contents.own, key=lambda path: (len(path.name), path.name)):
        found = contents.own[path].playlist
        if found.mark in wanted and path.suffix == suffix:
            name = wanted[found.mark]
            if found.name == name or on_disk.fits(path, name):
                paths.setdefault(found.mark, path)
    taken = contents.foreign | {fold(path.name) for path in paths.values()}
    for mark in sorted(wanted.keys() - paths.keys()):
        names = on_disk.names(wanted[mark], suffix)
        free = (name for name in names if fold(name) not in taken)
        paths[mark] = folder / next(free)
        taken |= {fold(paths[mark].name)}
    return paths


def _removal_step(path: Path, own: on_disk.OwnPlaylist, paths: Mapping[str, Path]) -> _Step:
    now = paths.get(own.playlist.mark)
    reason = f"now {now.name}" if now else "too few tracks, or left out by the configuration"
    change = PlaylistChange(path, PlaylistAction.REMOVED, own.playlist.genre, reason)
    return _Step(change, b"", own.sha256)


def _write_step(
    path: Path, playlist: Playlist, own: on_disk.OwnPlaylist | None, last_written: str | None
) -> _Step:
    if own and own.sha256 == playlist.sha256:
        same = PlaylistChange(path, PlaylistAction.UNCHANGED, playlist.genre, sha256=own.sha256)
        return _Step(same)
    data = FORMATS[path.suffix].render(playlist)
    reason, sha256 = "", on_disk.digest(data)
    preferred = next(on_disk.names(playlist.name, path.suffix))
    if own is None:
        action = PlaylistAction.CREATED
        reason = f"the name {preferred} is taken" if path.name != preferred else ""
    elif own.sha256 == sha256:
        action = PlaylistAction.UNCHANGED
    else:
        action = PlaylistAction.UPDATED
        if last_written and last_written != own.sha256:
            reason = "overwrote changes that another program made"
    change = PlaylistChange(path, action, playlist.genre, reason, sha256)
    return _Step(change, data, own.sha256 if own else "")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"cannot create the folder: {error.strerror}"
        raise PlaylistError(reason, folder, disk_step(error, on_disk.HINT)) from error


def _apply(step: _Step) -> PlaylistChange:
    change = step.change
    try:
        if change.action is PlaylistAction.REMOVED:
            change.path.unlink(missing_ok=True)
        elif change.action in {PlaylistAction.CREATED, PlaylistAction.UPDATED}:
            on_disk.replace(change.path, step.data, create=not step.before)
    except OSError as error:
        hint = next_step(error, on_disk.HINT)
        reason = PlaylistError(error.strerror or str(error), hint=hint).explanation
        return replace(change, action=PlaylistAction.REFUSED, reason=reason, sha256=step.before)
    return change
