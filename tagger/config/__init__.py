"""One frozen tree of settings, read from a TOML file; every key has a default."""

from tagger.config.loading import ENVIRONMENT_VARIABLE, find, load, user_file
from tagger.config.settings import (
    Albums,
    Bundle,
    Daemon,
    Genres,
    Library,
    Listen,
    Mode,
    Model,
    PathMap,
    Playlists,
    Profile,
    Settings,
    Store,
    Tags,
    Watch,
    Workers,
)
from tagger.config.text import example_text, to_toml

__all__ = [
    "ENVIRONMENT_VARIABLE",
    "Albums",
    "Bundle",
    "Daemon",
    "Genres",
    "Library",
    "Listen",
    "Mode",
    "Model",
    "PathMap",
    "Playlists",
    "Profile",
    "Settings",
    "Store",
    "Tags",
    "Watch",
    "Workers",
    "example_text",
    "find",
    "load",
    "to_toml",
    "user_file",
]
