"""Parts of a pipeline that neither analyze nor write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Never

from tagger import tags
from tagger.core.domain import Outcome
from tagger.pipeline.operations import unwritable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagger.core.domain import Decision, Track


class Report:
    """Reports decisions, and refuses what a write would refuse."""

    def refusals(self, tracks: Sequence[Track]) -> dict[Track, str]:
        return unwritable(tracks, tags.WriteOptions())

    def apply(self, track: Track, decision: Decision) -> Outcome:
        return Outcome.of(track, decision)


class NoWorkers:
    """A pool for tracks whose predictions are all remembered."""

    count = 1

    def submit(self, *_: object) -> Never:
        raise AssertionError("each prediction is remembered")
