"""The genres in a file that its owner chose. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core import genres as names

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tagger.core.vocabulary import Vocabulary

Write = tuple[tuple[str, ...], tuple[str, ...], bool]
"""The genres before and after a write of tagger, and whether the write was undone."""


def owned_genres(
    present: tuple[str, ...],
    writes: Sequence[Write],
    empty: Collection[str],
    vocabulary: Vocabulary,
    *,
    corrected: bool,
) -> tuple[str, ...]:
    """Return the genres that the owner gave to a file.

    They were in the file before tagger wrote, or are a correction. A genre that tagger wrote once
    is never the owner's, even after an undo. A list such as "Rock/Pop" counts as its parts. Words
    such as "Other", addresses, numbers and long texts are no genres.

    Args:
        present: The genres in the file.
        writes: The writes of tagger to the file, the oldest first.
        empty: The keys of the user's words for no genre.
        vocabulary: The user's words; a text that they map is no list.
        corrected: Whether the owner changed the genre after tagger.

    """
    chosen = present if corrected else _before_tagger(present, writes)
    lists = [text for text in chosen if not names.is_empty(text, empty)]
    parts = [part for part in vocabulary.read(lists) if not names.is_empty(part, empty)]
    spelled = {names.key(genre): names.canonical(genre) for genre in reversed(parts)}
    return tuple(name for name in reversed(spelled.values()) if not names.label_fault(name))


def before_all(writes: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> tuple[str, ...]:
    """Go back over writes that follow each other, to the genres before the first write.

    `writes` are the genres before and after each write, the oldest first.
    """
    before, _ = writes[-1]
    for earlier, after in reversed(writes[:-1]):
        if after != before:
            break
        before = earlier
    return before


def _before_tagger(present: tuple[str, ...], writes: Sequence[Write]) -> tuple[str, ...]:
    standing = [(before, after) for before, after, undone in writes if not undone]
    if standing and standing[-1][1] == present:
        present = before_all(standing)
    written = {
        names.key(genre)
        for before, after, _ in writes
        for genre in after
        if names.key(genre) not in set(map(names.key, before))
    }
    return tuple(genre for genre in present if names.key(genre) not in written)
