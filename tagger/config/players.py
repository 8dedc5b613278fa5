"""`[players]`: the players to notify of changes; a player without an address is skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct, field

from tagger.config.values import PathMap, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_SECRET = Secret()


class MpdSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.mpd]`: the Music Player Daemon."""

    address: str = ""
    """A host, with or without a port, or the path of a Unix socket; empty: no MPD."""
    password: Secret = NO_SECRET
    """A password with the permission `control`; empty: none."""
    map: tuple[PathMap, ...] = ()
    """Local folders to MPD's; MPD calls its `music_directory` `/`."""


class NavidromeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.navidrome]`: by the Subsonic API."""

    url: str = ""
    """The address of Navidrome; empty: no Navidrome."""
    user: str = ""
    """An administrator."""
    password: Secret = NO_SECRET
    """The user's password."""


class JellyfinSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.jellyfin]`: by the HTTP API."""

    url: str = ""
    """The address of Jellyfin; empty: no Jellyfin."""
    api_key: Secret = NO_SECRET
    """A key of Jellyfin's dashboard."""
    map: tuple[PathMap, ...] = ()
    """Local folders to Jellyfin's; empty: Jellyfin scans its whole library."""


class KodiSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.kodi]`: by JSON-RPC over HTTP."""

    url: str = ""
    """The address of Kodi's web server; empty: no Kodi."""
    user: str = ""
    """The user of the web server; empty: no login."""
    password: Secret = NO_SECRET
    """The user's password."""
    map: tuple[PathMap, ...] = ()
    """Local folders to Kodi's; empty: Kodi scans its whole library."""


class LyrionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.lyrion]`: Lyrion Music Server, by JSON-RPC over HTTP."""

    url: str = ""
    """The address of Lyrion's web server; empty: no Lyrion."""
    user: str = ""
    """The user of the web server; empty: no login."""
    password: Secret = NO_SECRET
    """The user's password."""


class PlayerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players]`: a table for each player."""

    mpd: MpdSettings = field(default_factory=MpdSettings)
    """Music Player Daemon."""
    navidrome: NavidromeSettings = field(default_factory=NavidromeSettings)
    """Navidrome."""
    jellyfin: JellyfinSettings = field(default_factory=JellyfinSettings)
    """Jellyfin."""
    kodi: KodiSettings = field(default_factory=KodiSettings)
    """Kodi."""
    lyrion: LyrionSettings = field(default_factory=LyrionSettings)
    """Lyrion Music Server."""


def contradictions(players: PlayerSettings) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield the key, the reason and the hint of each impossible value or combination."""
    if players.mpd.address and not _is_address(players.mpd.address):
        hint = 'like "localhost", "nas:6600" or "/run/mpd/socket"'
        yield ("players", "mpd", "address"), "neither a host nor the path of a socket", hint
    urls = {
        "navidrome": players.navidrome.url,
        "jellyfin": players.jellyfin.url,
        "kodi": players.kodi.url,
        "lyrion": players.lyrion.url,
    }
    for name, url in urls.items():
        if url and not _is_url(url):
            reason = "not the address of a web server without user, password, ? and #"
            yield ("players", name, "url"), reason, 'like "http://127.0.0.1:8096"'
    if players.navidrome.url and not (players.navidrome.user and players.navidrome.password):
        hint = "set players.navidrome.user and players.navidrome.password"
        yield ("players", "navidrome", "url"), "Navidrome requires an administrator's login", hint
    if players.jellyfin.url and not players.jellyfin.api_key:
        hint = "set players.jellyfin.api_key to a key of Jellyfin's dashboard"
        yield ("players", "jellyfin", "url"), "Jellyfin requires an API key", hint


def _is_address(address: str) -> bool:
    if "/" in address:
        return address.startswith(("/", "~", "$")) and address.isprintable()
    return _is_url(f"http://{address}")


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
        (parts.hostname or "").encode("idna")
    except ValueError:  # UnicodeError is one
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and port != 0
        and not set(url) & set("@?#\\")
        and all(character.isprintable() and character != " " for character in url)
    )
