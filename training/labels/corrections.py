"""Labels from genres that the user changed after tagger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.library import walk
from tagger.system.text import number_of
from training.labels.base import Gathered, Label, Weight
from training.labels.genre_names import GenreNames

if TYPE_CHECKING:
    from training.labels.base import Context

NAME = "corrections"


class CorrectionSource:
    """The corrections that scans and the daemon have found."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._names = GenreNames(context.settings)

    def gather(self) -> Gathered:
        """Return the first genre that the user left in each corrected file."""
        labels = []
        gone = 0
        for correction in sorted(self._store.corrections.all(), key=lambda c: c.path):
            genre = self._names.first(correction.theirs)
            if walk.is_gone(correction.path):
                gone += 1
            elif genre:
                labels.append(Label(correction.path, genre, NAME, Weight.CORRECTION))
        notes = (f"{number_of(gone, 'corrected file')} gone",) if gone else ()
        return Gathered(tuple(labels), notes=notes)
