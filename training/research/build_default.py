"""The default model: its recipe, and the way from data to bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.classifiers.speech_data import ABOUT as SPEECH
from training.export.bundle import Provenance, publish, write_card
from training.models.ensemble import train
from training.research import band_limited
from training.research.baseline import REFERENCES
from training.research.benchmark import BENCHMARKS
from training.research.default_card import card
from training.research.robustness import robustness

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from tagger.inference.manifest import Manifest
    from training.models.recipe import Recipe
    from training.research.datasets import LevelDataset

_GTZAN = """\
GTZAN (Tzanetakis and Cook, 2002): excerpts of commercial recordings gathered for research, with no
licence stated; none of them is in the bundle. It has known faults (Sturm, arXiv 1306.1461): clips
marked as fault or duplicate are left out here, and only artist-filtered figures count.

The input `musicnn-2` is the embedding of the network musicnn (Pons and Serra, 2019; ISC licence).
Its training data are the listeners' tags of some 200,000 songs of the Million Song Dataset.
Recordings of GTZAN may be among those songs, with tags such as jazz or country. GTZAN's labels are
not."""


@dataclass(frozen=True)
class Measures:
    """The measurements for the card."""

    figures: tuple[str, ...] = ()
    """Names of `BENCHMARKS` and `REFERENCES`."""
    audio: Path | None = None
    """A folder of clips as sound, for the measurement of robustness."""


def build_gtzan(
    recipe: Recipe, data: LevelDataset, folder: Path, created: date, measures: Measures
) -> Manifest:
    """Train on all clips without a known fault, measure, and write and verify the bundle.

    `recipe` is trained on `data`. `folder` is the new bundle, `created` its date, and `measures`
    names the figures of the card. Raises ModelError when the exported network differs from the
    fitted ensemble.
    """
    members = np.flatnonzero(data.known)
    ensemble = train(recipe, data, members)
    evaluation = {n: BENCHMARKS[n](recipe, data) for n in measures.figures if n in BENCHMARKS}
    beside = {n: REFERENCES[n](recipe, data) for n in measures.figures if n in REFERENCES}
    about = f"{_GTZAN}\n\n{SPEECH}"
    augmentation = "" if data.augmentation is None else band_limited.ABOUT
    command = "python -m training.research build --data DATA"
    made = Provenance("gtzan", created, about, command, augmentation)
    manifest = publish(folder, ensemble, data, made, evaluation)
    holding = list(robustness(recipe, data, measures.audio)) if measures.audio else []
    write_card(folder, card(manifest, beside, holding))
    return manifest
