"""MODEL_CARD.md, from the manifest of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.evaluation.measure import PROMISE, never_written
from training.evaluation.metrics import ALBUM_TRACKS
from training.evaluation.templates import render

if TYPE_CHECKING:
    from tagger.inference.manifest import Manifest, Written

TEMPLATE = Path(__file__).with_name("card.md.jinja")


def card(manifest: Manifest, template: Path = TEMPLATE, **values: Any) -> str:
    """Write a card.

    `manifest` has the model's figures. `template` extends the card of the user's own models, and
    `values` are the further names in it.
    """
    return render(
        template,
        base=TEMPLATE.parent,
        manifest=manifest,
        promise=PROMISE,
        album_tracks=ALBUM_TRACKS,
        never_written=never_written(manifest),
        written=_written,
        **values,
    )


def _written(kept: Written | None) -> str:
    if not kept:
        return ""
    right = f"{kept.precision:.1%}" if kept.coverage else "-"
    return f"{right} / {kept.coverage:.1%}"
