"""What every source of labels hands over: labels of local files, and entries of outside lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import Track
    from training.data.store import TrainingStore


class Weight(IntEnum):
    """How much a source's word counts where two sources name different genres for a track."""

    TAG = 1
    """A genre that stands in the file, wherever it came from."""
    FOLDER = 2
    LIST = 2
    """A playlist or table that the user made: M3U, CSV, Spotify."""
    CORRECTION = 8
    """What the user changed after tagger: more than all others together that agree."""


@dataclass(frozen=True, slots=True)
class Label:
    """One source's word on one local file."""

    path: Path
    """Absolute."""
    genre: str
    """As the user names it; `tagger.core.genres.key` tells which names mean the same."""
    source: str
    """The source's name: `folders`, `tags`, `corrections`, `playlists`, `csv`, `spotify`."""
    weight: int
    """A `Weight`."""
    origin: str = ""
    """Where in the source, for people: a folder, a playlist's name, a file and line."""
    artist: str = ""
    """Who must not stand on both sides of a split, where the source knows it better than tags."""
    part: str = ""
    """`train` or `test` where the source comes with a split of its own."""


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
    """Seconds, None when the list does not say."""
    isrc: str = ""
    id: str = ""
    """What names this track for ever in its list's own terms, e.g. `spotify:track:...`.

    A manual choice is remembered by it; without one, by what the entry says of the track.
    """
    weight: int = Weight.LIST
    origin: str = ""
    """As in `Label`."""
    position: int = 0
    """Place in the list, from 1; 0 when it has none."""

    @property
    def key(self) -> str:
        """What a manual choice for this track is remembered by."""
        return self.id or "|".join((self.title, *self.artists, self.album)).casefold()


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a source had to say."""

    labels: tuple[Label, ...] = ()
    entries: tuple[ListedTrack, ...] = ()
    notes: tuple[str, ...] = ()
    """One sentence each: what was left out or could not be read, and the next step."""


@dataclass(frozen=True, slots=True)
class Context:
    """What sources look at."""

    settings: Settings
    store: TrainingStore
    tracks: tuple[Track, ...]
    """Every track of the library, with its tags, as `tagger.pipeline.scan` would find it."""


class LabelSource(Protocol):
    """A place where the user has already said what belongs to which genre.

    A source reads and never writes, prompts or waits for a network; the same state gives the
    same answer, in the same order. It names genres as the user does (`settings.training.genres`
    has been applied) and judges nothing: counting, two genres for one track, duplicates and
    matching are for `training.labels.collect`. What is broken is a note and never stops the rest.
    """

    @property
    def name(self) -> str:
        """The word for `tagger train --source`."""
        ...

    def gather(self) -> Gathered:
        """Say what there is.

        Raises TaggerError only where nothing of the source can be used and the user asked for
        it: the whole training then ends with that sentence and nothing changed.
        """
        ...
