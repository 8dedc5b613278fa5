"""The domain model: frozen values that the other packages exchange."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # msgspec resolves annotations
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class FileIdentity(NamedTuple):
    """The identity of one state of a file, from its status alone.

    A tuple takes a fifth of the memory of a status, and equals the columns of a row.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Self:
        """Return the identity that a stat result describes.

        The numbers are signed: SQLite stores 64 bits so, and mergerfs uses all of them. A time
        before 1677 or after 2262 has more bits, of which the last 64 are kept.
        """
        device, inode, mtime = stat.st_dev, stat.st_ino, stat.st_mtime_ns
        if device | inode >= _SIGN or not -_SIGN <= mtime < _SIGN:
            device, inode, mtime = _signed(device), _signed(inode), _signed(mtime)
        # for each file of a scan: a third of the time of a call of the class
        return tuple.__new__(cls, (device, inode, stat.st_size, mtime))

    def same_content(self, other: FileIdentity) -> bool:
        """Compare all but the device, whose number may change with each mount."""
        return self[1:] == other[1:]


_SIGN = 2**63


def _signed(number: int) -> int:
    return (number + _SIGN) % (2 * _SIGN) - _SIGN


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a track that is decoded; its text is a part of the key of an analysis."""

    offset: float
    """Seconds from the start of the track."""
    length: float
    """Seconds."""

    def __str__(self) -> str:
        return f"@{self.offset:g}+{self.length:g}"

    @classmethod
    def parse(cls, text: str) -> Window:
        """Return the window whose text, as `str` writes it, is `text`."""
        offset, _, length = text.removeprefix("@").partition("+")
        return cls(float(offset), float(length))


@dataclass(frozen=True, slots=True)
class AnalysisKey:
    """The sound of an analysis: a recording, and the decoded part of it."""

    content: str
    """`AudioClip.content_id`."""
    window: str
    """The text of a `Window`, such as `@0+30`: its numbers are rounded."""

    def __str__(self) -> str:
        return self.content + self.window

    @classmethod
    def parse(cls, text: str) -> AnalysisKey:
        """Return the key whose text, as `str` writes it, is `text`."""
        content, at, window = text.partition("@")
        return cls(content, at + window)


@dataclass(frozen=True, slots=True)
class AudioClip:
    """The decoded part of a file."""

    samples: NDArray[np.float32]
    """Mono, shape (n,), nominally within -1..1."""
    rate: int
    """Samples a second, Hz."""
    content_id: str
    """SHA-256 (hex) of the encoded packets; new tags do not change it."""


@dataclass(frozen=True, slots=True)
class LogMel:
    """A log-scaled mel spectrogram, relative to the clip's own maximum."""

    levels: NDArray[np.float32]
    """Shape (n_mels, frames): 0 is the clip's floor, 1 its maximum."""
    floor_db: float
    """The level at 0, in dB below the maximum (-80 or higher)."""


@dataclass(frozen=True, slots=True)
class Features:
    """One of a model's inputs, computed from one clip."""

    spec: str
    """Name and version of the feature spec, e.g. `statistics-1`."""
    values: NDArray[np.float32] | NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PackedFeatures:
    """Features as the database stores them."""

    spec: str
    data: bytes
    """The bytes of `Features.values`, see `system.arrays`."""


@dataclass(frozen=True)
class Prediction:
    """The prediction of a model for one track."""

    probabilities: Mapping[str, float]
    """Calibrated probability by genre; they sum to 1."""
    model: str
    """The bundle's id."""
    sound: str = ""
    """For non-music: its sound in words, such as "sounds like speech (0.9)"."""
    by_itself: Prediction | None = None
    """The same before it was weighed by the genres of the library; None if it was not."""

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Genres with their probabilities, likeliest first."""
        return sorted(self.probabilities.items(), key=lambda item: (-item[1], item[0]))

    @cached_property
    def genre(self) -> str:
        """The likeliest genre."""
        top = self.confidence
        return min(genre for genre, p in self.probabilities.items() if p == top)

    @cached_property
    def confidence(self) -> float:
        """The likeliest genre's probability."""
        return max(self.probabilities.values())


GENRE = "GENRE"
"""The field of the genre, under its name in Vorbis comments."""
GROUPING = "GROUPING"
"""The field of groups of tracks, which many players show."""
CONFIDENCE = "TAGGER_CONFIDENCE"
"""The field of the confidence of a written genre."""


@dataclass(frozen=True, slots=True)
class OtherField:
    """A field beside `GENRE` into which tagger writes the genre."""

    name: str
    values: tuple[str, ...] = ()
    genre: tuple[str, ...] = ()
    """The values of `GENRE`, which tagger leaves alone."""


@dataclass(frozen=True, slots=True)
class TrackTags:
    """The few tags that tagger reads; a missing text is empty."""

    genres: tuple[str, ...] = ()
    """The values of the field that tagger writes; those of `GENRE` where it has none."""
    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    compilation: bool = False
    duration: float = 0.0
    """Seconds, from the container; 0 if the container has no duration."""
    isrc: str = ""
    """International Standard Recording Code, unchanged from the tag."""
    artists: tuple[str, ...] = ()
    """All values of the artist's field where it has several."""
    composer: str = ""
    artist_id: str = ""
    """MusicBrainz' id of the artist."""
    album_artist_id: str = ""
    """MusicBrainz' id of the album artist."""
    other: OtherField | None = None
    """The field that tagger writes, unless it is `GENRE`."""
    spoken: bool = False
    """Whether the tags mark an episode of a podcast, or an audiobook."""

    @property
    def field(self) -> str:
        """The field that tagger writes."""
        return self.other.name if self.other else GENRE

    @property
    def in_field(self) -> tuple[str, ...]:
        """The values of the field that tagger writes."""
        return self.other.values if self.other else self.genres

    @property
    def in_genre(self) -> tuple[str, ...]:
        """The values of `GENRE`."""
        return self.other.genre if self.other else self.genres

    def with_field(self, values: tuple[str, ...]) -> TrackTags:
        """Return the tags with other values in the field that tagger writes."""
        if self.other is None:
            return replace(self, genres=values)
        other = replace(self.other, values=values)
        return replace(self, genres=values or other.genre, other=other)


@dataclass(frozen=True, slots=True)
class Track:
    """One file of the library in one state; the hash is of the identity alone, for speed."""

    path: Path = field(hash=False)
    root: Path = field(hash=False)
    identity: FileIdentity
    tags: TrackTags = field(hash=False)
    content: AnalysisKey | None = field(default=None, hash=False)
    """The sound of the file; None before its analysis in this state."""


class Action(StrEnum):
    """The decision for a track."""

    SET = "set"
    ADD = "add"
    KEEP = "keep"
    ABSTAIN = "abstain"
    SKIP = "skip"
    ERROR = "error"

    @property
    def writes(self) -> bool:
        """Whether the action changes the genres of the file."""
        return self in (Action.SET, Action.ADD)


@dataclass(frozen=True, slots=True)
class Grounds:
    """The grounds of a decision that used a prediction."""

    source: str
    """`sound`, or the source of evidence that had the last word: `album`, `artist`, `folder`,
    `list` or `title`."""
    counts: Mapping[str, float]
    """The tracks of each genre behind the source; of a folder the artists, of a list the shares."""
    sound: Mapping[str, float]
    """The likeliest genre of the sound by itself, with its probability."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The action for a track's genres, and its reason."""

    action: Action
    genres: tuple[str, ...]
    """The genres of the file after the decision."""
    reason: str
    genre: str | None = None
    """The likeliest genre under the user's name for it; None without a prediction."""
    confidence: float | None = None
    grounds: Grounds | None = None
    """None for a decision without a prediction."""
    among: tuple[str, ...] = ()
    """The likely genres of a family that is written, the likeliest first; see `core.families`."""

    def with_grounds(self, grounds: Grounds) -> Decision:
        """Return the decision with its grounds."""
        return replace(self, grounds=grounds)


@dataclass(frozen=True, slots=True)
class GenreEdit:
    """A change of one file's genres, in the form that the journal stores."""

    path: Path
    before: tuple[str, ...]
    """The values of `field` before the change."""
    after: tuple[str, ...]
    snapshot: str
    """The fields that the edit replaces, byte by byte: JSON that `tagger.tags` reads."""
    field: str = GENRE
    """The field that has the genres."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one file in a run."""

    path: Path
    action: Action
    before: tuple[str, ...]
    after: tuple[str, ...]
    genre: str | None
    confidence: float | None
    reason: str
    grounds: Grounds | None = None
    """See `Decision.grounds`."""

    @classmethod
    def of(cls, track: Track, decision: Decision) -> Outcome:
        """Return the outcome of a decision."""
        return cls(
            track.path,
            decision.action,
            track.tags.genres,
            decision.genres,
            decision.genre,
            decision.confidence,
            decision.reason,
            decision.grounds,
        )

    @classmethod
    def undecided(cls, path: Path, action: Action, reason: str) -> Outcome:
        """Return the outcome of a file on whose genres nothing was decided.

        Args:
            path: The file.
            action: `skip` or `error`.
            reason: The reason.

        """
        return cls(path, action, (), (), None, None, reason)
