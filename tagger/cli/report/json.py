"""The report of a run for scripts: one JSON object a file, then the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.cli.output import json_line, print_json
from tagger.cli.report.base import Report
from tagger.cli.report.lines import outcome_json

if TYPE_CHECKING:
    from tagger.core.domain import Outcome
    from tagger.pipeline.publish import Published


class JsonReport(Report):
    """Prints the objects that `docs/commands.md` documents."""

    def _line(self, outcome: Outcome) -> str:
        return json_line(outcome_json(outcome))

    def _show_end(self, published: Published, run: int | None) -> None:
        print_json({"summary": self.summary(published, run)})
