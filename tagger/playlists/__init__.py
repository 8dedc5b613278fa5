"""One M3U playlist for each genre: composing, rendering, and writing into a folder."""

from tagger.playlists.compose import Composed, compose
from tagger.playlists.locations import locator
from tagger.playlists.m3u import Entry, Playlist, parse, render
from tagger.playlists.publish import PlaylistAction, PlaylistChange, publish

__all__ = [
    "Composed",
    "Entry",
    "Playlist",
    "PlaylistAction",
    "PlaylistChange",
    "compose",
    "locator",
    "parse",
    "publish",
    "render",
]
