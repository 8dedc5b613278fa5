"""Notifying players of changed files and playlists after a run; one module for each player."""

from tagger.players.base import Player
from tagger.players.changes import Changes
from tagger.players.notify import PlayerNotifier, notify_all
from tagger.players.registry import configured_players

__all__ = ["Changes", "Player", "PlayerNotifier", "configured_players", "notify_all"]
