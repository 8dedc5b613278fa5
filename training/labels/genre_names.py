"""From a source's word to the user's genre, as `[training]` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core import genres

if TYPE_CHECKING:
    from tagger.config import TrainingSettings


class GenreNames:
    """The user's names for what sources call otherwise, and which genre is part of which."""

    def __init__(self, training: TrainingSettings) -> None:
        self._own = {genres.key(word): genre for word, genre in training.genres.items()}
        self._parents = {genres.key(child): above for child, above in training.parents.items()}

    def genre(self, word: str) -> str:
        """Return the genre that a source's word stands for; empty when it is to be left out."""
        own = self._own.get(genres.key(word))
        return genres.canonical(word if own is None else own)

    def parents(self, genre: str) -> tuple[str, ...]:
        """Return the genres that one is part of, the nearest first: the user's, then tagger's."""
        found: list[str] = []
        above = self._parent(genre)
        while above and genres.key(above) not in map(genres.key, [genre, *found]):
            found.append(genres.canonical(above))
            above = self._parent(above)
        return tuple(found)

    def _parent(self, genre: str) -> str | None:
        known = genres.parents(genre)
        return self._parents.get(genres.key(genre)) or (known[0] if known else None)
