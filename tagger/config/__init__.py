"""One frozen tree of settings, read from a TOML file; every key has a default."""

from tagger.config.load import ENVIRONMENT_VARIABLE, find, load, user_file
from tagger.config.players import Jellyfin, Kodi, Lyrion, Mpd, Navidrome, Players
from tagger.config.settings import (
    Albums,
    Bundle,
    Daemon,
    Genres,
    Library,
    Listen,
    Mode,
    Model,
    Playlists,
    Profile,
    Settings,
    Spotify,
    Store,
    Tags,
    Training,
    Watch,
    Workers,
)
from tagger.config.toml import example_text, to_toml
from tagger.config.values import PathMap, Secret

__all__ = [
    "ENVIRONMENT_VARIABLE",
    "Albums",
    "Bundle",
    "Daemon",
    "Genres",
    "Jellyfin",
    "Kodi",
    "Library",
    "Listen",
    "Lyrion",
    "Mode",
    "Model",
    "Mpd",
    "Navidrome",
    "PathMap",
    "Players",
    "Playlists",
    "Profile",
    "Secret",
    "Settings",
    "Spotify",
    "Store",
    "Tags",
    "Training",
    "Watch",
    "Workers",
    "example_text",
    "find",
    "load",
    "to_toml",
    "user_file",
]
