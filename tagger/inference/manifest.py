"""The description of a bundle: `manifest.json`, decoded strictly."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date  # noqa: TC003  # msgspec resolves the annotations at run time
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from tagger.config.diagnostics import json_fault
from tagger.core.pooling import Pooling  # noqa: TC001  # likewise
from tagger.core.thresholds import OperatingPoints, Share, Word  # noqa: TC001  # likewise
from tagger.errors import ModelError
from tagger.features import SOUNDS_SPEC, SPEC_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = 1

FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
"""A plain name, without a path out of the folder of the bundle."""
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Written(Struct, frozen=True, forbid_unknown_fields=True):
    """The effect of a threshold on the test part, which was not used to choose it."""

    promised: Share
    precision: Share
    """Share of correct tracks among the tracks above the threshold."""
    coverage: Share
    """Share of the tracks above the threshold."""


class Evaluation(Struct, frozen=True, forbid_unknown_fields=True):
    """One measured figure and the command that measures it."""

    accuracy: Share
    interval: tuple[Share, Share]
    """95%, bootstrapped over artists."""
    tracks: int
    split: str
    command: str
    calibration_error: Share | None = None
    """Expected calibration error over ten bins of confidence."""
    written: Written | None = None
    album_accuracy: Share | None = None
    """The same figure with at most 8 tracks of an artist decided as an album."""
    album_written: Written | None = None


class Training(Struct, frozen=True, forbid_unknown_fields=True):
    """The origin of a model."""

    data: str
    tracks: int
    artists: int
    recipe: str
    command: str
    libraries: dict[str, str]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of `manifest.json`."""

    format: int
    id: Word
    created: date
    genres: Annotated[tuple[Word, ...], Meta(min_length=2)]
    """In the order of the model's output."""
    inputs: Annotated[dict[Word, str], Meta(min_length=1)]
    """ONNX input name to feature spec."""
    files: dict[FileName, Sha256]
    tracks: OperatingPoints
    albums: OperatingPoints
    pooling: Pooling
    training: Training
    evaluation: dict[str, Evaluation] = {}
    families: dict[Word, tuple[Word, ...]] = {}
    """Families that may be written in place of a genre, with the same thresholds."""
    music: Share | None = None
    """The least probability of music for a genre, by EfficientAT; None asks for none."""
    later: Share | None = None
    """The least confidence in a later part of a file that is music; None asks for none."""
    expected: dict[Word, Share] = {}
    """The mean probability of each genre for songs outside the training data.

    A library is compared with it, see `evidence.mixture`; empty where predictions are not weighed.
    """

    def __post_init__(self) -> None:
        """Check several fields together; msgspec turns a ValueError into its own error."""
        if len(set(self.genres)) != len(self.genres):
            raise ValueError("a genre is listed twice")
        members = [member for family in self.families.values() for member in family]
        if not set(members) <= set(self.genres) or len(set(members)) != len(members):
            raise ValueError("a family contains an unknown genre, or a genre is in two families")
        if any(head not in family for head, family in self.families.items()):
            raise ValueError("a family does not contain the genre of its name")
        if MODEL_FILE not in self.files:
            raise ValueError(f"`files` does not list {MODEL_FILE}")
        if len(set(self.inputs.values())) != len(self.inputs):
            raise ValueError("two inputs have the same feature spec")
        if self.expected and (
            set(self.expected) != set(self.genres) or 0 in self.expected.values()
        ):
            raise ValueError("`expected` is not a share above 0 for each genre")
        if self.music is not None and SOUNDS_SPEC not in self.inputs.values():
            raise ValueError(f"`music` needs an input of {SOUNDS_SPEC}")


MODEL_FILE = "model.onnx"
_MANIFEST_BYTES = 1 << 20
_HINT = "install the bundle again, or choose another: `tagger models use`, or model.bundle"


class _Format(Struct):
    """The one field that every format version has."""

    format: int


def decode(text: bytes) -> Manifest:
    """Decode and validate a manifest; raises ModelError, in one line, for invalid text."""
    try:
        version = msgspec.json.decode(text, type=_Format).format
        if version != FORMAT:
            raise ModelError(
                f"bundle format {version} cannot be read, only {FORMAT}",
                hint="install the tagger version of the bundle, or another model",
            )
        return msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"damaged manifest.json: {json_fault(error)}") from error


def read_manifest(folder: Path) -> Manifest:
    """Read a bundle's manifest alone, without its network.

    Raises ModelError, in one line with the folder, when it is missing, damaged, or of a format
    or feature spec that is unknown.
    """
    with naming(folder):
        manifest = decode(read_file(folder / "manifest.json", _MANIFEST_BYTES))
        if unknown := set(manifest.inputs.values()) - SPEC_NAMES:
            known = ", ".join(sorted(SPEC_NAMES))
            raise ModelError(
                f"unknown feature spec {min(unknown)!r}; this version supports {known}"
            )
    return manifest


@contextmanager
def naming(folder: Path) -> Iterator[None]:
    """Add the folder of the bundle and a next step to every ModelError."""
    try:
        yield
    except ModelError as error:
        raise ModelError(error.reason, folder, error.hint or _HINT) from error


def read_file(path: Path, limit: int) -> bytes:
    """Read a file of a bundle; raises ModelError if it has more than `limit` bytes."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ModelError(f"{path.name} is not a file")
        if size > limit:
            raise ModelError(f"{path.name} is larger than {limit >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror}") from error


def encode(manifest: Manifest) -> bytes:
    """Encode a manifest as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
