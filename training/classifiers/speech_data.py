"""Feature vectors of recorded speech, from which the speech guard learns.

`training.research.make_speech` computes the vectors in `speech.npz` from recordings in Debian's
packages, which docs/research.md lists. No sound can be recovered from the vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

VECTORS = Path(__file__).with_name("speech.npz")
SPECS = ("statistics-1", "musicnn-2")
ABOUT = """\
The training data of the guard against speech are feature vectors. They come from recordings in
Debian's packages (asterisk-core-sounds, asterisk-prompt, klettres, ktuberling, hedgewars: free
licences) and from espeak-ng. The bundle contains none of the vectors."""


@dataclass(frozen=True, eq=False)
class Speech:
    """Clips of speech, followed by their band-limited copies."""

    collections: NDArray[np.str_]
    """Collection of each clip, shape (2 * clips,)."""
    inputs: Mapping[str, NDArray[Any]]
    """By spec, shape (2 * clips, features)."""

    @property
    def clips(self) -> int:
        """Number of clips without the copies."""
        return len(self.collections) // 2


@cache
def read_speech(path: Path = VECTORS) -> Speech:
    """Read the vectors that `make_speech` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        inputs = {spec: archive[spec].astype(np.float32) for spec in SPECS}
        return Speech(archive["collections"], inputs)
