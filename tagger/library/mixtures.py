"""The genres of each library by its sound, as far as the store remembers analyses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.evidence import mixture

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tagger.core.domain import Prediction, Track
    from tagger.evidence.mixture import Mixture
    from tagger.store import Store

SAMPLE = 500
"""Tracks by which the genres of a library are estimated."""


class Mixtures:
    """Weighs predictions by the genres of the library, which are the files of one root."""

    def __init__(self, store: Store, model: str, expected: Mapping[str, float]) -> None:
        """Read from a store.

        Args:
            store: The state database.
            model: The id of the model of the predictions.
            expected: See `Manifest.expected`; empty weighs nothing.

        """
        self._store = store
        self._model = model
        self._expected = expected
        self._known: dict[Path, Mixture | None] = {}

    @property
    def is_off(self) -> bool:
        """Whether predictions stay as they are."""
        return not self._expected

    def renew(self) -> None:
        """Estimate the genres again, with the analyses that the store has by now."""
        self._known.clear()

    def weighed(self, sounds: Mapping[Track, Prediction]) -> dict[Track, Prediction]:
        """Weigh the predictions for tracks."""
        return {track: self._weighed(track.root, sound) for track, sound in sounds.items()}

    def _weighed(self, root: Path, sound: Prediction) -> Prediction:
        if self.is_off:
            return sound
        if root not in self._known:
            sample = self._store.analyses.sample(root, self._model, SAMPLE)
            self._known[root] = mixture.learn(sample, self._expected)
        known = self._known[root]
        return mixture.weighed(sound, known) if known else sound
