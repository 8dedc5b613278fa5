"""The configured players; only their modules are imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tagger.config.players import MpdSettings

if TYPE_CHECKING:
    from tagger.config import PlayerSettings
    from tagger.players.base import Player

PLAYERS = {
    "mpd": "tagger.players.mpd:MpdPlayer",
    "navidrome": "tagger.players.subsonic:NavidromePlayer",
    "subsonic": "tagger.players.subsonic:SubsonicPlayer",
    "jellyfin": "tagger.players.jellyfin:JellyfinPlayer",
    "emby": "tagger.players.jellyfin:EmbyPlayer",
    "plex": "tagger.players.plex:PlexPlayer",
    "kodi": "tagger.players.kodi:KodiPlayer",
    "lyrion": "tagger.players.lyrion:LyrionPlayer",
    "command": "tagger.players.command:CommandPlayer",
}
"""The key of a player in `[players]` to its class, imported when it is used."""


def configured_players(settings: PlayerSettings) -> list[Player]:
    """Return the players that have an address in the settings."""
    tables = {name: getattr(settings, name) for name in PLAYERS}
    return [_player(name, table) for name, table in tables.items() if _is_set(table)]


def keeps_playlists(settings: PlayerSettings) -> bool:
    """Return whether a configured player gets the lists themselves."""
    return any(table.url and table.playlists for table in (settings.navidrome, settings.subsonic))


def _is_set(table: Any) -> bool:
    if isinstance(table, tuple):  # the command and its arguments
        return bool(table)
    return bool(table.address if isinstance(table, MpdSettings) else table.url)


def _player(name: str, table: Any) -> Player:
    module, _, class_name = PLAYERS[name].partition(":")
    player: Player = getattr(import_module(module), class_name)(table)
    return player
