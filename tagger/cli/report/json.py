"""The report of a run for scripts: one JSON object a file, then the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.cli.options import print_json
from tagger.cli.report.base import Report
from tagger.cli.report.lines import outcome_json

if TYPE_CHECKING:
    from tagger.core.domain import Outcome
    from tagger.pipeline.publish import Published
    from tagger.pipeline.unchanged import SettledFolder


class JsonReport(Report):
    """Prints the objects that the README documents."""

    def _show(self, outcome: Outcome) -> None:
        print_json(outcome_json(outcome))

    def _show_settled(self, settled: SettledFolder) -> None:
        for outcome in settled.outcomes():
            self._show(outcome)

    def _show_end(self, published: Published, run: int | None) -> None:
        print_json({"summary": self.summary(published, run)})
