"""One outcome as a line, or as an object for scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tagger.cli.output import printable

if TYPE_CHECKING:
    from tagger.core.domain import Outcome


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome in the form that is documented for scripts."""
    return {
        "path": str(outcome.path),
        "decision": str(outcome.action),
        "before": list(outcome.before),
        "after": list(outcome.after),
        "genre": outcome.genre,
        "confidence": None if outcome.confidence is None else round(outcome.confidence, 4),
        "reason": outcome.reason,
        "evidence": outcome.grounds and asdict(outcome.grounds),
    }


def outcome_line(outcome: Outcome) -> str:
    """Return an outcome as one plain line."""
    genres = ", ".join(outcome.after) or "-"
    if outcome.action.writes and outcome.before:
        genres = f"{', '.join(outcome.before)} -> {genres}"
    text = f"{outcome.action:<8} {genres:<20} {outcome.path}: {outcome.reason}"
    return printable(text)
