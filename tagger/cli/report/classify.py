"""The lines of `tagger classify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tagger.core.domain import Action

if TYPE_CHECKING:
    from tagger.pipeline.classify import Classified


def classified_json(found: Classified, model: str, top: int) -> dict[str, Any]:
    """Return the `--json` line of a file.

    Args:
        found: The file.
        model: The id of the model.
        top: How many genres to list.

    """
    answer = found.prediction
    return {
        "path": str(found.path),
        "genre": answer and answer.genre,
        "confidence": answer and round(answer.confidence, 4),
        "probabilities": _ranked(found, top),
        "model": model,
        "error": found.decision.reason if answer is None else None,
        "decision": str(found.decision.action),
        "after": list(found.decision.genres),
        "reason": found.decision.reason,
    }


def classified_text(found: Classified, top: int) -> str:
    """Return the line of a file, with the `top` likeliest genres."""
    decision = found.decision
    if found.prediction is None:
        return decision.reason
    guesses = ", ".join(f"{genre} {int(100 * p)}%" for genre, p in found.prediction.ranked[:top])
    if decision.action.writes:
        return f"{guesses}; would write {', '.join(decision.genres)}"
    kept = "kept" if decision.action is Action.KEEP else "left alone"
    return f"{guesses}; {kept}: {decision.reason}"


def _ranked(found: Classified, top: int) -> dict[str, float]:
    answer = found.prediction
    return {name: round(p, 4) for name, p in answer.ranked[:top]} if answer else {}
