"""Weights of a network that its authors publish and that tagger does not contain.

The network's graph is in the package. Its numbers lie in the authors' own file, at the offsets that
the graph names, so nothing of the file is unpickled. Each process has one folder of such files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tagger.errors import MissingWeightsError
from tagger.features import SOUNDS_SPEC

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Weights:
    """A published file."""

    name: str
    """Name of the network in commands."""
    network: str
    """Name of the network in messages."""
    file: str
    """Name of the file."""
    url: str
    size: int
    """Bytes."""
    sha256: str
    authors: str
    licence: str

    def fault(self, content: bytes) -> str | None:
        """Return the difference between `content` and the published file, None for equal bytes."""
        if len(content) != self.size:
            return f"has {len(content):,} bytes instead of {self.size:,}"
        if hashlib.sha256(content).hexdigest() != self.sha256:
            return "has another SHA-256 than the published file"
        return None

    def are_in(self, folder: Path) -> bool:
        """Return whether `folder` has the file, complete and unchanged."""
        return self.fault_in(folder) == ""

    def fault_in(self, folder: Path) -> str | None:
        """Return the fault of the file in `folder`; empty for a good file, None for no file."""
        path = folder / self.file
        try:
            with path.open("rb") as file:
                return self.fault(file.read(self.size + 1)) or ""
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return f"cannot be read: {error.strerror}"


MN04: Final = Weights(
    "efficientat-mn04",
    "EfficientAT mn04",
    "mn04_as_mAP_432.pt",
    "https://github.com/fschmid56/EfficientAT/releases/download/v0.0.1/mn04_as_mAP_432.pt",
    4_066_513,
    "899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c",
    "Schmid, Koutini and Widmer, 2023",
    "MIT licence",
)
"""A network that learned the 527 sounds of AudioSet from two million clips."""

WEIGHTS: Final = {SOUNDS_SPEC: MN04}
"""The weights that a feature spec needs; other specs need none."""

FETCH: Final = "get it with `tagger models fetch`"
_folder: list[Path] = []


def use_folder(folder: Path) -> None:
    """Set the folder of the published files for this process."""
    _folder[:] = [folder]


def find(weights: Weights) -> Path:
    """Return the folder of this process, which has the file of `weights`.

    Raises MissingWeightsError when the file is missing or differs from the published file.
    """
    if not _folder or not weights.are_in(_folder[0]):
        raise missing(weights)
    return _folder[0]


def missing(weights: Weights) -> MissingWeightsError:
    """Return the error for weights that are not installed, or not as published."""
    return MissingWeightsError(f"the network {weights.network} is not installed", hint=FETCH)
