"""Playlists of each genre and special lists: listing, composing, rendering, and publishing."""

from tagger.playlists.compose import Composed, compose
from tagger.playlists.locations import locator
from tagger.playlists.m3u import parse, render
from tagger.playlists.publish import PlaylistAction, PlaylistChange, publish
from tagger.playlists.values import Entry, Listed, Playlist, TrackList

__all__ = [
    "Composed",
    "Entry",
    "Listed",
    "Playlist",
    "PlaylistAction",
    "PlaylistChange",
    "TrackList",
    "compose",
    "locator",
    "parse",
    "publish",
    "render",
]
