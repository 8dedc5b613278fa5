"""What the default model says of two sounds; `python tests/support/golden.py` writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import signals

from tagger.audio.decode import Recording
from tagger.features.specs import extract_all
from tagger.inference.bundle import load

if TYPE_CHECKING:
    from typing import Any


DEFAULT = Path(__file__).resolve().parents[2] / "models" / "default"
FILE = Path(__file__).with_name("golden_predictions.json")
SOUNDS = {"long and bright": (30.0, 12), "short and dull": (5.0, 2)}


def predictions() -> dict[str, Any]:
    """Predict the sounds: the model's id and probabilities by sound and genre."""
    model = load(DEFAULT)
    given = {}
    for name, sound in SOUNDS.items():
        heard = Recording.of(signals.melody(*sound), signals.RATE)
        (prediction,) = model.predict([extract_all(model.specs, heard)])
        given[name] = {genre: round(p, 5) for genre, p in prediction.probabilities.items()}
    return {"model": model.manifest.id, "predictions": given}


if __name__ == "__main__":
    FILE.write_text(json.dumps(predictions(), indent=2) + "\n")
