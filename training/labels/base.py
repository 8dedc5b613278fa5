"""The output of every source: labels of local files, and entries of outside lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import Track
    from training.data.store import TrainingStore


class Weight(IntEnum):
    """Weight of a source where two sources name different genres for a track."""

    TAG = 1
    """A genre tag in the file, whatever its origin."""
    FOLDER = 2
    LIST = 2
    """A playlist or table that the user made: M3U, CSV, Spotify."""
    CORRECTION = 8
    """A genre that the user changed after tagger, in a file or in beets.

    It outweighs all other sources together.
    """


@dataclass(frozen=True, slots=True)
class Label:
    """The label of one source for one local file."""

    path: Path
    """Absolute."""
    genre: str
    """The user's name of the genre; `tagger.core.genres.key` is equal for names of one genre."""
    source: str
    """The source's name: `folders`, `tags`, `corrections`, `playlists`, `csv`, `beets`,
    `spotify`."""
    weight: int
    """A `Weight`."""
    origin: str = ""
    """Place in the source: a folder, a playlist's name, a file. It counts once for a genre."""
    artist: str = ""
    """Group for splits, where the source has a better group than the artist in the tags."""
    part: str = ""
    """`train` or `test`, where the source has a split."""


@dataclass(frozen=True, slots=True)
class ListedTrack:
    """A track on an outside list; `training.matching.match` finds its local file."""

    title: str
    artists: tuple[str, ...]
    genre: str
    """As in `Label`."""
    source: str
    """As in `Label`."""
    album: str = ""
    duration_s: float | None = None
    """Seconds, None where the list has no duration."""
    isrc: str = ""
    id: str = ""
    """Permanent name of the track in its list, e.g. `spotify:track:...`.

    A choice of the user is stored under it; without a name, under title, artists and album.
    """
    weight: int = Weight.LIST
    origin: str = ""
    """As in `Label`."""
    position: int = 0
    """Place in the list, from 1; 0 when it has none."""

    @property
    def key(self) -> str:
        """Name under which a choice of the user is stored."""
        return self.id or "|".join((self.title, *self.artists, self.album)).casefold()


@dataclass(frozen=True, slots=True)
class Gathered:
    """The labels and entries of a source."""

    labels: tuple[Label, ...] = ()
    entries: tuple[ListedTrack, ...] = ()
    notes: tuple[str, ...] = ()
    """One sentence each: the reason of an exclusion, and the next step."""

    @classmethod
    def joined(cls, parts: Sequence[Gathered]) -> Gathered:
        """Put the labels, entries and notes of several parts together."""
        return cls(
            tuple(label for part in parts for label in part.labels),
            tuple(entry for part in parts for entry in part.entries),
            tuple(note for part in parts for note in part.notes),
        )


@dataclass(frozen=True, slots=True)
class Context:
    """The input of sources."""

    settings: Settings
    store: TrainingStore
    tracks: tuple[Track, ...]
    """Every track of the library, with its tags, as `tagger.pipeline.scan` would find it."""


class LabelSource(Protocol):
    """A source of labels.

    A source reads and never writes, prompts or waits for a network. The same state gives the same
    labels, in the same order. Genres have the user's names (`settings.training.genres` is applied).
    Counts, conflicts, duplicates and matching belong to `training.labels.collect`. A broken part
    becomes a note and never stops the rest.
    """

    def gather(self) -> Gathered:
        """Collect labels and entries.

        Raises TaggerError only where no part of a configured source can be used: the training ends
        with this message and without changes.
        """
        ...
