"""Stored features and predictions by analysed sound, so that no sound is decoded twice."""

from __future__ import annotations

import io
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tagger.core.domain import Features, Prediction, TrackTags
from tagger.errors import StoreDamagedError
from tagger.store.rows import stored_json, stored_path

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from tagger.core.domain import AnalysisKey

_PREFIX = 10
"""Bytes of an array before its header: the magic string, the version and the header's length."""
_AMONG = "content_id IN (SELECT value FROM json_each(?))"


class Analyses:
    """The tables of features and predictions, keyed by `AnalysisKey`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put_features(self, key: AnalysisKey, features: Iterable[Features]) -> None:
        """Store features, and replace earlier features of the same specs."""
        self._db.executemany(
            "INSERT OR REPLACE INTO features VALUES (?, ?, ?)",
            [(str(key), f.spec, _packed(f.values)) for f in features],
        )

    def has(self, key: AnalysisKey, specs: Iterable[str]) -> bool:
        """Return whether features of all these specs are stored."""
        rows = self._db.execute("SELECT spec FROM features WHERE content_id = ?", (str(key),))
        return {row[0] for row in rows}.issuperset(specs)

    def put_prediction(self, key: AnalysisKey, prediction: Prediction) -> None:
        """Store a prediction, and replace the earlier prediction of the same model."""
        self._db.execute(
            "INSERT OR REPLACE INTO predictions VALUES (?, ?, ?, ?)",
            (
                str(key),
                prediction.model,
                msgspec.json.encode(dict(prediction.probabilities)).decode(),
                prediction.sound,
            ),
        )

    def prediction(self, key: AnalysisKey, model: str) -> Prediction | None:
        """Return the stored prediction of a model, named by its id."""
        return self.predictions([key], model).get(str(key))

    def predictions(self, keys: Iterable[AnalysisKey], model: str) -> dict[str, Prediction]:
        """Return the stored predictions of a model, by key as text."""
        rows = self._db.execute(
            "SELECT content_id, probabilities, sound FROM predictions"  # noqa: S608
            f" WHERE {_AMONG} AND model = ?",
            (_among(keys), model),
        )
        return {
            key: Prediction(stored_json(probabilities, dict[str, float]), model, sound)
            for key, probabilities, sound in rows
        }

    def features(
        self, key: AnalysisKey, specs: Sequence[str], optional: Sequence[str] = ()
    ) -> tuple[Features, ...] | None:
        """Return the features of these specs, in their order, or None if any is missing.

        Args:
            key: The key of a track.
            specs: Names of feature specs.
            optional: Names whose features follow where they are stored.

        """
        return self.features_of([key], specs, optional).get(str(key))

    def predicted(self, keys: Iterable[AnalysisKey], model: str) -> set[str]:
        """Return those of the keys, as text, that have a prediction of a model."""
        rows = self._db.execute(
            f"SELECT content_id FROM predictions WHERE {_AMONG} AND model = ?",  # noqa: S608
            (_among(keys), model),
        )
        return {row[0] for row in rows}

    def features_of(
        self, keys: Iterable[AnalysisKey], specs: Sequence[str], optional: Sequence[str] = ()
    ) -> dict[str, tuple[Features, ...]]:
        """Return the features of these specs, in their order, by key as text.

        Keys without all of them are left out.

        Args:
            keys: The keys of some tracks.
            specs: Names of feature specs.
            optional: Names whose features follow where they are stored.

        """
        found: defaultdict[str, dict[str, Features]] = defaultdict(dict)
        rows = self._db.execute(
            f"SELECT content_id, spec, data FROM features WHERE {_AMONG}"  # noqa: S608
            " AND spec IN (SELECT value FROM json_each(?))",
            (_among(keys), msgspec.json.encode([*specs, *optional]).decode()),
        )
        for key, spec, data in rows:
            found[key][spec] = Features(spec, _unpacked(data))
        return {
            key: tuple(values[spec] for spec in (*specs, *optional) if spec in values)
            for key, values in found.items()
            if values.keys() >= set(specs)
        }

    def library(self, spec: str) -> Iterator[tuple[Path, TrackTags, Any]]:
        """Yield the path, the tags and the features of each recorded file that was analyzed."""
        rows = self._db.execute(
            "SELECT path, tags, data FROM files JOIN features USING (content_id) WHERE spec = ?",
            (spec,),
        )
        for path, tags, data in rows:
            yield stored_path(path), stored_json(tags, TrackTags), _unpacked(data)


def _among(keys: Iterable[AnalysisKey]) -> str:
    return msgspec.json.encode([str(key) for key in keys]).decode()


def _packed(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bytes:
    import numpy as np  # noqa: PLC0415 - most commands need no features

    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _unpacked(data: bytes) -> Any:
    import numpy as np  # noqa: PLC0415

    try:
        start = _PREFIX + int.from_bytes(data[_PREFIX - 2 : _PREFIX], "little")
        shape, order, dtype = _layout(data[:start])
        return np.frombuffer(data, dtype, offset=start).reshape(shape, order=order).copy()
    except (ValueError, EOFError, OSError, SyntaxError, TypeError) as error:
        raise StoreDamagedError(f"the state database is damaged: {error}") from error


@lru_cache(maxsize=64)
def _layout(header: bytes) -> tuple[tuple[int, ...], Literal["C", "F"], np.dtype[np.generic]]:
    """Return shape, order and type of an array (NPY 1.0); the arrays of a spec are alike."""
    import numpy as np  # noqa: PLC0415

    file = io.BytesIO(header)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("features of an unknown format")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("features of an unknown format")
    return shape, "F" if fortran_order else "C", dtype
