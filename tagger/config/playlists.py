"""`[playlists]`: the playlists and their targets; impossible combinations are errors."""

from __future__ import annotations

import os
from pathlib import Path  # noqa: TC003  # msgspec resolves annotations at run time
from typing import TYPE_CHECKING, Literal

import platformdirs
from msgspec import Struct, field

from tagger.config.values import PathMap, PositiveCount, Text, expand
from tagger.core.domain import GENRE as FIELD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config.settings import Settings
    from tagger.config.values import Refusal

GENRE = "{genre}"

Profile = Literal["standard", "absolute", "uri", "mpd"]
Order = Literal["path", "album", "added", "shuffled"]


class PlaylistTarget(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[playlists.targets]]`: a further folder of playlists, for another player."""

    folder: Text = "Playlists/Genres"
    """As the user wrote it; see `in_library`."""
    profile: Profile = "standard"
    """The kind of location in a playlist."""
    extension: Literal["auto", "m3u8", "m3u", "nsp", "xsp"] = "auto"
    """The file name extension; `auto`: by the profile."""
    music_directory: Path = field(default_factory=platformdirs.user_music_path)
    """MPD's setting of this name; used by the profile `mpd` only."""
    map: tuple[PathMap, ...] = ()
    """Used by the profiles `absolute` and `uri` only; the longest `from` that matches wins."""

    @property
    def suffix(self) -> str:
        """The playlists' file name extension, dot included."""
        if self.extension != "auto":
            return f".{self.extension}"
        return ".m3u" if self.profile == "mpd" else ".m3u8"

    def in_library(self, first: Path) -> Path:
        """Return the folder for a library; a relative folder lies in its first root."""
        return first / expand(self.folder)

    @property
    def is_smart(self) -> bool:
        """Whether the player evaluates a rule; only genres have such playlists."""
        return self.extension in ("nsp", "xsp")


class PlaylistSettings(PlaylistTarget, frozen=True, forbid_unknown_fields=True):
    """`[playlists]`: the playlists, and the first target."""

    enabled: bool = True
    """Whether playlists are written."""
    min_tracks: PositiveCount = 1
    """Tracks that a genre needs for a playlist."""
    name: Text = "{genre}"
    """The name of a genre's playlist."""
    order: Order = "path"
    """The order of the tracks."""
    seed: int = 0
    """The start of the random numbers of the order `shuffled`."""
    genres: tuple[Text, ...] = ()
    """The genres with a playlist; empty: all."""
    parents: bool = False
    """Whether the playlist of a genre contains the tracks of its subgenres."""
    undecided: str = ""
    """The name of the playlist of files that were left alone as unsure; empty: none."""
    recent: str = ""
    """The name of the playlist of files that got a genre last; empty: none."""
    recent_tracks: PositiveCount = 100
    """Tracks in the playlist of recent files at most."""
    targets: tuple[PlaylistTarget, ...] = ()
    """Further targets with the same playlists."""

    @property
    def all_targets(self) -> tuple[PlaylistTarget, ...]:
        """The first target and the further targets."""
        return (self, *self.targets)


def contradictions(settings: Settings) -> Iterator[Refusal]:
    """Yield the key, the reason and the hint of each impossible combination."""
    playlists = settings.playlists
    folders: set[str] = set()
    for number, target in enumerate(playlists.all_targets):
        further = ("playlists", "targets")
        if target.profile == "mpd" and target.suffix != ".m3u":
            reason = "MPD reads stored playlists from .m3u files only"
            key = further if number else ("playlists", "extension")
            yield key, reason, 'use "auto" or "m3u"'
        if target.map and target.profile not in ("absolute", "uri"):
            reason = "path maps apply to absolute paths only"
            hint = 'set the profile to "absolute" or "uri"'
            yield further if number else ("playlists", "map"), reason, hint
        if target.is_smart and settings.tags.field != FIELD:
            reason = "a smart playlist is a rule about GENRE, and tags.field is another field"
            key = further if number else ("playlists", "extension")
            yield key, reason, 'use "auto", or remove tags.field'
        folder = os.path.realpath(target.in_library(settings.library.roots[0]))
        if folder in folders:
            yield further, f"two targets have the folder {folder}", "give each its own folder"
        folders.add(folder)
    if playlists.name.count(GENRE) != 1:
        reason = f"does not contain {GENRE} exactly once"
        yield ("playlists", "name"), reason, 'like "Genre: {genre}"'
