"""The decision on a file by itself, without its album: by its sound and the evidence beside it.

`tagger classify`, `tagger explain` and the Python interface share it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core.domain import FileIdentity, Track
from tagger.library import walk
from tagger.pipeline import build
from tagger.pipeline.operations import permitted

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import Decision, Prediction, TrackTags
    from tagger.core.evidence import Evidence
    from tagger.inference import Manifest
    from tagger.store import Store


class SingleFiles:
    """Decides files one by one, as a scan decides a file without an album."""

    def __init__(self, settings: Settings, store: Store, manifest: Manifest) -> None:
        """Count the new files of the library for its evidence.

        Args:
            settings: With the bundle resolved, see `selection.resolve_bundle`.
            store: The state database.
            manifest: The manifest of the bundle.

        Raises:
            ConfigError: the user's list of artists cannot be read.
            StoreError: the database cannot be used.

        """
        self.rules = build.decision_rules(settings, manifest)
        self._store = store
        self._options = build.write_options(settings)
        self._roots = settings.library.real_roots
        parts = build.Parts(settings, manifest, store)
        self._evidence = parts.evidence()
        self._evidence.prepare()
        self._mixtures = parts.mixtures()

    def track(self, path: Path, identity: FileIdentity, tags: TrackTags) -> Track:
        """Return a file as a track of its music folder.

        Args:
            path: The file, resolved.
            identity: Its state.
            tags: Its tags.

        """
        known = self._store.files.get(path)  # a scan may have had another folder than the settings
        root = known.root if known else walk.root_of(path, self._roots)
        return Track(path, root, identity, tags)

    def decide(self, track: Track, prediction: Prediction) -> Decision:
        """Return the decision on a track by itself; a skip where the file must not be written."""
        genres = track.tags.genres
        corrected = self._store.corrections.has(track.path)
        decision = self.rules.policy.without_audio(
            genres, corrected=corrected, spoken=track.tags.spoken
        )
        if decision is None:
            evidence = self._evidence.of(track)
            sound = self._weighed(track, prediction, evidence)
            decision = self.rules.decide(track, sound, evidence=evidence)
        return permitted(track, decision, self._options)

    def weighed(self, track: Track, prediction: Prediction) -> Prediction:
        """Weigh a prediction by the genres of the library, where there is no other evidence."""
        return self._weighed(track, prediction, self._evidence.of(track))

    def _weighed(
        self, track: Track, prediction: Prediction, evidence: Evidence | None
    ) -> Prediction:
        return prediction if evidence else self._mixtures.weighed({track: prediction})[track]
