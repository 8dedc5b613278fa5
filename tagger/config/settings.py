"""The settings tree: the keys, types, limits and defaults, with one class for each table.

`config.example.toml` explains each key to the user. The docstrings below give units and the
meaning of an empty value. Change a value with `msgspec.structs.replace`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import platformdirs
from msgspec import Meta, Struct, field

from tagger.config.genres import GenreSettings
from tagger.config.players import PlayerSettings
from tagger.config.playlists import PlaylistSettings
from tagger.config.training import TrainingSettings
from tagger.config.values import MOST, PathMap, PositiveCount, Text
from tagger.core.domain import GENRE, Window
from tagger.core.policy import Mode  # noqa: TC001  # msgspec resolves annotations at run time
from tagger.core.thresholds import Share  # noqa: TC001  # likewise
from tagger.system.spelling import real_path

if TYPE_CHECKING:
    from collections.abc import Sequence

Watch = Literal["auto", "inotify", "poll"]

Count = Annotated[int, Meta(ge=0, le=MOST)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Interval = Annotated[float, Meta(ge=1, le=86_400)]


class Bundle(str):
    """`active`, `default` for the model that comes with tagger, or a model bundle's folder."""

    __slots__ = ()

    WORDS = ("active", "default")

    @property
    def folder(self) -> Path:
        """The bundle's folder, which may be missing.

        `active` and `default` have no folder: `tagger.inference.in_use.resolve_bundle` replaces
        them, since the active model and the installed networks may change at any time.
        """
        if self in self.WORDS:
            raise ValueError(f"resolve_bundle has to replace `{self}`")
        return Path(self)


class LibrarySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[library]`: the folders of music."""

    roots: Annotated[tuple[Path, ...], Meta(min_length=1)] = field(
        default_factory=lambda: (platformdirs.user_music_path(),)
    )
    """Folders to scan and watch."""
    ignore: tuple[str, ...] = ()
    """Patterns of gitignore, relative to each root."""

    @property
    def real_roots(self) -> tuple[Path, ...]:
        """The roots without symbolic links, in their order."""
        return tuple(real_path(root) for root in self.roots)


class AnalysisSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[listen]`: the part of a track that is analysed."""

    offset: Seconds = 0.0
    """Seconds from the start of the track."""
    length: Annotated[float, Meta(ge=3, le=120)] = 30.0
    """Seconds."""

    @property
    def window(self) -> Window:
        """The part, for the analysis of a track and for its key in the store."""
        return Window(self.offset, self.length)


class TagSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[tags]`: the writing of genres into files."""

    mode: Mode = "empty"
    """Whether a file's own genres are kept, extended or replaced."""
    min_confidence: Literal["auto"] | Share = "auto"
    """The lowest probability of a written genre; `auto`: from `target_precision`."""
    target_precision: Annotated[float, Meta(ge=0.5, lt=1)] = 0.9
    """The share of right genres among written genres; used when `min_confidence` is `auto`."""
    max_genres: PositiveCount = 1
    """Genres in one file at most."""
    per_album: bool = False
    """Whether all tracks of an album get the same genre, or none."""
    keep: tuple[Text, ...] = ()
    """A file with one of these genres is not changed."""
    preserve_mtime: bool = False
    """Whether a written file keeps its modification time."""
    hard_links: Literal["skip", "break"] = "skip"
    """Whether a file with several names is skipped, or written under one name only."""
    id3_version: Literal["keep", "2.3", "2.4"] = "keep"
    """The ID3 version of written tags."""
    field: str = GENRE
    """The field that gets the genre: `GENRE`, `GROUPING` or a field of tagger's own."""
    confidence: bool = False
    """Whether the confidence is written beside the genre, into `TAGGER_CONFIDENCE`."""


class AlbumSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[albums]`: one decision for the tracks of an album."""

    together: bool = True
    """Whether the tracks of an album are decided together."""


class EvidenceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[evidence]`: the evidence beside the sound."""

    album: bool = True
    """Whether the owner's genres of the same album count."""
    artist: bool = True
    """Whether the owner's genres of the same artist count."""
    folders: bool = True
    """Whether the folders above a file count, by their names and by the artists below."""
    min_tracks: PositiveCount = 2
    """Tracks (of a folder: artists) with the owner's genres from which on one of them counts."""
    folder_names: dict[Text, Text] = field(default_factory=dict)
    """A folder's name to the genre of that folder."""
    known_artists: bool = True
    """Whether the list of known artists and the titles of classical works count."""
    library_sound: bool = True
    """Whether the sound of the other tracks counts where there is no other evidence."""
    artists: Path = field(
        default_factory=lambda: platformdirs.user_config_path("tagger") / "artists.csv"
    )
    """The user's own list of artists; the file may be missing."""

    def without(self) -> EvidenceSettings:
        """Return the settings under which the sound decides alone."""
        return msgspec.structs.replace(
            self, album=False, artist=False, folders=False, known_artists=False, library_sound=False
        )


class ModelSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[model]`: the model that recognizes genres."""

    bundle: Bundle = Bundle("active")
    """`active`, `default`, or the folder of a bundle."""


class WorkerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[workers]`: the processes that analyse files."""

    count: Annotated[int, Meta(ge=0, le=256)] = 0
    """Processes; 0: one for each core."""
    timeout: Interval = 60.0
    """Seconds for one file; after that the worker is killed."""
    memory_mb: Annotated[int, Meta(ge=512, le=MOST)] = 2048
    """MiB of address space for one worker."""


class ClusterSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[cluster]`: workers on other machines."""

    scheduler: str = ""
    """The address of a Dask scheduler, such as `tcp://host:8786`; empty: no cluster."""
    map: tuple[PathMap, ...] = ()
    """For a worker: the folders of the machine that scans, and the paths of the same folders
    here; the longest `from` that matches wins."""


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[store]`: the state of tagger."""

    folder: Path = field(default_factory=lambda: platformdirs.user_state_path("tagger"))
    """The folder of the database and the models."""


class DaemonSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[daemon]`: `tagger watch`."""

    settle: Seconds = 10.0
    """Seconds without a change after which a file counts as complete."""
    reconcile_interval: Interval = 900.0
    """Seconds between comparisons of all folders with the store."""
    poll_interval: Interval = 60.0
    """Seconds between scans of a polled folder."""
    poll: tuple[Path, ...] = ()
    """Library roots that are always polled."""
    inotify: tuple[Path, ...] = ()
    """Library roots that inotify always watches."""
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    """Processes that analyse files."""
    nice: Annotated[int, Meta(ge=0, le=19)] = 10
    """The daemon's nice value."""
    io_priority: Literal["normal", "low", "idle"] = "idle"
    """The daemon's priority for the disk."""
    log_format: Literal["auto", "plain", "keyvalue", "json"] = "auto"
    """The form of log records; `auto`: plain on a terminal, else keyvalue."""
    metrics_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """TCP port on the loopback interface; 0: no metrics."""

    def watch(self, root: Path) -> Watch:
        """Return the configured way to watch `root`, else `auto`."""
        if root in self.poll:
            return "poll"
        return "inotify" if root in self.inotify else "auto"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration. All paths except the folders of playlists are absolute."""

    library: LibrarySettings = field(default_factory=LibrarySettings)
    """The folders of music."""
    listen: AnalysisSettings = field(default_factory=AnalysisSettings)
    """The analysed part of a track."""
    tags: TagSettings = field(default_factory=TagSettings)
    """The writing of genres."""
    genres: GenreSettings = field(default_factory=GenreSettings)
    """The user's names of genres."""
    albums: AlbumSettings = field(default_factory=AlbumSettings)
    """The decision for albums."""
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)
    """The evidence beside the sound."""
    playlists: PlaylistSettings = field(default_factory=PlaylistSettings)
    """The genre playlists."""
    players: PlayerSettings = field(default_factory=PlayerSettings)
    """The players to notify."""
    model: ModelSettings = field(default_factory=ModelSettings)
    """The model."""
    workers: WorkerSettings = field(default_factory=WorkerSettings)
    """The worker processes."""
    cluster: ClusterSettings = field(default_factory=ClusterSettings)
    """Workers on other machines."""
    store: StoreSettings = field(default_factory=StoreSettings)
    """The state folder."""
    daemon: DaemonSettings = field(default_factory=DaemonSettings)
    """`tagger watch`."""
    training: TrainingSettings = field(default_factory=TrainingSettings)
    """`tagger train`."""

    @property
    def playlist_folders(self) -> tuple[Path, ...]:
        """The folders of all targets."""
        first = self.library.roots[0]
        return tuple(target.in_library(first) for target in self.playlists.all_targets)

    def by_sound_alone(self) -> Settings:
        """Return the settings without the evidence of library and artists list."""
        return msgspec.structs.replace(self, evidence=self.evidence.without())

    def with_roots(self, folders: Sequence[Path]) -> Settings:
        """Return the settings with other roots; without `folders`, the same settings.

        Folders inside the library keep its playlists. Other folders have playlists of their own.
        """
        if not folders:
            return self
        folders, roots = tuple(map(real_path, folders)), self.library.real_roots
        inside = any(folder.is_relative_to(root) for folder in folders for root in roots)
        settings = self._with_fixed_playlists() if inside else self
        return settings.override("library", roots=folders)

    def _with_fixed_playlists(self) -> Settings:
        """Return settings whose playlists stay in their folders, whatever the roots become."""
        first, *further = map(str, self.playlist_folders)
        targets = tuple(
            msgspec.structs.replace(target, folder=folder)
            for target, folder in zip(self.playlists.targets, further, strict=True)
        )
        return self.override("playlists", folder=first, targets=targets)

    def override(self, table: str, **values: object) -> Settings:
        """Return the settings with other values in the table `table`; None keeps a value."""
        given = {key: value for key, value in values.items() if value is not None}
        changed = msgspec.structs.replace(getattr(self, table), **given)
        return msgspec.structs.replace(self, **{table: changed})
