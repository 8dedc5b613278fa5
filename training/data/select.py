"""The selection of training data: one genre for each recording, enough of each genre. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.evidence.names import key as text_key
from training.labels.base import Weight
from training.matching.normalize import main_artist, one_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from training.data.file_table import Sample
    from training.labels.base import Label

LEAST_ARTISTS = 6
"""Least number of artists of a genre: five folds need different artists, and one is held out."""
HELD_OUT = 0.2
"""Share of the artists that is held out."""


@dataclass(frozen=True, slots=True)
class Member:
    """One recording of the training data."""

    content_id: str
    path: Path
    genre: str
    artist: str
    """Group of the recording: no group is on both sides of a split."""
    names: frozenset[str]
    """The spellings of the artist, see `main_artist`; else the name of the group."""
    part: str
    """`train` or `test` where a source prescribes it, else empty."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SmallGenre:
    """A genre with too few tracks or artists."""

    genre: str
    tracks: int
    artists: int
    taught: str = ""
    """The larger genre that gets its tracks; empty when no genre does."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The training data, and the reasons for all exclusions."""

    members: tuple[Member, ...]
    few: tuple[SmallGenre, ...] = ()
    conflicts: tuple[Path, ...] = ()
    """Recordings with two genres of equal weight."""
    duplicates: int = 0
    """Files with the sound of another file."""
    written: int = 0
    """Copies of files with a genre from tagger."""
    balanced: Mapping[str, int] = field(default_factory=dict)
    """Tracks left out of a genre that had too many, by genre."""
    unknown_artists: int = 0

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres of the training data, by name."""
        return tuple(sorted({member.genre for member in self.members}))

    @property
    def artist_names(self) -> list[str]:
        """The spellings of all artists, by name."""
        return sorted(frozenset[str]().union(*(member.names for member in self.members)))

    def tracks(self, genre: str) -> int:
        """Count a genre's tracks."""
        return sum(member.genre == genre for member in self.members)

    def artists(self, genre: str) -> int:
        """Count a genre's artists."""
        return len({member.artist for member in self.members if member.genre == genre})


@dataclass(frozen=True, slots=True)
class Rules:
    """The user's rules."""

    minimum: int
    balance: float
    parents: Callable[[str], tuple[str, ...]]
    """See `GenreNames.parents`."""
    kept: frozenset[str] = frozenset()
    """Keys of genres that the model has without the user's tracks."""

    def parents_of_small(self, genre: str) -> tuple[str, ...]:
        """Return the genres that may get the tracks of a small genre, the nearest first.

        A kept genre has songs of its own. They are not to be contradicted by a larger genre.
        """
        found: list[str] = []
        for name in (genre, *self.parents(genre)):
            found.append(name)
            if genres.key(name) in self.kept:
                break
        return tuple(found[1:])


def select(
    labels: Iterable[Label],
    samples: Iterable[Sample],
    rules: Rules,
    written: frozenset[tuple[str, str]] = frozenset(),
) -> Selection:
    """Select the training data.

    `labels` are the labels of all sources. `samples` are the analyzed files; without an analysis
    key the path identifies the content. `rules` are the user's. `written` has the contents of files
    with the keys of genres that tagger wrote into them.
    """
    by_path = {sample.path: sample for sample in samples}
    by_content: dict[str, list[Label]] = defaultdict(list)
    own_words = 0
    for label in labels:
        if sample := by_path.get(label.path):
            content = sample.content_id or str(sample.path)
            if label.weight == Weight.TAG and (content, genres.key(label.genre)) in written:
                own_words += 1
            else:
                by_content[content].append(label)
    members, conflicts = [], []
    for content, given in by_content.items():
        genre = _vote(given, rules)
        if genre is None:
            conflicts.append(given[0].path)
        else:
            members.append(_member(content, genre, given, by_path[given[0].path]))
    members = _one_spelling(_one_group(members))
    members, few = _enough(members, rules)
    kept = _balanced(members, rules)
    left_out = Counter(m.genre for m in members) - Counter(m.genre for m in kept)
    return Selection(
        tuple(sorted(kept, key=lambda member: member.path)),
        tuple(few),
        tuple(sorted(conflicts)),
        sum(len({label.path for label in given}) - 1 for given in by_content.values()),
        own_words,
        dict(left_out),
        sum(member.artist.startswith("?") for member in kept),
    )


def can_suffice(
    labels: Iterable[Label], samples: Iterable[Sample], rules: Rules, least: int
) -> bool:
    """Return whether `least` genres can have enough tracks and artists after an analysis.

    Each label counts for its genre and for all parents. An analysis finds copies of files with a
    genre of tagger, so another label of a file may win.
    """
    by_path: dict[Path, list[Label]] = defaultdict(list)
    for label in labels:
        by_path[label.path].append(label)
    members: list[Member] = []
    for sample in samples:
        given = by_path[sample.path]
        member = _member(str(sample.path), "", given, sample)
        named = (name for one in given for name in (one.genre, *rules.parents(one.genre)))
        members += [replace(member, genre=key) for key in set(map(genres.key, named))]
    there = {member.genre for member in members}
    return len(there) - len(_lacking(members, rules.minimum)) >= least


def held_out(members: Sequence[Member]) -> list[bool]:
    """Return for each member whether it is held out: a fifth of each genre's artists.

    The hash of the artist's name decides, so that an artist stays on the same side in every
    training. A split from a source has priority for the tracks of that source.
    """
    is_split = any(member.part == "test" for member in members)
    by_genre: dict[str, Counter[str]] = defaultdict(Counter)
    for member in members:
        if not (is_split and member.part):
            by_genre[member.genre][member.artist] += 1
    chosen = {artist for tracks in by_genre.values() for artist in _drawn(tracks)}
    return [
        member.part == "test" if is_split and member.part else member.artist in chosen
        for member in members
    ]


def _drawn(tracks: Mapping[str, int]) -> list[str]:
    """Draw artists out of one genre: at least one, at most a third, with half the tracks.

    An artist remains for each fold of the cross-validation.
    """
    most = min(len(tracks) // 3, len(tracks) - LEAST_ARTISTS + 1)
    drawn: list[str] = []
    left = sum(tracks.values()) / 2
    for artist in sorted(tracks, key=_draw):
        wanted = not drawn or (_draw(artist) < HELD_OUT and len(drawn) < most)
        if wanted and tracks[artist] <= left:
            drawn.append(artist)
            left -= tracks[artist]
    return drawn


def _vote(labels: Sequence[Label], rules: Rules) -> str | None:
    """Choose the genre of a recording: by weight, a subgenre before its parents.

    The user's correction of a genre has priority over all other labels.
    """
    labels = [label for label in labels if label.weight == Weight.CORRECTION] or labels
    weights: Counter[str] = Counter()
    names: dict[str, str] = {}
    for label in set(labels):
        weights[genres.key(label.genre)] += label.weight
    for label in labels:
        names.setdefault(genres.key(label.genre), label.genre)
    parents = {key: set(map(genres.key, rules.parents(name))) for key, name in names.items()}
    covered = set().union(*parents.values())
    voices = {
        key: weights[key] + sum(weights[above] for above in parents[key])
        for key in names
        if key not in covered
    }
    heaviest = max(voices.values(), default=0)
    best = [key for key, weight in voices.items() if weight == heaviest]
    return names[best[0]] if len(best) == 1 else None


def _member(content: str, genre: str, labels: Sequence[Label], sample: Sample) -> Member:
    named = next((label.artist for label in labels if label.artist), "")
    part = next((label.part for label in labels if label.part), "")
    names = dict.fromkeys(label.source for label in labels)
    artist = _artist(named, labels, sample)
    return Member(content, sample.path, genre, min(artist), artist, part, tuple(names))


def _artist(named: str, labels: Sequence[Label], sample: Sample) -> frozenset[str]:
    """Spell the artist of a recording; the name of an unknown artist begins with `?`.

    Without an artist the album's folder is the artist, unless it is the folder of the genre.
    """
    for credit in (named, sample.tags.artist, sample.tags.album_artist):
        if names := main_artist(credit):
            return names
    folder = sample.path.parent
    if any(label.source == "folders" and label.origin != str(folder) for label in labels):
        return frozenset({f"folder:{folder}"})
    return frozenset({f"?{sample.path}"})


def _one_group(members: Sequence[Member]) -> list[Member]:
    groups = one_group(member.names for member in members)
    return [replace(member, artist=groups[member.artist]) for member in members]


def _one_spelling(members: Iterable[Member]) -> list[Member]:
    members = list(members)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for member in members:
        spellings[genres.key(member.genre)][member.genre] += 1
    best = {  # of equally many, the one that is not all capitals
        key: min(c, key=lambda name: (-c[name], name.isupper(), name))
        for key, c in spellings.items()
    }
    return [replace(member, genre=best[genres.key(member.genre)]) for member in members]


def _enough(members: Sequence[Member], rules: Rules) -> tuple[list[Member], list[SmallGenre]]:
    """Move the tracks of small genres to their parents, the smallest genre first."""
    members = list(members)
    few: dict[str, SmallGenre] = {}
    while small := _smallest(members, rules.minimum):
        parents = rules.parents_of_small(small.genre)
        there = {genres.key(member.genre): member.genre for member in members}
        siblings = {
            genres.key(p) for m in members if m.genre != small.genre for p in rules.parents(m.genre)
        }
        known = {key: there.get(key, name) for name in parents if (key := genres.key(name))}
        above = next(
            (
                name
                for key, name in known.items()
                # A small genre gets no tracks again: the user's parents may go in a circle.
                if name not in few and (key in there or key in siblings)
            ),
            "",
        )
        few[small.genre] = replace(small, taught=above)
        members = [
            replace(member, genre=above) if member.genre == small.genre else member
            for member in members
            if member.genre != small.genre or above
        ]
    return members, _in_the_end(few)


def _in_the_end(few: Mapping[str, SmallGenre]) -> list[SmallGenre]:
    """Resolve chains of small genres to the genre that finally got the tracks."""
    result = []
    for one in few.values():
        taught = one.taught
        while taught in few:
            taught = few[taught].taught
        result.append(replace(one, taught=taught))
    return sorted(result, key=lambda one: one.genre)


def _smallest(members: Iterable[Member], minimum: int) -> SmallGenre | None:
    lacking = _lacking(members, minimum)
    return min(lacking, key=lambda one: (one.tracks, one.genre), default=None)


def _lacking(members: Iterable[Member], minimum: int) -> list[SmallGenre]:
    by_genre: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        by_genre[member.genre].append(member)
    counted = [SmallGenre(g, len(m), len({one.artist for one in m})) for g, m in by_genre.items()]
    return [c for c in counted if c.tracks < minimum or c.artists < LEAST_ARTISTS]


def _balanced(members: Sequence[Member], rules: Rules) -> list[Member]:
    """Limit large genres, taking one track of each artist in turn."""
    counts = Counter(member.genre for member in members)
    most = int(rules.balance * min(counts.values(), default=0))
    kept: list[Member] = []
    for genre in counts:
        by_artist: dict[str, list[Member]] = defaultdict(list)
        for member in sorted(members, key=lambda member: _draw(member.content_id)):
            if member.genre == genre:
                by_artist[member.artist].append(member)
        turns = [
            (turn, _draw(artist), member)
            for artist, tracks in by_artist.items()
            for turn, member in enumerate(tracks)
        ]
        turns.sort(key=lambda item: item[:2])
        kept += [member for _, _, member in turns[:most]]
    return kept


def _draw(text: str) -> float:
    """Map a text to a number in 0..1, always the same."""
    return text_key(text) % 2**64 / 2**64
