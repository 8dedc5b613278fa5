"""The user's names of genres, from `[training]` and `genres.map`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.inference.default import default_folder
from tagger.inference.in_use import resolve_bundle
from tagger.inference.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tagger.config import Settings


class GenreNames:
    """The user's name for each word of a source, and the user's parents of genres."""

    def __init__(self, settings: Settings) -> None:
        training, vocabulary = settings.training, settings.genres.vocabulary
        named = defaultdict[str, list[str]](list)
        for genre in read_manifest(default_folder(settings.store.folder)).genres:
            named[genres.key(vocabulary.word(genre))].append(genre)
        self._meant = {word: meant[0] for word, meant in named.items() if len(meant) == 1}
        model = read_manifest(resolve_bundle(settings).model.bundle.folder)
        self._of_model = genres.keys(model.genres)
        self._own = {genres.key(word): genre for word, genre in training.genres.items()}
        self._empty = settings.genres.empty_keys
        self._parents = {
            genres.key(self.meant(child)): self.meant(above)
            for child, above in training.parents.items()
        }

    def genre(self, word: str) -> str:
        """Return the genre for a word of a source; empty for a word without a genre."""
        own = self._own.get(genres.key(word))
        return self.meant(word if own is None else own)

    def meant(self, word: str) -> str:
        """Return the default genre whose only name in `genres.map` is a word, else the word."""
        return self._meant.get(genres.key(word)) or genres.canonical(word)

    def parts(self, texts: Iterable[str]) -> list[str]:
        """Split texts such as `Rock/Pop`, except words of the user and of the current model.

        Words that name no genre are left out.
        """
        found: list[str] = []
        for text in texts:
            key = genres.key(text)
            is_word = key in self._own or key in self._meant or key in self._of_model
            found += [text] if is_word else genres.parts([text])
        return [part for part in found if not genres.is_empty(part, self._empty)]

    def first(self, texts: Iterable[str]) -> str:
        """Return the genre of the first part of texts; empty without a genre."""
        return self.genre(next(iter(self.parts(texts)), ""))

    def parents(self, genre: str) -> tuple[str, ...]:
        """Return the parents of a genre, the nearest first: the user's before tagger's."""
        return genres.parents(genre, self._parents)
