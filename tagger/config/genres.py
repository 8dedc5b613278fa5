"""`[genres]`: the user's words. Impossible names of genres in any table are errors."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tagger.config.values import Text  # noqa: TC001  # msgspec resolves annotations at run time
from tagger.core import genres
from tagger.core.vocabulary import Vocabulary
from tagger.evidence.names import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from tagger.config.settings import Settings
    from tagger.config.values import Refusal

NO_GENRE = (
    "Other",
    "Unknown",
    "Unknown Genre",
    "Misc",
    "Miscellaneous",
    "None",
    "No Genre",
    "Genre",
    "Default",
    "Uncategorized",
    "Unclassified",
    "Undefined",
    "Unspecified",
    "Not Available",
    "N/A",
    "Null",
)
"""Words that programs write into the genre field of a file without a genre."""


class GenreSettings(Struct, frozen=True, dict=True, forbid_unknown_fields=True):
    """`[genres]`: the user's words."""

    map: dict[str, Text] = field(default_factory=dict)
    """A genre to the user's word for it."""
    only: tuple[Text, ...] = ()
    """The only genres that are written; empty for all."""
    never: tuple[Text, ...] = ()
    """Genres that are never written."""
    parents: bool = False
    """Whether the parent of a subgenre is written too."""
    empty: tuple[Text, ...] = NO_GENRE
    """Words in a genre field that name no genre."""

    @cached_property
    def empty_keys(self) -> frozenset[str]:
        """The keys of `empty`; see `tagger.core.genres.key`."""
        return genres.keys(self.empty)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The user's words, and the genres that may be written."""
        only, never = genres.keys(self.only), genres.keys(self.never)
        return Vocabulary(genres.by_key(self.map), only, never)


def contradictions(settings: Settings) -> Iterator[Refusal]:
    """Yield the key, the reason and the hint of each impossible name and of each conflict."""
    training = settings.training
    for keys, mapping, key in (
        (("genres", "map"), settings.genres.map, genres.key),
        (("evidence", "folder_names"), settings.evidence.folder_names, fold),
        (("training", "genres"), training.genres, genres.key),
        (("training", "parents"), training.parents, genres.key),
        (("training", "spotify", "playlists"), training.spotify.playlists, str),
    ):
        yield from _impossible(keys, mapping.values(), settings.genres.empty_keys)
        yield from _conflicts(keys, mapping, key)


def _impossible(
    keys: tuple[str, ...], names: Iterable[str], empty: Collection[str]
) -> Iterator[Refusal]:
    """Yield each name that no file can have; an empty name leaves a genre out of the training."""
    for name in filter(None, names):
        if fault := genres.name_fault(name):
            yield keys, f"the name {name!r} {fault}", "choose another name"
        elif genres.is_empty(name, empty):
            hint = "choose another name, or change genres.empty"
            yield keys, f"the name {name!r} counts as no genre", hint


def _conflicts(
    keys: tuple[str, ...], mapping: Mapping[str, str], key: Callable[[str], str]
) -> Iterator[Refusal]:
    """Yield each name that is equal to an earlier name of the table, with another value."""
    first: dict[str, str] = {}
    for name, value in mapping.items():
        earlier = first.setdefault(key(name), name)
        if mapping[earlier] != value:
            reason = f"{value!r} contradicts {mapping[earlier]!r} for the equal name {earlier!r}"
            yield (*keys, name), reason, "remove one of the two names, or give both one value"
