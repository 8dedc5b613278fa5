"""The inputs of a model: log-mel spectrograms, and named and versioned features of them.

This module imports no feature code, so that a manifest can be checked without numpy.
"""

from __future__ import annotations

from typing import Final

SPEC_NAMES: Final = frozenset(
    {"efficientat-1", "levels-1", "musicnn-2", "musicnn-3", "statistics-1"}
)
"""The feature specs of this version; `tagger.features.specs` computes them."""
SOUNDS_SPEC: Final = "efficientat-1"
"""The spec whose last elements are the logits of `tagger.features.sounds.SOUNDS`."""


def later(spec: str) -> str:
    """Return the name under which the features of a later part of the same file are kept."""
    return f"later:{spec}"
