"""The decision on a file by itself, without its album: by its sound and the evidence beside it.

`tagger classify`, `tagger explain` and the Python interface share it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core.domain import FileIdentity, Track
from tagger.library import walk
from tagger.pipeline.operations import permitted

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.core.domain import Decision, Prediction, TrackTags
    from tagger.pipeline.build import Basis


class SingleFiles:
    """Decides files one by one, as a scan decides a file without an album."""

    def __init__(self, basis: Basis) -> None:
        """Count the new files of the library for its evidence.

        Raises:
            ConfigError: the user's list of artists cannot be read.
            StoreError: the database cannot be used.

        """
        self._basis = basis
        self._roots = basis.settings.library.real_roots
        basis.evidence.prepare()

    def track(self, path: Path, identity: FileIdentity, tags: TrackTags) -> Track:
        """Return a file as a track of its music folder.

        Args:
            path: The file, resolved.
            identity: Its state.
            tags: Its tags.

        """
        # a scan may have had another folder than the settings
        known = self._basis.store.files.get(path)
        root = known.root if known else walk.root_of(path, self._roots)
        return Track(path, root, identity, tags)

    def decide(self, track: Track, prediction: Prediction) -> Decision:
        """Return the decision on a track by itself; a skip where the file must not be written."""
        basis, tags = self._basis, track.tags
        corrected = basis.store.corrections.has(track.path)
        decision = basis.rules.policy.without_audio(
            tags.genres, corrected=corrected, spoken=tags.spoken
        )
        if decision is None:
            evidence = basis.evidence.of(track)
            sound = basis.weighed(track, prediction, evidence)
            decision = basis.rules.decide(track, sound, evidence=evidence)
        return permitted(track, decision, basis.options)

    def weighed(self, track: Track, prediction: Prediction) -> Prediction:
        """Weigh a prediction by the genres of the library, where there is no other evidence."""
        return self._basis.weighed(track, prediction, self._basis.evidence.of(track))
