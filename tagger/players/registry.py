"""The configured players; only their modules are imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagger.config import PlayerSettings
    from tagger.players.base import Player


def configured_players(settings: PlayerSettings) -> list[Player]:
    """Return the players that have an address in the settings."""
    players: list[Player] = []
    if settings.mpd.address:
        from tagger.players.mpd import MpdPlayer  # noqa: PLC0415

        players.append(MpdPlayer(settings.mpd))
    servers = (("navidrome", "Navidrome"), ("subsonic", "the Subsonic server"))
    for name, kind in servers:
        if (table := getattr(settings, name)).url:
            from tagger.players.subsonic import SubsonicPlayer  # noqa: PLC0415

            players.append(SubsonicPlayer(table, name, kind))
    if settings.jellyfin.url:
        from tagger.players.jellyfin import JellyfinPlayer  # noqa: PLC0415

        players.append(JellyfinPlayer(settings.jellyfin))
    if settings.emby.url:
        from tagger.players.jellyfin import EmbyPlayer  # noqa: PLC0415

        players.append(EmbyPlayer(settings.emby))
    if settings.plex.url:
        from tagger.players.plex import PlexPlayer  # noqa: PLC0415

        players.append(PlexPlayer(settings.plex))
    if settings.kodi.url:
        from tagger.players.kodi import KodiPlayer  # noqa: PLC0415

        players.append(KodiPlayer(settings.kodi))
    if settings.lyrion.url:
        from tagger.players.lyrion import LyrionPlayer  # noqa: PLC0415

        players.append(LyrionPlayer(settings.lyrion))
    if settings.command:
        from tagger.players.command import CommandPlayer  # noqa: PLC0415

        players.append(CommandPlayer(settings.command))
    return players


def keeps_playlists(settings: PlayerSettings) -> bool:
    """Return whether a configured player gets the lists themselves."""
    return any(table.url and table.playlists for table in (settings.navidrome, settings.subsonic))
