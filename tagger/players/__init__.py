"""Telling players that files or playlists changed, once all is done; a module a player."""

from tagger.players.changes import Changes
from tagger.players.notices import Couriers, notify_all
from tagger.players.player import Player
from tagger.players.roster import roster

__all__ = ["Changes", "Couriers", "Player", "notify_all", "roster"]
