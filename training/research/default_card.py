"""MODEL_CARD.md of the default model: its manifest, and the results of the research commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.export import card as own
from training.research import results
from training.research.unknown_genres import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tagger.inference.manifest import Evaluation, Manifest
    from training.research.robustness import RobustnessResult

TEMPLATE = Path(__file__).with_name("default_card.md.jinja")


def card(
    manifest: Manifest,
    baselines: Mapping[str, Evaluation],
    robustness: Sequence[RobustnessResult] = (),
    folder: Path = results.FOLDER,
) -> str:
    """Write the card of the default model.

    `manifest` is that of its bundle. `baselines` are figures of `REFERENCES` by name, `robustness`
    those of `training.research.robustness`. `folder` has the results of the other research
    commands; the card leaves out figures without a result.
    """
    return own.card(
        manifest,
        TEMPLATE,
        baselines=baselines,
        robustness=robustness,
        thresholds=thresholds(manifest),
        unknown=_unknown(results.kept("unknown-genres", Unknown, folder)),
        transfer=_transfer(results.kept("transfer", dict[str, Any], folder)),
    )


def thresholds(manifest: Manifest) -> list[tuple[float, list[Any]]]:
    """Return the operating points of tracks and albums by promised precision."""
    parts = [{p.precision: p for p in part.overall} for part in (manifest.tracks, manifest.albums)]
    return [(key, [part.get(key) for part in parts]) for key in sorted(parts[0] | parts[1])]


def _unknown(rows: Sequence[Unknown]) -> list[dict[str, float]]:
    """Average over the clips of all genres, for each promise."""
    means = []
    for promise in sorted({row.promise for row in rows}):
        same = [row for row in rows if row.promise == promise]
        clips = [row.clips for row in same]
        tracks = float(np.average([row.written for row in same], weights=clips))
        albums = float(np.average([row.albums for row in same], weights=clips))
        means.append({"promise": promise, "tracks": tracks, "albums": albums})
    return means


def _transfer(rows: Sequence[Mapping[str, Any]]) -> dict[str, float] | None:
    """Return the lowest and the highest precision from one source to the other."""
    found = [row["written"]["precision"] for row in rows if "_to_" in row["name"]]
    return {"lowest": min(found), "highest": max(found)} if found else None
