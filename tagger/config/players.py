"""`[players]`: whom to tell that files or playlists changed. Without an address nobody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct, field

from tagger.config.values import PathMap, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = Secret()


class MpdSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.mpd]`: the Music Player Daemon."""

    address: str = ""
    """A host, with or without a port, or the path of a Unix socket."""
    password: Secret = NOBODY
    map: tuple[PathMap, ...] = ()
    """As for the other players; MPD's `music_directory` is called `/`."""


class NavidromeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.navidrome]`: by the Subsonic API."""

    url: str = ""
    user: str = ""
    password: Secret = NOBODY


class JellyfinSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.jellyfin]`."""

    url: str = ""
    api_key: Secret = NOBODY
    map: tuple[PathMap, ...] = ()
    """Without any, all of the library is looked through."""


class KodiSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.kodi]`: by JSON-RPC over HTTP."""

    url: str = ""
    user: str = ""
    password: Secret = NOBODY
    map: tuple[PathMap, ...] = ()
    """Without any, all of the library is looked through."""


class LyrionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.lyrion]`: Lyrion Music Server, by JSON-RPC over HTTP."""

    url: str = ""
    user: str = ""
    password: Secret = NOBODY


class PlayerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players]`."""

    mpd: MpdSettings = field(default_factory=MpdSettings)
    navidrome: NavidromeSettings = field(default_factory=NavidromeSettings)
    jellyfin: JellyfinSettings = field(default_factory=JellyfinSettings)
    kodi: KodiSettings = field(default_factory=KodiSettings)
    lyrion: LyrionSettings = field(default_factory=LyrionSettings)


def contradictions(players: PlayerSettings) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Find what cannot be meant: the keys, what is wrong with them, and what would be right."""
    if players.mpd.address and not _is_address(players.mpd.address):
        hint = 'like "localhost", "nas:6600" or "/run/mpd/socket"'
        yield ("players", "mpd", "address"), "neither a host nor a socket's path", hint
    urls = {
        "navidrome": players.navidrome.url,
        "jellyfin": players.jellyfin.url,
        "kodi": players.kodi.url,
        "lyrion": players.lyrion.url,
    }
    for name, url in urls.items():
        if url and not _is_url(url):
            reason = "not the address of a web server, without user, password, ? and #"
            yield ("players", name, "url"), reason, 'like "http://127.0.0.1:8096"'
    if players.navidrome.url and not (players.navidrome.user and players.navidrome.password):
        hint = "set players.navidrome.user and players.navidrome.password"
        yield ("players", "navidrome", "url"), "Navidrome wants an administrator's login", hint
    if players.jellyfin.url and not players.jellyfin.api_key:
        hint = "set players.jellyfin.api_key to one that Jellyfin's dashboard made"
        yield ("players", "jellyfin", "url"), "Jellyfin wants an API key", hint


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
