"""Parts of a pipeline that neither analyze nor write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Never

from tagger.core.domain import Outcome

if TYPE_CHECKING:
    from tagger.core.domain import Decision, Track


class Report:
    """Reports decisions."""

    def apply(self, track: Track, decision: Decision) -> Outcome:
        return Outcome.of(track, decision)


class NoWorkers:
    """A pool for tracks whose predictions are all remembered."""

    count = 1

    def submit(self, *_: object) -> Never:
        raise AssertionError("each prediction is remembered")
