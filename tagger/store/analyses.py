"""What was heard: features and predictions by content, so that nothing is decoded twice."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tagger.core.domain import Features, Prediction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


class Analyses:
    """The tables of features and predictions, keyed by `AudioClip.content_id`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def remember(
        self, content_id: str, features: Iterable[Features], prediction: Prediction
    ) -> None:
        """Keep what one listening gave."""
        self.keep(content_id, features)
        self.predict(content_id, prediction)

    def keep(self, content_id: str, features: Iterable[Features]) -> None:
        """Keep features that nobody was asked about."""
        self._db.executemany(
            "INSERT OR REPLACE INTO features VALUES (?, ?, ?)",
            [(content_id, f.spec, _packed(f.values)) for f in features],
        )

    def has(self, content_id: str, specs: Iterable[str]) -> bool:
        """Tell whether the features of all these specs are there."""
        rows = self._db.execute("SELECT spec FROM features WHERE content_id = ?", (content_id,))
        return {row[0] for row in rows}.issuperset(specs)

    def predict(self, content_id: str, prediction: Prediction) -> None:
        """Keep what a model thinks of remembered features."""
        self._db.execute(
            "INSERT OR REPLACE INTO predictions VALUES (?, ?, ?)",
            (
                content_id,
                prediction.model,
                msgspec.json.encode(dict(prediction.probabilities)).decode(),
            ),
        )

    def prediction(self, content_id: str, model: str) -> Prediction | None:
        """Return what `model` thought of this content, if it was asked before."""
        row = self._db.execute(
            "SELECT probabilities FROM predictions WHERE content_id = ? AND model = ?",
            (content_id, model),
        ).fetchone()
        if row is None:
            return None
        return Prediction(msgspec.json.decode(row[0], type=dict[str, float]), model)

    def features(self, content_id: str, specs: Iterable[str]) -> tuple[Features, ...] | None:
        """Return the features of these specs, in their order, or None unless all are there."""
        found = []
        for spec in specs:
            row = self._db.execute(
                "SELECT data FROM features WHERE content_id = ? AND spec = ?", (content_id, spec)
            ).fetchone()
            if row is None:
                return None
            found.append(Features(spec, np.load(io.BytesIO(row[0]), allow_pickle=False)))
        return tuple(found)


def _packed(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()
