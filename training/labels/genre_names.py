"""The user's names of genres, from `[training]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core import genres

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tagger.config import TrainingSettings


class GenreNames:
    """The user's name for each word of a source, and the user's parents of genres."""

    def __init__(self, training: TrainingSettings) -> None:
        self._own = {genres.key(word): genre for word, genre in training.genres.items()}
        self._parents = {genres.key(child): above for child, above in training.parents.items()}

    def genre(self, word: str) -> str:
        """Return the genre for a word of a source; empty for a word without a genre."""
        own = self._own.get(genres.key(word))
        return genres.canonical(word if own is None else own)

    def parts(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Split texts such as `Rock/Pop`, except the words that the user has named."""
        found: list[str] = []
        for text in texts:
            found += [text] if genres.key(text) in self._own else genres.parts([text])
        return tuple(found)

    def parents(self, genre: str) -> tuple[str, ...]:
        """Return the parents of a genre, the nearest first: the user's before tagger's."""
        found: list[str] = []
        above = self._parent(genre)
        while above and genres.key(above) not in map(genres.key, [genre, *found]):
            found.append(genres.canonical(above))
            above = self._parent(above)
        return tuple(found)

    def _parent(self, genre: str) -> str | None:
        known = genres.parents(genre)
        return self._parents.get(genres.key(genre)) or (known[0] if known else None)
