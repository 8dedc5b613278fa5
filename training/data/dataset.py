"""Labelled clips with their features, and the data set of a user's selection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.core.domain import AnalysisKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tagger.store import Store
    from training.data.select import Selection

    Indices = NDArray[np.intp]
    Inputs = Mapping[str, NDArray[Any]]


_JOINT = "+"


def join(*specs: str) -> str:
    """Return the name of several feature specs whose vectors are joined in this order."""
    return _JOINT.join(specs)


def parts(spec: str) -> tuple[str, ...]:
    """Return the feature specs behind a name of `join`."""
    return tuple(spec.split(_JOINT))


def joined(inputs: Inputs, spec: str) -> NDArray[Any]:
    """Return the features of one spec, or those of several side by side, shape (clips, ...).

    Args:
        inputs: Features by spec.
        spec: A feature spec, or a name of `join`.

    """
    columns = [inputs[part] for part in parts(spec)]
    return columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled clips; the first axis of every array is the clips."""

    ids: NDArray[np.str_]
    labels: Indices
    """Index into `genres`."""
    genres: tuple[str, ...]
    artists: NDArray[np.str_]
    """Group of each clip: no group is on both sides of a split."""
    inputs: Inputs
    """Features by spec, each (clips, ...); an array of arrays where clips differ in length."""
    augmentation: Inputs | None = field(default=None, kw_only=True)
    """Features of an altered copy of every clip, for training data alone."""

    def __len__(self) -> int:
        return len(self.ids)

    def features(self, spec: str) -> NDArray[Any]:
        """Return the features of a spec, or of several as `join` names them, (clips, ...)."""
        return joined(self.inputs, spec)

    def training_data(self, spec: str, members: Indices) -> tuple[NDArray[Any], Indices]:
        """Return inputs (clips, ...) and labels of clips, followed by their altered copies."""
        inputs, labels = self.features(spec)[members], self.labels[members]
        if self.augmentation is None:
            return inputs, labels
        copies = joined(self.augmentation, spec)[members]
        return np.concatenate([inputs, copies]), np.tile(labels, 2)


def exclude_artists(data: Dataset, members: Indices, others: Indices) -> Indices:
    """Remove clips from a part whose artist has a clip in another part.

    `members` and `others` are indices into `data`; returns the rest of `members`.
    """
    return members[~np.isin(data.artists[members], data.artists[others])]


def read_selection(selection: Selection, store: Store, specs: Sequence[str]) -> Dataset:
    """Join the selected recordings with their stored features.

    `selection` names recordings, genres and artists. `store` has the features of every recording
    for all `specs`.
    """
    members, genres = selection.members, selection.genres
    columns: dict[str, list[NDArray[Any]]] = {spec: [] for spec in specs}
    for member in members:
        for features in store.analyses.features(AnalysisKey.parse(member.content_id), specs) or ():
            columns[features.spec].append(features.values)
    return Dataset(
        ids=np.array([str(member.path) for member in members]),
        labels=np.array([genres.index(member.genre) for member in members]),
        genres=genres,
        artists=np.array([member.artist for member in members]),
        inputs={spec: _stacked(column) for spec, column in columns.items()},
    )


def _stacked(column: list[NDArray[Any]]) -> NDArray[Any]:
    if len({values.shape for values in column}) == 1:
        return np.stack(column)
    ragged = np.empty(len(column), object)
    ragged[:] = column
    return ragged
