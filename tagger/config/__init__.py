"""One frozen tree of settings, read from a TOML file; every key has a default."""

from tagger.config.load import ENVIRONMENT_VARIABLE, find, load, user_file
from tagger.config.players import (
    JellyfinSettings,
    KodiSettings,
    LyrionSettings,
    MpdSettings,
    NavidromeSettings,
    PlayerSettings,
)
from tagger.config.settings import (
    AlbumSettings,
    AnalysisSettings,
    Bundle,
    DaemonSettings,
    GenreSettings,
    LibrarySettings,
    ModelSettings,
    PlaylistSettings,
    Profile,
    Settings,
    SpotifySettings,
    StoreSettings,
    TagSettings,
    TrainingSettings,
    Watch,
    WorkerSettings,
)
from tagger.config.toml import example_text, to_toml
from tagger.config.values import PathMap, Secret

__all__ = [
    "ENVIRONMENT_VARIABLE",
    "AlbumSettings",
    "AnalysisSettings",
    "Bundle",
    "DaemonSettings",
    "GenreSettings",
    "JellyfinSettings",
    "KodiSettings",
    "LibrarySettings",
    "LyrionSettings",
    "ModelSettings",
    "MpdSettings",
    "NavidromeSettings",
    "PathMap",
    "PlayerSettings",
    "PlaylistSettings",
    "Profile",
    "Secret",
    "Settings",
    "SpotifySettings",
    "StoreSettings",
    "TagSettings",
    "TrainingSettings",
    "Watch",
    "WorkerSettings",
    "example_text",
    "find",
    "load",
    "to_toml",
    "user_file",
]
