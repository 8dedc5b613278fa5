"""Parts of a pipeline that neither analyze nor write."""

from __future__ import annotations

from tagger import tags
from tagger.core.domain import Outcome
from tagger.pipeline.operations import unwritable


class Report:
    """Reports decisions, and refuses what a write would refuse."""

    def refusals(self, tracks):
        return unwritable(tracks, tags.WriteOptions())

    def apply(self, track, decision):
        return Outcome.of(track, decision)


class NoWorkers:
    """A pool for tracks whose predictions are all remembered."""

    count = 1

    def submit(self, *_):
        raise AssertionError("each prediction is remembered")
