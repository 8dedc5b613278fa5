"""One frozen tree of settings, read from a TOML file; every key has a default."""

from tagger.config.genres import GenreSettings
from tagger.config.load import ENVIRONMENT_VARIABLE, find, load, named_file, user_file
from tagger.config.players import (
    JellyfinSettings,
    KodiSettings,
    LyrionSettings,
    MpdSettings,
    PlayerSettings,
    PlexSettings,
    SubsonicSettings,
)
from tagger.config.playlists import PlaylistSettings, PlaylistTarget, Profile
from tagger.config.settings import (
    AlbumSettings,
    AnalysisSettings,
    Bundle,
    ClusterSettings,
    DaemonSettings,
    EvidenceSettings,
    LibrarySettings,
    ModelSettings,
    Settings,
    StoreSettings,
    TagSettings,
    Watch,
    WorkerSettings,
)
from tagger.config.toml import example_text, to_toml
from tagger.config.training import BeetsSettings, SpotifySettings, TrainingSettings
from tagger.config.values import PathMap, PathMaps, Secret, gitignore, is_pattern

__all__ = [
    "ENVIRONMENT_VARIABLE",
    "AlbumSettings",
    "AnalysisSettings",
    "BeetsSettings",
    "Bundle",
    "ClusterSettings",
    "DaemonSettings",
    "EvidenceSettings",
    "GenreSettings",
    "JellyfinSettings",
    "KodiSettings",
    "LibrarySettings",
    "LyrionSettings",
    "ModelSettings",
    "MpdSettings",
    "PathMap",
    "PathMaps",
    "PlayerSettings",
    "PlaylistSettings",
    "PlaylistTarget",
    "PlexSettings",
    "Profile",
    "Secret",
    "Settings",
    "SpotifySettings",
    "StoreSettings",
    "SubsonicSettings",
    "TagSettings",
    "TrainingSettings",
    "Watch",
    "WorkerSettings",
    "example_text",
    "find",
    "gitignore",
    "is_pattern",
    "load",
    "named_file",
    "to_toml",
    "user_file",
]
