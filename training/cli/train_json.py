"""The outcome of `tagger train` as one JSON object."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from training.data.select import LEAST_ARTISTS
from training.evaluation.measure import never_written

if TYPE_CHECKING:
    from training.matching.match import LocalTrack
    from training.train import Prepared, Result


def as_object(prepared: Prepared, result: Result | None, minimum: int) -> dict[str, Any]:
    """Return training data and outcome as one JSON object.

    `prepared` is the training data, `result` None after a dry run; `minimum` is `training.minimum`.
    """
    outcome = _result_object(result) if result else {}
    return prepared_object(prepared, minimum) | outcome


def prepared_object(prepared: Prepared, minimum: int) -> dict[str, Any]:
    """Return the training data as a JSON object; `minimum` is `training.minimum`."""
    selection, collected = prepared.selection, prepared.collected
    held = Counter(m.genre for m, h in zip(selection.members, prepared.held, strict=True) if h)
    reasons = Counter(one.reason for one in prepared.unusable)
    return {
        "sources": collected.counts,
        "matched": len(collected.matching.matched),
        "ambiguous": [
            {**_entry(one.entry), "files": [_file(c) for c in one.candidates]}
            for one in collected.matching.ambiguous
        ],
        "missing": [_entry(entry) for entry in collected.matching.missing],
        "genres": [
            {
                "genre": genre,
                "tracks": selection.tracks(genre),
                "artists": selection.artists(genre),
                "held_out": held[genre],
                "balanced_out": selection.balanced.get(genre, 0),
            }
            for genre in selection.genres
        ],
        "too_few": [
            {
                "genre": one.genre,
                "tracks": one.tracks,
                "tracks_missing": max(0, minimum - one.tracks),
                "artists": one.artists,
                "artists_missing": max(0, LEAST_ARTISTS - one.artists),
                "counted_for": one.taught or None,
            }
            for one in selection.few
        ],
        "two_genres": [str(path) for path in selection.conflicts],
        "duplicates": selection.duplicates,
        "own_words": selection.written,
        "unknown_artists": selection.unknown_artists,
        "to_hear": prepared.to_analyze,
        "unheard": [{"path": str(one.path), "reason": one.reason} for one in prepared.unusable],
        "unheard_reasons": dict(reasons.most_common()),
        "notes": list(collected.notes),
    }


def _result_object(result: Result) -> dict[str, Any]:
    """Return the outcome of the training as a JSON object."""
    comparison = result.comparison
    return {
        "model": {
            "id": result.manifest.id,
            "genres": list(result.manifest.genres),
            "recipe": result.manifest.training.recipe,
            "never_written": never_written(result.manifest),
            "held_out": msgspec.to_builtins(result.manifest.evaluation["held_out"]),
        },
        "comparison": {
            "current": result.current,
            "tracks": comparison.tracks,
            "artists": comparison.artists,
            "new_accuracy": round(comparison.new.share, 4),
            "current_accuracy": round(comparison.current.share, 4),
            "new_by_label": round(comparison.new.label, 4),
            "current_by_label": round(comparison.current.label, 4),
            "worse_in": comparison.worse,
            "lost_genres": list(comparison.lost),
        },
        "promoted": result.promoted,
        "reason": result.reason,
    }


def _entry(entry: Any) -> dict[str, Any]:
    return {
        "entry": entry.key,
        "title": entry.title,
        "artists": list(entry.artists),
        "album": entry.album,
        "genre": entry.genre,
        "source": entry.source,
        "origin": entry.origin,
    }


def _file(candidate: LocalTrack) -> dict[str, Any]:
    return {"path": str(candidate.path), "title": candidate.title, "album": candidate.album}
