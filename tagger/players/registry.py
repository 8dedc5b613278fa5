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
    if settings.navidrome.url:
        from tagger.players.navidrome import NavidromePlayer  # noqa: PLC0415

        players.append(NavidromePlayer(settings.navidrome))
    if settings.jellyfin.url:
        from tagger.players.jellyfin import JellyfinPlayer  # noqa: PLC0415

        players.append(JellyfinPlayer(settings.jellyfin))
    if settings.kodi.url:
        from tagger.players.kodi import KodiPlayer  # noqa: PLC0415

        players.append(KodiPlayer(settings.kodi))
    if settings.lyrion.url:
        from tagger.players.lyrion import LyrionPlayer  # noqa: PLC0415

        players.append(LyrionPlayer(settings.lyrion))
    return players
