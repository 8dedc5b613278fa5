"""Networks that tagger does not contain: checked, stored and removed; see `download`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.errors import DownloadError, MissingWeightsError
from tagger.features.weights import WEIGHTS, missing
from tagger.system import atomic
from tagger.system.next_steps import next_step

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.features.weights import Weights
    from tagger.inference.manifest import Manifest

FOLDER = "networks"
BY_FILE = "download it elsewhere, then run `tagger models fetch --from FILE`"


def folder(state: Path) -> Path:
    """Return the folder of fetched networks in the state folder `state`."""
    return state / FOLDER


def missing_network(manifest: Manifest, bundle: Path, state: Path) -> MissingWeightsError | None:
    """Return the error of a model whose network is missing, None for a model that runs.

    Args:
        manifest: The manifest of the model.
        bundle: Its folder, for the error.
        state: The state folder, which has the networks.

    """
    for name in manifest.inputs.values():
        weights = WEIGHTS.get(name)
        if weights and not weights.are_in(folder(state)):
            reason = f"model {manifest.id} needs the network {weights.network}, which is missing"
            return MissingWeightsError(reason, bundle, missing(weights).hint)
    return None


def install(weights: Weights, content: bytes, state: Path, source: Path | None = None) -> Path:
    """Check the content of a file and store it, in one step; returns its path.

    Args:
        weights: The published file.
        content: The bytes that were downloaded or read.
        state: The state folder.
        source: The file that was read, for the error; None for a download.

    Raises:
        DownloadError: the content differs from the published file, or cannot be stored.

    """
    path = folder(state) / weights.file
    if fault := weights.fault(content):
        reason = f"the file of {weights.network} {fault}"
        raise DownloadError(reason, source, f"nothing was stored; {BY_FILE}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.replace_file(path, content, mode=0o600)
    except OSError as error:
        reason = f"cannot be stored: {error.strerror}"
        raise DownloadError(reason, path, "check the permissions and the free space") from error
    return path


def read(weights: Weights, path: Path) -> bytes:
    """Read a file that was downloaded elsewhere; raises DownloadError when that is impossible."""
    try:
        with path.open("rb") as file:
            return file.read(weights.size + 1)
    except OSError as error:
        raise DownloadError(f"cannot be read: {error.strerror}", path, BY_FILE) from error


def remove(weights: Weights, state: Path) -> bool:
    """Delete the stored file; returns False without such a file.

    Raises DownloadError when the file cannot be deleted.
    """
    path = folder(state) / weights.file
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        hint = next_step(error, "remove it by hand")
        raise DownloadError(f"cannot be removed: {error.strerror}", path, hint) from error
    return True
