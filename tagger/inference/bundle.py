"""A model bundle: loaded, checked and run.

A bundle is a folder of `model.onnx`, `manifest.json` and `MODEL_CARD.md`. A model is data:
no file of the folder is executed or unpickled.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.core.domain import Prediction
from tagger.core.pooling import weighed
from tagger.errors import ModelError
from tagger.features import SOUNDS_SPEC, later, sounds
from tagger.features.efficientat import EMBEDDING
from tagger.features.specs import spec
from tagger.inference.manifest import MODEL_FILE, Manifest, naming, read_file, read_manifest
from tagger.system import onnx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tagger.core.domain import Features

OUTPUT = "probabilities"
LATER_WEIGHT = 0.3
"""Weight of 5 s of a later part beside the first 30 s, see docs/research.md."""
MOST_TOGETHER = 256
"""Tracks in one call of the network; more need more memory and save no time."""
_FILE_BYTES = 256 << 20
_ONNX_TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}


@dataclass(frozen=True, slots=True)
class Model:
    """A checked bundle, ready to run; made by `load`."""

    manifest: Manifest
    _session: Any

    @property
    def specs(self) -> tuple[str, ...]:
        """The feature specs that `predict` needs for every track."""
        return tuple(self.manifest.inputs.values())

    def predict(self, tracks: Sequence[Iterable[Features]]) -> list[Prediction]:
        """Predict every track from its features, one for each of `specs`, in any order.

        A track may have the features of a later part as well. Its prediction is weighed beside
        that of the first part. A track whose later part has no likely genre is no music: 30 s of
        music can precede a talk. No prediction depends on other tracks. Raises ModelError when
        features are missing or do not fit.
        """
        given = [self._given(track) for track in tracks]
        found = self._together(given)
        parts = {n: part for n, values in enumerate(given) if (part := self._later(values))}
        for number, prediction in zip(parts, self._together([*parts.values()]), strict=True):
            found[number] = self._of_both(found[number], prediction)
        return found

    def predict_later(self, track: Iterable[Features]) -> Prediction | None:
        """Predict the later part of a track by itself; None without its features."""
        part = self._later(self._given(track))
        return self._together([part])[0] if part else None

    def _later(self, given: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the features of the later part, empty without them or without use for them."""
        if self.manifest.later is None or any(later(name) not in given for name in self.specs):
            return {}
        return {name: given[later(name)] for name in self.specs}

    def _of_both(self, first: Prediction, rest: Prediction) -> Prediction:
        """Return the prediction of a track from those of its first and its later part."""
        if first.sound or self.manifest.later is None:
            return first
        if rest.confidence < self.manifest.later:
            words = rest.sound or "does not sound like music"
            return replace(first, sound=f"{words} after its beginning")
        return first if rest.sound else weighed(first, rest, LATER_WEIGHT)

    def _together(self, given: Sequence[Mapping[str, NDArray[Any]]]) -> list[Prediction]:
        """Predict tracks; those whose features have the same shapes run together."""
        alike: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
        for number, values in enumerate(given):
            alike[tuple(values[of].shape for of in self.specs)].append(number)
        most = self._most_together()
        found: dict[int, Prediction] = {}
        for numbers in alike.values():
            for start in range(0, len(numbers), most):
                some = numbers[start : start + most]
                found.update(zip(some, self._predict([given[n] for n in some]), strict=True))
        return [found[number] for number in range(len(given))]

    def _given(self, track: Iterable[Features]) -> dict[str, NDArray[Any]]:
        given: dict[str, NDArray[Any]] = {features.spec: features.values for features in track}
        missing = [name for name in self.specs if name not in given]
        if missing:
            raise ModelError(f"model {self.manifest.id} needs the features {', '.join(missing)}")
        return given

    def _most_together(self) -> int:
        """Return how many tracks run together: one for a network of a fixed number."""
        fixed = any(isinstance(node.shape[0], int) for node in self._session.get_inputs())
        return 1 if fixed else MOST_TOGETHER

    def _predict(self, tracks: Sequence[Mapping[str, NDArray[Any]]]) -> Iterator[Prediction]:
        """Predict tracks whose features have the same shapes."""
        feed = {
            name: np.stack([given[of] for given in tracks])
            for name, of in self.manifest.inputs.items()
        }
        rows = self._run(feed)
        if not np.isfinite(rows).all() or (abs(rows.sum(axis=1) - 1) > 1e-3).any():
            raise ModelError(f"model {self.manifest.id} returned no valid probabilities")
        for given, row in zip(tracks, rows.tolist(), strict=True):
            probabilities = dict(zip(self.manifest.genres, row, strict=True))
            yield Prediction(probabilities, self.manifest.id, self._sound(given))

    def _sound(self, given: Mapping[str, NDArray[Any]]) -> str:
        """Return the words on a clip that is no music, "" for music."""
        if self.manifest.music is None:
            return ""
        logits = given[SOUNDS_SPEC][EMBEDDING:].tolist()
        return "" if sounds.music(logits) >= self.manifest.music else sounds.likeness(logits)

    def _run(self, feed: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        try:
            (rows,) = self._session.run([OUTPUT], feed)
        except Exception as error:  # onnxruntime's errors have no common base class
            raise ModelError(f"model {self.manifest.id} cannot be run: {_line(error)}") from error
        found: NDArray[np.float32] = rows
        return found


def load(folder: Path) -> Model:
    """Load and check a bundle.

    Raises ModelError, in one line with the folder, for a file that is missing, too large, or
    differs from its sum in the manifest. Raises it for an unknown format or feature spec as well,
    and for inputs and outputs of the network that differ from the manifest.
    """
    manifest = read_manifest(folder)
    with naming(folder):
        content = {name: _verified(folder / name, sha) for name, sha in manifest.files.items()}
        session = _session(content[MODEL_FILE])
        _check_network(session, manifest)
    return Model(manifest, session)


def _verified(path: Path, sha256: str) -> bytes:
    content = read_file(path, _FILE_BYTES)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path.name} differs from the SHA-256 in manifest.json")
    return content


def _session(network: bytes) -> Any:
    try:
        return onnx.start_session(network)
    except Exception as error:  # onnxruntime's errors have no common base class
        raise ModelError(f"{MODEL_FILE} is not a valid ONNX network: {_line(error)}") from error


def _check_network(session: Any, manifest: Manifest) -> None:
    inputs = {node.name: node for node in session.get_inputs()}
    if inputs.keys() != manifest.inputs.keys():
        raise ModelError(
            f"the network's inputs are {', '.join(sorted(inputs))}, not the manifest's"
        )
    for name, spec_name in manifest.inputs.items():
        wanted = spec(spec_name)
        shape = inputs[name].shape[1:]
        fits = len(shape) == len(wanted.shape) and all(
            given == size or not isinstance(given, int)
            for given, size in zip(shape, wanted.shape, strict=True)
        )
        if not fits or _ONNX_TYPES.get(inputs[name].type) is not wanted.dtype:
            raise ModelError(f"the network's input {name} does not match {spec_name}")
    outputs = {node.name: node.shape for node in session.get_outputs()}
    if OUTPUT not in outputs or outputs[OUTPUT][-1] != len(manifest.genres):
        raise ModelError(f"the network does not return {len(manifest.genres)} {OUTPUT}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
