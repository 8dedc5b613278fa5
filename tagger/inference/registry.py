"""The user's model bundles: the list, the active model, and the switch between models.

Each bundle is a subfolder of the state folder, named by its id. A file beside them lists
the ids in the order of activation, the active model last. The file is replaced in one step, so
that the active model is always complete.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import ModelError
from tagger.features.weights import WEIGHTS
from tagger.inference import networks
from tagger.inference.default import DEFAULT, default_folder
from tagger.inference.manifest import read_manifest
from tagger.inference.networks import missing_network
from tagger.system import atomic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config import Bundle
    from tagger.features.weights import Weights
    from tagger.inference import Manifest
    from tagger.inference.bundle import Model

FOLDER = "models"
_HISTORY = "active"
_SEE_LIST = "see `tagger models list`"
_USE_ANOTHER = "choose another model with `tagger models use`"
_MAX_HISTORY = 20


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """An installed model, which may be damaged."""

    name: str
    """The model's id, or `default`."""
    folder: Path
    active: bool
    manifest: Manifest | None
    """None when the bundle is damaged."""
    problem: str = ""
    """Why the model cannot be used: damage, or a missing network."""


class ModelRegistry:
    """The models of one state folder."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.folder = state / FOLDER

    @property
    def active(self) -> str:
        """The id of the active model, `default` before the first activation."""
        return self._history()[-1]

    def path(self, name: str) -> Path:
        """Return a model's folder.

        Raises ModelError when no model has that name.
        """
        if name == DEFAULT:
            return default_folder(self._state)
        if name in self._names():
            return self.folder / name
        raise ModelError(f"no model has the name {name!r}", self.folder, _SEE_LIST)

    def all(self) -> list[InstalledModel]:
        """Return every model, the one that comes with tagger first, then by name."""
        return [self.get(name) for name in (DEFAULT, *self._names())]

    def get(self, name: str) -> InstalledModel:
        """Return a model. Raises ModelError when no model has that name."""
        folder, active = self.path(name), name == self.active
        try:
            manifest = read_manifest(folder)
        except ModelError as error:
            return InstalledModel(name, folder, active, None, error.reason)
        lack = missing_network(manifest, folder, self._state)
        return InstalledModel(name, folder, active, manifest, lack.explanation if lack else "")

    def activate(self, name: str) -> None:
        """Make a model the active model.

        Raises ModelError when no model has that name, when the model does not run, or when the
        state folder cannot be written. After an error the previous model stays active.
        """
        self._require_runs(self.path(name))
        if name != self.active:
            self._write_history([*self._history(), name])

    def roll_back(self) -> str:
        """Activate the last model before the active model that runs; returns its id.

        Raises ModelError when no such model exists.
        """
        before = [name for name in self._history()[:-1] if self._exists(name)]
        while before and (before[-1] == self.active or not self._runs(self.path(before[-1]))):
            before.pop()
        if not before:
            reason = "no other model that runs was active before"
            raise ModelError(reason, self.folder, _SEE_LIST)
        self._write_history(before)
        return before[-1]

    def lost(self) -> list[str]:
        """Return the missing models in the list of activations, or an unreadable list's name."""
        if self._activated() is None:
            return [_HISTORY]
        return list(dict.fromkeys(name for name in self._history() if not self._exists(name)))

    def mend(self) -> None:
        """Drop the names that `lost` returns from the list of activations.

        Raises ModelError when the state folder cannot be written.
        """
        self._write_history([name for name in self._history() if self._exists(name)])

    def remove(self, name: str, configured: Bundle) -> None:
        """Delete a model's folder.

        `configured` is `model.bundle` of the configuration. Raises ModelError for the model in it,
        the active model, the default model and an unknown name.
        """
        if name == DEFAULT:
            raise ModelError("the model that comes with tagger cannot be removed")
        if name == self.active:
            reason = "the active model cannot be removed"
            raise ModelError(reason, self.path(name), _USE_ANOTHER)
        folder, history = self.path(name), self._history()
        if os.path.realpath(configured) == os.path.realpath(folder):
            hint = "change model.bundle in the configuration"
            raise ModelError("the model of the configuration cannot be removed", folder, hint)
        if name in history:
            self._write_history([other for other in history if other != name])
        with _model_errors(self.folder):
            self._delete(folder)

    def remove_network(self, weights: Weights) -> bool:
        """Delete an installed network; return whether there was one.

        Raises ModelError when the active model of the user needs the network, and DownloadError
        when the folder cannot be written.
        """
        model = self.get(self.active)
        inputs = model.manifest.inputs.values() if model.manifest else ()
        if model.name != DEFAULT and any(WEIGHTS.get(spec) is weights for spec in inputs):
            reason = f"the active model needs the network {weights.network}"
            raise ModelError(reason, model.folder, _USE_ANOTHER)
        return networks.remove(weights, self._state)

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """Make a hidden folder in which to build a bundle for `install`, for the block.

        Raises ModelError when the state folder cannot be written.
        """
        with _model_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._clear(".making-*")
            self._clear(".removed-*")
            folder = Path(tempfile.mkdtemp(prefix=".making-", dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def install(self, staging: Path) -> str:
        """Move the finished bundle in `staging` to the models; returns its id.

        A model that is already installed stays, unless it or a bundle in it is damaged. Raises
        ModelError when the bundle does not run or cannot be moved.
        """
        name = _load(staging).manifest.id
        folder = self.folder / name
        with _model_errors(self.folder):
            for file in staging.rglob("*"):
                atomic.sync(file)
            parts = [file.parent.relative_to(staging) for file in staging.rglob("manifest.json")]
            if folder.exists() and not all(self._runs(folder / part) for part in parts):
                self._delete(folder)
            if not folder.exists():
                staging.rename(folder)
                atomic.sync_folder(self.folder)
            else:
                shutil.rmtree(staging)
        return name

    def _runs(self, folder: Path) -> bool:
        try:
            self._require_runs(folder)
        except ModelError:
            return False
        return True

    def _require_runs(self, folder: Path) -> None:
        manifest = _load(folder).manifest
        if lack := missing_network(manifest, folder, self._state):
            raise lack

    def _delete(self, folder: Path) -> None:
        # rename first: a partly deleted model must not be listed
        hidden = Path(tempfile.mkdtemp(prefix=".removed-", dir=self.folder))
        try:
            folder.rename(hidden / folder.name)
        finally:
            self._clear(".removed-*")

    def _clear(self, pattern: str) -> None:
        """Delete hidden folders, also those of a killed run."""
        for hidden in self.folder.glob(pattern):
            shutil.rmtree(hidden, ignore_errors=True)

    def _names(self) -> list[str]:
        names: list[str] = []
        with _read_errors(self.folder):
            names += (entry.name for entry in self.folder.iterdir() if entry.is_dir())
        return sorted(name for name in names if not name.startswith("."))

    def _exists(self, name: str) -> bool:
        return name == DEFAULT or name in self._names()

    def _history(self) -> list[str]:
        return [DEFAULT, *(self._activated() or ())]

    def _activated(self) -> list[str] | None:
        """Return the list of activations, empty for a missing list; None if it is not text."""
        lines: list[str] = []
        try:
            with _read_errors(self.folder / _HISTORY):
                lines += (self.folder / _HISTORY).read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            return None
        return [*filter(None, lines)]

    def _write_history(self, history: list[str]) -> None:
        with _model_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            text = "".join(f"{name}\n" for name in history[1:][-_MAX_HISTORY:])
            atomic.replace_file(self.folder / _HISTORY, text.encode(), mode=0o600)


def _load(folder: Path) -> Model:
    from tagger.inference.bundle import load  # noqa: PLC0415 - numpy and onnxruntime

    return load(folder)


@contextlib.contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    """Raise ModelError for an OSError in the block, unless `path` is missing.

    The default model must not decide because the list of the user's models cannot be read.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        hint = "check its permissions and the disk"
        raise ModelError(f"cannot be read: {error.strerror}", path, hint) from error


@contextlib.contextmanager
def _model_errors(folder: Path) -> Iterator[None]:
    """Raise ModelError for an OSError in the block."""
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"cannot write models: {error.strerror}",
            folder,
            "check the folder's permissions and free space",
        ) from error
