"""Telling players that files or playlists changed, once all is done; a module a player."""

from tagger.players.base import Player
from tagger.players.changes import Changes
from tagger.players.notify import PlayerNotifier, notify_all
from tagger.players.registry import roster

__all__ = ["Changes", "Player", "PlayerNotifier", "notify_all", "roster"]
