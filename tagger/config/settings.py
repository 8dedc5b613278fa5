"""The settings tree. Keys, types, limits and defaults stand here and nowhere else.

What a key is for is said to the user in `config.example.toml`; the docstrings below say what the
code needs: units and what an empty value means. Change one value with `msgspec.structs.replace`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from msgspec import Meta, Struct, field

from tagger.config.players import PlayerSettings
from tagger.config.values import PathMap, Text, expand
from tagger.core.policy import Mode  # noqa: TC001  # msgspec resolves annotations at run time
from tagger.system.resources import data_path

Profile = Literal["standard", "absolute", "mpd"]
Watch = Literal["auto", "inotify", "poll"]

Probability = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]
PositiveCount = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Interval = Annotated[float, Meta(ge=1, le=86_400)]


class Bundle(str):
    """`active`, `default` for the model that comes with tagger, or a model bundle's folder."""

    __slots__ = ()

    WORDS = ("active", "default")

    @property
    def folder(self) -> Path:
        """The bundle's folder; that it exists is only sure for `default`.

        `active` has to be settled first, by `tagger.models.settled`: which folder it stands for
        may change at any time.
        """
        if self == "active":
            raise ValueError("the active model has not been settled")
        return data_path("models/default") if self == "default" else Path(self)


class LibrarySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[library]`: where the music is."""

    roots: Annotated[tuple[Path, ...], Meta(min_length=1)] = field(
        default_factory=lambda: (platformdirs.user_music_path(),)
    )
    ignore: tuple[str, ...] = ()
    """Patterns in gitignore's language, relative to each root."""


class AnalysisSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[listen]`: which part of a track is heard."""

    offset: Seconds = 0.0
    length: Annotated[float, Meta(ge=3, le=120)] = 30.0
    """Seconds."""

    @property
    def window(self) -> str:
        """What tells one part of a track from another in what is remembered."""
        return f"@{self.offset:g}+{self.length:g}"


class TagSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[tags]`: what is written into files, and when."""

    mode: Mode = "empty"
    min_confidence: Literal["auto"] | Probability = "auto"
    target_precision: Annotated[float, Meta(ge=0.5, lt=1)] = 0.9
    """Share of written genres that shall be right; used when `min_confidence` is `auto`."""
    max_genres: PositiveCount = 1
    keep: tuple[Text, ...] = ()
    """A file that carries one of these genres is left alone."""
    preserve_mtime: bool = False
    hard_links: Literal["skip", "break"] = "skip"
    id3_version: Literal["keep", "2.3", "2.4"] = "keep"


class GenreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[genres]`: the user's own names."""

    names: dict[str, Text] = field(default_factory=dict)
    """The model's genre to the user's name for it."""
    parents: bool = False
    never: tuple[Text, ...] = ()
    """Genres of the model that are never written."""


class AlbumSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[albums]`: deciding an album as a whole."""

    together: bool = True


class PlaylistSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[playlists]`: one M3U playlist a genre."""

    enabled: bool = True
    folder: Text = "Playlists/Genres"
    """As the user wrote it; `Settings.playlist_folder` is where it lies."""
    min_tracks: PositiveCount = 1
    profile: Profile = "standard"
    extension: Literal["auto", "m3u8", "m3u"] = "auto"
    music_directory: Path = field(default_factory=platformdirs.user_music_path)
    """MPD's own setting of that name; used by the profile `mpd` only."""
    map: tuple[PathMap, ...] = ()
    """Used by the profile `absolute` only; the longest `from` that matches wins."""

    @property
    def suffix(self) -> str:
        """The playlists' file name extension, dot included."""
        if self.extension != "auto":
            return f".{self.extension}"
        return ".m3u" if self.profile == "mpd" else ".m3u8"


class ModelSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[model]`: who decides."""

    bundle: Bundle = Bundle("active")


class WorkerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[workers]`: the processes that decode."""

    count: Annotated[int, Meta(ge=0, le=256)] = 0
    """0: as many as there are cores."""
    timeout: Interval = 60.0
    """Seconds for one file, then the worker is killed."""
    memory_mb: Annotated[int, Meta(ge=512)] = 2048
    """MiB of address space for one worker."""


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[store]`: what tagger remembers."""

    folder: Path = field(default_factory=lambda: platformdirs.user_state_path("tagger"))


class DaemonSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[daemon]`: `tagger watch`."""

    settle: Seconds = 10.0
    """Seconds without a change after which a file counts as finished."""
    reconcile_interval: Interval = 900.0
    """Seconds."""
    poll_interval: Interval = 60.0
    """Seconds."""
    poll: tuple[Path, ...] = ()
    """Folders that are polled in any case."""
    inotify: tuple[Path, ...] = ()
    """Folders that are watched by the kernel's events in any case."""
    workers: PositiveCount = 1
    nice: Annotated[int, Meta(ge=0, le=19)] = 10
    io_priority: Literal["normal", "low", "idle"] = "idle"
    log_format: Literal["auto", "plain", "keyvalue", "json"] = "auto"
    metrics_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """TCP port on the loopback interface; 0: no metrics."""

    def watch(self, root: Path) -> Watch:
        """How `root` is to be watched."""
        if root in self.poll:
            return "poll"
        return "inotify" if root in self.inotify else "auto"


class SpotifySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[training.spotify]`: the user's own playlists as labels."""

    enabled: bool = False
    client_id: str = ""
    """Of the app that the user registered; public, as PKCE has no secret."""
    playlists: dict[Text, Text] = field(default_factory=dict)
    """Id, URL, or name in an export, to genre."""
    exports: tuple[Path, ...] = ()
    """Files, or folders of files, that Spotify's or Exportify's export made."""


class TrainingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[training]`: `tagger train`, and what its labels are called."""

    folders: tuple[Path, ...] = ()
    """Folders of folders, one a genre; also GTZAN's and FMA's public layouts."""
    tags: tuple[Text, ...] = ()
    """Genre tags to learn; `*` stands for all."""
    playlists: tuple[Path, ...] = ()
    """M3U files, or folders of them."""
    csv: tuple[Path, ...] = ()
    """Tables, or folders of them."""
    genres: dict[Text, str] = field(default_factory=dict)
    """A source's word to the user's genre; empty: what it names is left out."""
    parents: dict[Text, Text] = field(default_factory=dict)
    """A genre to the one that it is part of."""
    minimum: Annotated[int, Meta(ge=10)] = 50
    """Tracks without which a genre is not learned."""
    balance: Annotated[float, Meta(ge=1)] = 5.0
    """How many times as many tracks as the smallest genre a genre may have."""
    spotify: SpotifySettings = field(default_factory=SpotifySettings)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be configured. All paths but `playlists.folder` are absolute."""

    library: LibrarySettings = field(default_factory=LibrarySettings)
    listen: AnalysisSettings = field(default_factory=AnalysisSettings)
    tags: TagSettings = field(default_factory=TagSettings)
    genres: GenreSettings = field(default_factory=GenreSettings)
    albums: AlbumSettings = field(default_factory=AlbumSettings)
    playlists: PlaylistSettings = field(default_factory=PlaylistSettings)
    players: PlayerSettings = field(default_factory=PlayerSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    workers: WorkerSettings = field(default_factory=WorkerSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    daemon: DaemonSettings = field(default_factory=DaemonSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)

    @property
    def playlist_folder(self) -> Path:
        """The playlists' folder; a relative one lies in the first root."""
        return self.library.roots[0] / expand(self.playlists.folder)
