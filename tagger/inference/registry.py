"""The user's own model bundles: which there are, which one is active, and the switch.

They lie in the state folder, each in a folder with its id for a name. One small file beside
them lists the ids in the order in which they were made active, the active one last; it is
replaced in one step, so that the active model is always a whole one.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tagger.config import Bundle
from tagger.errors import ModelError
from tagger.inference.bundle import load
from tagger.inference.manifest import read_manifest
from tagger.system import atomic
from tagger.system.resources import data_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config import Settings
    from tagger.inference import Manifest

FOLDER = "models"
DEFAULT = "default"
"""Stands among the ids for the model that comes with tagger."""
_ORDER = "active"
_REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that can be made active."""

    name: str
    """Its id, or `default`."""
    folder: Path
    active: bool
    manifest: Manifest | None
    """None when the bundle is damaged."""
    problem: str = ""


class ModelRegistry:
    """The models of one state folder."""

    def __init__(self, state: Path) -> None:
        self.folder = state / FOLDER

    @property
    def active(self) -> str:
        """The id of the active model, `default` until one was chosen."""
        return self._order()[-1]

    def path(self, name: str) -> Path:
        """Return a model's folder.

        Raises ModelError when there is none of that name.
        """
        if name == DEFAULT:
            return data_path("models/default")
        if name in self._names():
            return self.folder / name
        raise ModelError(f"there is no model {name!r}", self.folder, "see `tagger models list`")

    def all(self) -> list[InstalledModel]:
        """Return every model, the one that comes with tagger first, then by name."""
        return [self.look(name) for name in (DEFAULT, *self._names())]

    def look(self, name: str) -> InstalledModel:
        """Return one model. Raises ModelError when there is none of that name."""
        folder, active = self.path(name), name == self.active
        try:
            return InstalledModel(name, folder, active, read_manifest(folder))
        except ModelError as error:
            return InstalledModel(name, folder, active, None, error.reason)

    def use(self, name: str) -> None:
        """Make a model the active one.

        Raises ModelError when there is none of that name, when it cannot be run, or when the
        state folder cannot be written; then the one before stays active.
        """
        load(self.path(name))
        if name != self.active:
            self._write([*self._order(), name])

    def roll_back(self) -> str:
        """Make the model active that was before; return its id.

        Raises ModelError when there was none, or it is not there any more.
        """
        before = [name for name in self._order()[:-1] if self._is_there(name)]
        if not before:
            raise ModelError("there was no other model before", self.folder)
        load(self.path(before[-1]))
        self._write(before)
        return before[-1]

    def remove(self, name: str) -> None:
        """Delete a model's folder.

        Raises ModelError for the active one, the default one and one that is not there.
        """
        if name == DEFAULT:
            raise ModelError("the model that comes with tagger cannot be removed")
        if name == self.active:
            hint = "choose another one with `tagger models use`"
            raise ModelError("the active model cannot be removed", self.path(name), hint)
        with _writing(self.folder):
            # out of sight first: what is half deleted must not be listed
            hidden = Path(tempfile.mkdtemp(prefix=".removed-", dir=self.folder))
            self.path(name).rename(hidden / name)
            shutil.rmtree(hidden, ignore_errors=True)

    def workplace(self) -> Path:
        """Make a hidden folder to build a bundle in, for `install` to take over.

        Raises ModelError when the state folder cannot be written.
        """
        with _writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for left in self.folder.glob(".making-*"):  # of a run that was killed
                shutil.rmtree(left, ignore_errors=True)
            return Path(tempfile.mkdtemp(prefix=".making-", dir=self.folder))

    def install(self, workplace: Path) -> str:
        """Put the finished bundle in `workplace` among the models; return its id.

        The same model made again takes the place of the one before. Raises ModelError when it
        cannot be run or moved.
        """
        name = load(workplace).manifest.id
        with _writing(self.folder):
            for file in workplace.rglob("*"):
                atomic.sync(file)
            if not (self.folder / name).exists():
                workplace.rename(self.folder / name)
                atomic.sync_folder(self.folder)
            else:
                shutil.rmtree(workplace)
        return name

    def _names(self) -> list[str]:
        try:
            return sorted(
                entry.name
                for entry in self.folder.iterdir()
                if entry.is_dir() and not entry.name.startswith(".")
            )
        except OSError:
            return []

    def _is_there(self, name: str) -> bool:
        return name == DEFAULT or name in self._names()

    def _order(self) -> list[str]:
        try:
            return [DEFAULT, *(self.folder / _ORDER).read_text("utf-8").splitlines()]
        except OSError:
            return [DEFAULT]

    def _write(self, order: list[str]) -> None:
        with _writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            text = "\n".join(order[1:][-_REMEMBERED:]) + "\n"
            atomic.replace_file(self.folder / _ORDER, text.encode(), mode=0o600)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals into ModelError."""
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"models cannot be kept there: {error.strerror}",
            folder,
            "check the folder's permissions and free space",
        ) from error


def resolve_bundle(settings: Settings) -> Settings:
    """Return the settings with the folder that `model.bundle = "active"` stands for now."""
    if settings.model.bundle != "active":
        return settings
    models = ModelRegistry(settings.store.folder)
    name = models.active
    folder = Bundle(DEFAULT if name == DEFAULT else models.folder / name)
    model = msgspec.structs.replace(settings.model, bundle=folder)
    return msgspec.structs.replace(settings, model=model)
