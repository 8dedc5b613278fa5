"""Runs and their changes as lines, or as objects for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tagger.cli.output import printable
from tagger.cli.report.status import minute, moment

if TYPE_CHECKING:
    from tagger.core.domain import Decision
    from tagger.store import JournalEntry, RunSummary


def run_json(found: RunSummary) -> dict[str, Any]:
    """Return a run in the form that is documented for scripts."""
    run = found.run
    return {
        "id": run.id,
        "kind": run.kind,
        "started": moment(run.started),
        "finished": None if run.finished is None else moment(run.finished),
        "written": found.written,
        "undone": found.undone,
    }


def run_line(found: RunSummary) -> str:
    """Return a run as one plain line."""
    run = found.run
    counts = [f"{found.written} written"] if found.written else []
    counts += [f"{found.undone} taken back"] if found.undone else []
    when = minute(moment(run.started))
    end = "" if run.finished is not None else "  (not finished)"
    return f"{run.id:>6}  {run.kind:<6}  {when}  {', '.join(counts) or 'nothing written'}{end}"


def change_json(entry: JournalEntry, decision: Decision | None, *, undone: bool) -> dict[str, Any]:
    """Return a change in the form that is documented for scripts.

    Args:
        entry: The change.
        decision: The decision behind it, where no newer decision replaced it.
        undone: The change was taken back.

    """
    return {
        "path": str(entry.change.path),
        "before": list(entry.change.before),
        "after": list(entry.change.after),
        "at": moment(entry.at),
        "undone": undone,
        "confidence": decision and decision.confidence,
        "reason": decision and decision.reason,
    }


def change_line(entry: JournalEntry, decision: Decision | None, *, undone: bool) -> str:
    """Return a change as one plain line.

    Args:
        entry: The change in the journal.
        decision: The decision behind the change; None for a change that has no stored decision.
        undone: Whether the change was taken back.

    """
    change = entry.change
    genres = f"{', '.join(change.before) or '-'} -> {', '.join(change.after) or '-'}"
    reason = f": {decision.reason}" if decision else ""
    back = "taken back" if undone else "written"
    return printable(f"{back:<10}  {genres:<24} {change.path}{reason}")
