"""Notifying players of changed files and playlists after a run; one module for each player."""

from tagger.players.base import Player
from tagger.players.changes import Changes, PlayerList, PlayerTrack
from tagger.players.notify import PlayerNotifier, notify_all, unexpected
from tagger.players.registry import configured_players, keeps_playlists

__all__ = [
    "Changes",
    "Player",
    "PlayerList",
    "PlayerNotifier",
    "PlayerTrack",
    "configured_players",
    "keeps_playlists",
    "notify_all",
    "unexpected",
]
