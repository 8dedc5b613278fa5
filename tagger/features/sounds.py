"""The classes of EfficientAT as words: music, and the kinds of non-music."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SOUNDS: Final = (
    (137, "music"),
    (0, "speech"),
    (16, "laughter"),
    (66, "cheering"),
    (67, "applause"),
    (69, "a crowd"),
    (70, "many voices"),
    (72, "animals"),
    (111, "birds"),
    (126, "insects"),
    (283, "wind"),
    (286, "a thunderstorm"),
    (288, "water"),
    (289, "rain"),
    (294, "the sea"),
    (298, "fire"),
    (300, "a vehicle"),
    (329, "a train"),
    (335, "an aircraft"),
    (343, "an engine"),
    (384, "typing"),
    (388, "an alarm"),
    (389, "a telephone"),
    (404, "a machine"),
    (406, "a clock"),
    (412, "a fan"),
    (481, "beeps"),
    (491, "clicks"),
    (493, "a rumble"),
    (496, "a hum"),
    (500, "silence"),
    (501, "a tone"),
    (503, "a chirping tone"),
    (513, "noise"),
    (515, "static"),
    (516, "mains hum"),
    (520, "white noise"),
    (521, "pink noise"),
)
"""Place among AudioSet's 527 classes, as in its `class_labels_indices.csv`, and the words."""
MUSIC: Final = 0
"""The place of music in SOUNDS."""
_PROMINENT = 0.1
"""The least probability of a sound that is named."""


def music(logits: Sequence[float]) -> float:
    """Return the probability of music from the logits of SOUNDS."""
    return _probability(logits[MUSIC])


def likeness(logits: Sequence[float]) -> str:
    """Return words on a clip that is no music, such as "sounds like speech (0.9)".

    `logits` are those of SOUNDS.
    """
    others = [(value, name) for value, (_, name) in zip(logits, SOUNDS, strict=True)]
    value, name = max(others[:MUSIC] + others[MUSIC + 1 :])
    if _probability(value) < _PROMINENT:
        return f"does not sound like music ({music(logits):.2f})"
    return f"sounds like {name} ({_probability(value):.1f})"


def _probability(logit: float) -> float:
    return 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0
