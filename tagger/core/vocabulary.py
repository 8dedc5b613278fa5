"""The user's words for genres, and the genres that the user wants to see. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tagger.core import genres as names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`genres.map`, `genres.only` and `genres.never` of the configuration."""

    words: Mapping[str, str] = field(default_factory=dict)
    """Key of a genre to the user's word for it."""
    only: frozenset[str] = frozenset()
    """Keys of the only genres that are written; empty for all."""
    never: frozenset[str] = frozenset()
    """Keys of genres that are not written."""

    def word(self, genre: str) -> str:
        """Return the user's word for a genre, else its usual name."""
        return self.words.get(names.key(genre), names.canonical(genre))

    def refusal(self, genre: str) -> str | None:
        """Return why a genre is not written, None if it may be; a genre and its word count."""
        keys = {names.key(genre), names.key(self.word(genre))}
        if keys & self.never:
            return "among genres.never"
        return None if self.wants(genre) else "not among genres.only"

    def wants(self, genre: str) -> bool:
        """Return whether the user's word for a genre is in `genres.only`, if there are any."""
        return not self.only or names.key(self.word(genre)) in self.only

    def read(self, texts: Iterable[str], whole: Collection[str] = ()) -> tuple[str, ...]:
        """Return the genres in texts that may be lists; a text that the map names is no list.

        Args:
            texts: The texts of a file.
            whole: Further texts that are no lists, in any letter case.

        """
        found: dict[str, None] = {}
        for text in texts:
            mapped = names.key(text) in self.words
            found |= dict.fromkeys([text] if mapped else names.parts([text], whole))
        return tuple(found)
