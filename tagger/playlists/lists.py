"""The lists of a library: one for each genre, and the special lists. Pure."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.core.vocabulary import Vocabulary
from tagger.playlists.m3u import fold_spaces
from tagger.playlists.values import TrackList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tagger.config import PlaylistSettings
    from tagger.playlists.values import Listed
    from tagger.store.files import Combination

    Read = Callable[[Sequence[Combination]], Iterable[Listed]]
    """Returns the tracks with these combinations of genres, in any order."""

UNDECIDED, RECENT = "undecided", "recent"
"""The special lists."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a genre is called, and what it is part of."""

    whole: frozenset[str] = frozenset()
    """Texts that are one genre, though they look like a list."""
    empty: frozenset[str] = frozenset()
    """Keys of words that name no genre."""
    own_parents: Mapping[str, str] = field(default_factory=dict)
    """Key of a genre to its parent, by the user's configuration."""
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    """The user's words; a genre outside `genres.only` has no list."""


class _Genre:
    """The combinations with one genre, and its spellings."""

    def __init__(self) -> None:
        self.combinations: list[Combination] = []
        self.spellings: Counter[str] = Counter()
        self.texts: set[str] = set()

    def add(self, combination: Combination, *texts: str) -> None:
        known = self.combinations
        if not known or known[-1] is not combination:  # by several texts or children
            known.append(combination)
        self.texts.update(texts)

    @property
    def count(self) -> int:
        """The number of tracks."""
        return sum(one.files for one in self.combinations)

    @property
    def name(self) -> str:
        """The most frequent spelling."""
        return min(self.spellings, key=lambda name: (-self.spellings[name], name))


def genre_lists(
    combinations: Iterable[Combination],
    read: Read,
    settings: PlaylistSettings,
    names: Names = Names(),
) -> list[TrackList]:
    """Return the list of each genre, by the name of the genre.

    Args:
        combinations: All combinations of genres in the library. A text that may be a list counts
            as its parts.
        read: Reads the tracks of a list.
        settings: Which genres, how many tracks, their order, and the names of the lists.
        names: The names of genres.

    """
    found: dict[str, _Genre] = defaultdict(_Genre)
    parsed = lru_cache(maxsize=1024)(lambda text: _parse(text, names, parents=settings.parents))
    for combination in combinations:
        for text in combination.genres:
            for part, key, genre, parents in parsed(text):
                found[key].add(combination, text, part)
                found[key].spellings[genre] += combination.files
                for parent in parents:
                    found[parent].add(combination, text, part)
    chosen = frozenset(map(genres.key, settings.genres))
    in_order = partial(ordered, order=settings.order, seed=settings.seed)
    lists = []
    for key, one in found.items():
        name = fold_spaces(one.name if one.spellings else _parent_name(key, names, found))
        if name and (not chosen or key in chosen) and one.count >= settings.min_tracks:
            tracks, texts = partial(read, one.combinations), tuple(sorted(one.texts))
            called = list_name(settings.name, name)
            lists.append(TrackList(called, tracks, name, "", texts, one.combinations, in_order))
    return sorted(lists, key=lambda one: one.genre)


def special_lists(
    undecided: Sequence[Listed], recent: Sequence[Listed], settings: PlaylistSettings
) -> list[TrackList]:
    """Return the special lists that have a name in the settings and tracks.

    Args:
        undecided: The files that were left alone as unsure, in the order of the genre lists.
        recent: The files that got a genre, the newest write first. That is the order of the list.
        settings: The names and the order.

    """
    in_order = ordered(undecided, settings.order, settings.seed)
    lists = [
        TrackList(fold_spaces(settings.undecided), lambda: in_order, special=UNDECIDED),
        TrackList(fold_spaces(settings.recent), lambda: recent, special=RECENT),
    ]
    return [one for one in lists if one.name and one.tracks]


def list_name(pattern: str, genre: str) -> str:
    """Return the name of a genre's list."""
    return fold_spaces(pattern.replace("{genre}", genre))


def ordered(tracks: Iterable[Listed], order: str, seed: int = 0) -> tuple[Listed, ...]:
    """Return tracks in an order of `[playlists]`.

    A shuffled list stays the same until its tracks or the seed change.

    Args:
        tracks: The tracks.
        order: `path`, `album`, `added` (the newest first) or `shuffled`.
        seed: The start of the random numbers.

    """
    by_path = sorted(tracks, key=_by_folder)
    if order == "album":
        by_path.sort(key=_album)
    elif order == "added":
        by_path.sort(key=lambda track: -track.added)
    elif order == "shuffled":
        random.Random(seed).shuffle(by_path)  # noqa: S311 - an order, no secret
    return tuple(by_path)


def _by_folder(track: Listed) -> str:
    """Return a key for the order of `Path.parts`: no name has a character before the separator."""
    return track.file.replace("/", "\0")


def _album(track: Listed) -> tuple[str, str]:
    tags = track.tags
    return (tags.album_artist or tags.artist).casefold(), tags.album.casefold()


def _parse(text: str, names: Names, *, parents: bool) -> list[tuple[str, str, str, list[str]]]:
    """Return each genre in a text as its part of it, its key, its name and its parents' keys."""
    found = []
    for part in names.vocabulary.read([text], names.whole):
        genre = names.vocabulary.words.get(genres.key(part), part)
        if not genres.is_empty(genre, names.empty) and names.vocabulary.wants(genre):
            above = genres.parents(genre, names.own_parents) if parents else ()
            found.append((part, genres.key(genre), genre, list(map(genres.key, above))))
    return found


def _parent_name(key: str, names: Names, found: Mapping[str, _Genre]) -> str:
    """Return the name of a genre that no track has, from its children in any order."""
    spelled = (name for genre in found.values() for name in genre.spellings)
    above = (parent for name in spelled for parent in genres.parents(name, names.own_parents))
    return min(parent for parent in above if genres.key(parent) == key)
