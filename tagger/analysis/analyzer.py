"""Getting a track heard: from what is remembered where that serves, else by a worker.

That a file is about to be listened to is recorded before a worker touches it, so that one which
brings the whole machine down is not tried for ever.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from tagger import errors
from tagger.analysis import worker
from tagger.core.domain import Prediction
from tagger.errors import AudioError, TaggerError, UnreadableError, WorkerError
from tagger.store.failures import MAX_ATTEMPTS
from tagger.system import interrupts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tagger.analysis.pool import WorkerPool
    from tagger.config import AnalysisSettings
    from tagger.core.domain import Track
    from tagger.inference import Manifest
    from tagger.store import Store

Asked = Prediction | TaggerError | Future[worker.Heard]
"""An answer that was there already, or one that is under way in a worker."""


class Analyzer:
    """Asks the store first, the workers second."""

    def __init__(
        self,
        store: Store,
        workers: WorkerPool,
        bundle: Path,
        manifest: Manifest,
        listen: AnalysisSettings,
    ) -> None:
        self._store = store
        self._workers = workers
        self._bundle = bundle
        self._model = manifest.id
        self._specs: Iterable[str] = manifest.inputs.values()
        self._listen = listen
        self._under_way: dict[Path, bool] = {}
        """What workers listen to, and whether it is to blame if tagger ends."""

    def remembered(self, track: Track) -> Prediction | None:
        """Return what this model thought of the track's content, if it ever heard it."""
        content_id = self._content_id(track)
        return self._store.analyses.prediction(content_id, self._model) if content_id else None

    def suspicion(self, track: Track) -> int:
        """Return how often tagger ended while it listened to this track, 0 for never."""
        failure = self._store.failures.get(track.path)
        if failure is None or failure.identity != track.identity or failure.given_up:
            return 0
        return failure.attempts + 1

    def ask(self, track: Track, *, again: bool = False, alone: bool = True) -> Asked:
        """Begin to get a track heard.

        `again` ignores what is remembered; `alone` says that nothing else is under way, so
        that the track itself is to blame if tagger ends before it answers.
        """
        if not again and (known := self._given_up(track) or self.remembered(track)):
            return known
        content_id = self._content_id(track)
        features = self._store.analyses.features(content_id, self._specs) if content_id else None
        if content_id and features and not again:
            return self._workers.submit(worker.reconsider, content_id, features, self._bundle)
        with interrupts.deferred_signals():
            self._store.failures.start_attempt(track.path, track.identity, blamed=alone)
            self._under_way[track.path] = alone
        return self._workers.submit(
            worker.listen,
            track.path,
            self._bundle,
            self._listen.offset,
            self._listen.length,
        )

    def answer(self, track: Track, asked: Asked) -> Prediction | TaggerError:
        """Wait for what was asked, and remember it.

        Raises `ModelError` when the model cannot be run: no other track would fare better.
        """
        if not isinstance(asked, Future):
            return asked
        try:
            heard = self._workers.result(asked, track.path)
        except (AudioError, WorkerError) as error:
            self._failed(track, error)
            return error
        content_id = heard.content_id.partition("@")[0] + self._listen.window
        with self._store.transaction():
            self._store.failures.clear(track.path)
            self._store.analyses.remember(content_id, heard.features, heard.prediction)
            self._store.files.set_content(track, content_id)
        # not before: whoever interrupts this is not to be blamed on the file
        self._under_way.pop(track.path, None)
        return heard.prediction

    def abandon(self) -> None:
        """Blame no file for an end that was asked for."""
        for path, blamed in self._under_way.items():
            self._store.failures.withdraw_attempt(path, attempts=int(blamed))
        self._under_way.clear()

    def _content_id(self, track: Track) -> str | None:
        record = self._store.files.get(track.path)
        heard = record.content_id if record else None
        return heard if heard and heard.endswith(self._listen.window) else None

    def _given_up(self, track: Track) -> TaggerError | None:
        failure = self._store.failures.get(track.path)
        if failure is None or not failure.given_up or failure.identity != track.identity:
            return None
        kind: type[TaggerError] = getattr(errors, failure.kind)
        return kind(failure.reason, track.path)

    def _failed(self, track: Track, error: TaggerError) -> None:
        final = isinstance(error, AudioError) and not isinstance(error, UnreadableError)
        with interrupts.deferred_signals():
            counted = self._under_way.pop(track.path, False)
            self._store.failures.record_failure(
                track.path,
                type(error).__name__,
                error.reason,
                attempts=MAX_ATTEMPTS if final else int(not counted),
            )
