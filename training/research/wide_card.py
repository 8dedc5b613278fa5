"""MODEL_CARD.md of the default model: its manifest, and the results of the research commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.evaluation.templates import render
from training.research import results
from training.research.added_genres import DRAWS, TRACKS, AddedGenre
from training.research.default_card import thresholds
from training.research.later_part import LaterFigure
from training.research.wide import WideFigure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagger.inference.manifest import Manifest

TEMPLATE = Path(__file__).with_name("wide_card.md.jinja")
UNKNOWN = ("unknown", "unknown albums", "unknown library")
SHORT = 15
"""Seconds of the longest of the clips that the card calls short."""


def card(manifest: Manifest, folder: Path = results.FOLDER) -> str:
    """Write the card of the default model from its manifest and the results in `folder`."""
    suffix = "" if manifest.music is None else "-efficientat"
    rows = results.kept(f"wide{suffix}", WideFigure, folder)
    parts: dict[str, list[WideFigure]] = {}
    for row in rows:
        parts.setdefault(row.part, []).append(row)
    return render(
        TEMPLATE,
        manifest=manifest,
        parts=parts,
        tracks=TRACKS,
        draws=DRAWS,
        added=results.kept(f"added-genres{suffix}", AddedGenre, folder),
        thresholds=thresholds(manifest),
        pairs=lambda one, other: zip(parts.get(one, []), parts.get(other, []), strict=True),
        unknown=[_mean(parts.get(part, [])) for part in UNKNOWN],
        nonmusic=_mean(parts.get("no music", [])),
        short=[
            row
            for row in results.kept("later", LaterFigure, folder)
            if row.network == bool(suffix) and row.seconds <= SHORT and not row.weight
        ],
    )


def _mean(rows: Sequence[WideFigure]) -> dict[str, float]:
    """Average the shares with a genre and with a wrong genre over the clips of all rows."""
    clips = [row.clips for row in rows]
    wrong = [row.written * (1 - (row.right or 0.0)) for row in rows]
    return {
        "clips": float(sum(clips)),
        "written": float(np.average([row.written for row in rows], weights=clips)),
        "wrong": float(np.average(wrong, weights=clips)),
    }
