"""Stored features and predictions by analysed sound, so that no sound is decoded twice."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tagger.core.domain import Features, PackedFeatures, Prediction
from tagger.store.rows import damaged, json_text, stored_file, stored_json
from tagger.system import arrays

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tagger.core.domain import AnalysisKey

_AMONG = "content_id IN (SELECT value FROM json_each(?))"


class Analyses:
    """The tables of features and predictions, keyed by `AnalysisKey`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put_features(self, key: AnalysisKey, features: Iterable[Features]) -> None:
        """Store features, and replace earlier features of the same specs."""
        self._db.executemany(
            "INSERT OR REPLACE INTO features VALUES (?, ?, ?)",
            [(str(key), f.spec, arrays.to_bytes(f.values)) for f in features],
        )

    def has(self, key: AnalysisKey, specs: Iterable[str]) -> bool:
        """Return whether features of all these specs are stored."""
        rows = self._db.execute("SELECT spec FROM features WHERE content_id = ?", (str(key),))
        return {row[0] for row in rows}.issuperset(specs)

    def put_prediction(self, key: AnalysisKey, prediction: Prediction) -> None:
        """Store a prediction, and replace the earlier prediction of the same model."""
        self.put_predictions([(key, prediction)])

    def put_predictions(self, found: Iterable[tuple[AnalysisKey, Prediction]]) -> None:
        """Store predictions, see `put_prediction`."""
        self._db.executemany(
            "INSERT OR REPLACE INTO predictions VALUES (?, ?, ?, ?)",
            [
                (
                    str(key),
                    prediction.model,
                    json_text(dict(prediction.probabilities)),
                    prediction.sound,
                )
                for key, prediction in found
            ],
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

    def features(self, key: AnalysisKey, specs: Sequence[str]) -> tuple[Features, ...] | None:
        """Return the features of these specs, in their order, or None if any is missing."""
        found = self.packed([key], specs).get(str(key))
        if found is None:
            return None
        return tuple(Features(one.spec, _unpacked(one.data)) for one in found)

    def predicted(self, keys: Iterable[AnalysisKey], model: str) -> set[str]:
        """Return those of the keys, as text, that have a prediction of a model."""
        rows = self._db.execute(
            f"SELECT content_id FROM predictions WHERE {_AMONG} AND model = ?",  # noqa: S608
            (_among(keys), model),
        )
        return {row[0] for row in rows}

    def packed(
        self, keys: Iterable[AnalysisKey], specs: Sequence[str], optional: Sequence[str] = ()
    ) -> dict[str, tuple[PackedFeatures, ...]]:
        """Return the features of these specs as bytes, in their order, by key as text.

        Keys without all of them are left out. A worker reads the bytes, so this process needs no
        NumPy.

        Args:
            keys: The keys of some tracks.
            specs: Names of feature specs.
            optional: Names whose features follow where they are stored.

        """
        found: defaultdict[str, dict[str, PackedFeatures]] = defaultdict(dict)
        rows = self._db.execute(
            f"SELECT content_id, spec, data FROM features WHERE {_AMONG}"  # noqa: S608
            " AND spec IN (SELECT value FROM json_each(?))",
            (_among(keys), json_text([*specs, *optional])),
        )
        for key, spec, data in rows:
            found[key][spec] = PackedFeatures(spec, data)
        return {
            key: tuple(values[spec] for spec in (*specs, *optional) if spec in values)
            for key, values in found.items()
            if values.keys() >= set(specs)
        }

    def sample(self, root: Path, model: str, most: int) -> list[Prediction]:
        """Return the stored predictions of a model for at most `most` files of a root.

        The key of a sound is a hash, so files in the order of their keys are a random sample.
        """
        rows = self._db.execute(
            "SELECT probabilities, sound FROM files INDEXED BY files_by_sound"
            " CROSS JOIN predictions USING (content_id)"
            " WHERE root = ? AND content_id IS NOT NULL AND model = ?"
            " ORDER BY content_id LIMIT ?",
            (os.fsencode(root), model, most),
        )
        return [
            Prediction(stored_json(probabilities, dict[str, float]), model, sound)
            for probabilities, sound in rows
        ]

    def library(self, spec: str) -> Iterator[tuple[str, Any]]:
        """Yield the path and the features of each recorded file that was analyzed."""
        rows = self._db.execute(
            "SELECT path, data FROM files JOIN features USING (content_id) WHERE spec = ?", (spec,)
        )
        for path, data in rows:
            yield stored_file(path), _unpacked(data)


def _among(keys: Iterable[AnalysisKey]) -> str:
    return json_text([str(key) for key in keys])


def _unpacked(data: bytes) -> Any:
    try:
        return arrays.from_bytes(data)
    except ValueError as error:
        raise damaged(error) from error
