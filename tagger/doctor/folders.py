"""The checks of folders: the library and the playlists can be read and written."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import stat
import tempfile
from typing import TYPE_CHECKING

from tagger.doctor.finding import Finding, Severity, failed, grant
from tagger.errors import PlaylistError, TaggerError
from tagger.library import absence, walk
from tagger.playlists.folder import check_place
from tagger.store import existing
from tagger.system.next_steps import disk_step
from tagger.system.spelling import real_path

if TYPE_CHECKING:
    from pathlib import Path

LEAST_FREE = 2**30
"""Bytes; a file is copied before its replacement, and the largest files have about this size."""
_NO_FOLDER = "is no folder"


def library_root(root: Path, state: Path) -> Finding:
    """Check that a root of the library can be read and written; `state` is the state folder."""
    name = f"library {root}"
    if fault := unreachable(root):
        step = "check its permissions and its disk"
        if fault in (walk.NO_FOLDER, _NO_FOLDER):
            step = "set library.roots to your music's folder, or mount its disk;"
            step += " `tagger config path` prints the file of the settings"
        return Finding(name, Severity.FAILED, fault, step)
    if not os.access(root, os.R_OK | os.X_OK):
        text = "no permission to read"
        if os.geteuid() != root.stat().st_uid:
            step = "make it readable for the user of tagger, or run tagger as its owner"
            return Finding(name, Severity.FAILED, text, step)
        step = f"chmod u+rx {shlex.quote(str(root))}"
        return Finding(name, Severity.FAILED, text, step, grant(root, 0o500))
    refusal = _refusal(root)
    if missing := _away(root, state):
        step = "mount its disk, or leave the folder out of library.roots"
        return Finding(name, Severity.FAILED if refusal else Severity.WARNING, missing, step)
    if refusal:
        step = "mount it writable, or change its permissions; `tagger classify` works without"
        return Finding(name, Severity.FAILED, _text(refusal), disk_step(refusal, step))
    return free_space(name, root, "readable and writable")


def playlist_folder(folder: Path) -> Finding:
    """Check that playlists can be written."""
    try:
        check_place(folder)
    except PlaylistError as error:
        return failed("playlists", error, "set another folder in [playlists]")
    step = "set another folder in [playlists], or playlists.enabled = false"
    existing = next(f for f in (folder, *folder.parents) if unreachable(f) != walk.NO_FOLDER)
    if fault := unreachable(existing):
        return Finding("playlists", Severity.FAILED, f"{existing}: {fault}", step)
    if refusal := _refusal(existing):
        text, step = f"{existing}: {_text(refusal)}", disk_step(refusal, step)
        return Finding("playlists", Severity.FAILED, text, step)
    return Finding("playlists", Severity.OK, f"written to {folder}")


def free_space(name: str, folder: Path, text: str) -> Finding:
    """Check the free space.

    Args:
        name: The name of the check.
        folder: A folder of the disk.
        text: The state so far, for a finding without a fault.

    """
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        step = "free some space: each file is copied before its replacement"
        return Finding(name, Severity.WARNING, f"only {free / 2**20:.0f} MiB free", step)
    return Finding(name, Severity.OK, f"{text}, {free / 2**30:.0f} GiB free")


def _away(root: Path, state: Path) -> str:
    """Return the fault of a folder that may be an empty mount point, an empty text for others."""
    with contextlib.suppress(TaggerError), existing(state) as store:
        missing = absence.missing_files(real_path(root), store)
        return str(missing) if missing and missing.away else ""
    return ""  # another check names the error of the database


def unreachable(folder: Path) -> str | None:
    """Return why a folder cannot be looked into; None for a folder."""
    try:
        return None if stat.S_ISDIR(folder.stat().st_mode) else _NO_FOLDER
    except (FileNotFoundError, NotADirectoryError):
        return walk.NO_FOLDER
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _refusal(folder: Path) -> OSError | None:
    """Test with a file: it fails for permissions, read-only mounts and failing disks alike."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".tagger-"):
            return None
    except OSError as error:
        return error


def _text(error: OSError) -> str:
    """Return what a folder lacks in which no file can be made."""
    denied = isinstance(error, PermissionError)
    return "no permission to write" if denied else f"cannot be written: {error.strerror}"
