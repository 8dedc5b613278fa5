"""The names of genres: the user's words, the spellings of a library, the names of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core import genres as spelling
from tagger.core.evidence import sounds_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tagger.core.vocabulary import Vocabulary


class GenreWords:
    """Translates the genres in files to one spelling, and to the names of the model."""

    def __init__(self, model: Sequence[str], vocabulary: Vocabulary) -> None:
        """Name the genres of a model by the user's words."""
        self._model = tuple(model)
        self._words = vocabulary.words
        self._of_word: dict[str, tuple[str, ...]] = {}
        """The genres of the model by the key of the user's word for them."""
        self._label: dict[str, str] = {}
        """These words by their keys."""
        for genre in self._model:
            word = vocabulary.word(genre)
            key = spelling.key(word)
            self._label[key], self._of_word[key] = word, (*self._of_word.get(key, ()), genre)
        self._spelled: dict[str, str] = {}
        self._canonical: dict[str, str] = {}
        self._doubted: frozenset[str] = frozenset()

    def learn(self, library: Mapping[str, float], doubted: Iterable[str]) -> None:
        """Take the most common spelling of each genre, and which genres count for nothing.

        `library` are files by genre. `doubted` are keys of genres, see `weigh.doubted`.
        """
        self._canonical.clear()
        self._doubted = frozenset(doubted)
        for genre in sorted(library, key=lambda genre: -library[genre]):
            self._spelled.setdefault(spelling.key(genre), genre)

    def name(self, genre: str) -> str:
        """Return the one spelling of a genre: the user's, else the library's most common."""
        if (known := self._canonical.get(genre)) is None:
            word = self._words.get(spelling.key(genre), genre)
            key = spelling.key(word)
            known = self._label.get(key) or self._spelled.get(key) or spelling.canonical(word)
            self._canonical[genre] = known
        return known

    def of_model(self, genres: Iterable[str]) -> tuple[str, ...]:
        """Return genres by the names of the model, which may have several for one word."""
        found: dict[str, None] = {}
        for name in map(self.name, genres):
            found |= dict.fromkeys(self._of_word.get(spelling.key(name), (name,)))
        return tuple(found)

    def spread(self, shares: Mapping[str, float]) -> dict[str, float]:
        """Return the shares by the names of the model; a word's share is split evenly."""
        found: dict[str, float] = {}
        for name, share in shares.items():
            of = self.of_model([name])
            for one in of:
                found[one] = found.get(one, 0.0) + share / len(of)
        return found

    def is_modelled(self, genre: str) -> bool:
        """Return whether a genre or a relative of it is among those of the model."""
        return any(sounds_as(one, self._model) for one in self.of_model([genre]))

    def counting(self, genres: Iterable[str]) -> tuple[str, ...]:
        """Return the genres of one track that count for other tracks.

        Stores and web sites have places, decades and moods beside a genre. So a genre that the
        sound cannot judge counts only alone.
        """
        named = tuple(dict.fromkeys(map(self.name, genres)))
        if self._doubted:
            named = tuple(name for name in named if not self._is_doubted(name))
        return (len(named) > 1 and tuple(filter(self.is_modelled, named))) or named

    def _is_doubted(self, name: str) -> bool:
        return spelling.keys(self.of_model([name])) <= self._doubted
