"""`[players]`: the players to notify of changes; a player without an address is skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from msgspec import Struct, field

from tagger.config.values import PathMap, Secret, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config.values import Refusal

NO_SECRET = Secret()


class MpdSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.mpd]`: the Music Player Daemon."""

    address: str = ""
    """A host, with or without a port, or the path of a Unix socket; empty: no MPD."""
    password: Secret = NO_SECRET
    """A password with the permission `control`; empty: none."""
    map: tuple[PathMap, ...] = ()
    """Local folders to MPD's; MPD calls its `music_directory` `/`."""


class SubsonicSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.navidrome]` and `[players.subsonic]`: a server with the Subsonic API."""

    url: str = ""
    """The address of the server; empty: no server."""
    user: str = ""
    """The user; for scans, an administrator."""
    password: Secret = NO_SECRET
    """The user's password."""
    login: Literal["token", "password"] = "token"
    """Whether a hash of the password is sent, or the password itself."""
    scan: bool = True
    """Whether a scan of the server's library is requested."""
    playlists: bool = False
    """Whether the server keeps the playlists itself, for the user."""


class JellyfinSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.jellyfin]` and `[players.emby]`: by the HTTP API."""

    url: str = ""
    """The address of the server; empty: no server."""
    api_key: Secret = NO_SECRET
    """A key of the server's dashboard."""
    map: tuple[PathMap, ...] = ()
    """Local folders to the server's; empty: the server scans its whole library."""


class PlexSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[players.plex]`: by the HTTP API."""

    url: str = ""
    """The address of Plex; empty: no Plex."""
    token: Secret = NO_SECRET
    """The token of an account that may edit the library."""
    map: tuple[PathMap, ...] = ()
    """Local folders to Plex's; empty: Plex scans its whole library."""
    playlists: bool = False
    """Whether Plex imports changed playlists; their folder has to be in `map`."""


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
    navidrome: SubsonicSettings = field(default_factory=SubsonicSettings)
    """Navidrome."""
    subsonic: SubsonicSettings = field(default_factory=SubsonicSettings)
    """gonic, Supysonic, Funkwhale, Ampache, Airsonic."""
    jellyfin: JellyfinSettings = field(default_factory=JellyfinSettings)
    """Jellyfin."""
    kodi: KodiSettings = field(default_factory=KodiSettings)
    """Kodi."""
    lyrion: LyrionSettings = field(default_factory=LyrionSettings)
    """Lyrion Music Server."""
    emby: JellyfinSettings = field(default_factory=JellyfinSettings)
    """Emby."""
    plex: PlexSettings = field(default_factory=PlexSettings)
    """Plex."""
    command: tuple[Text, ...] = ()
    """A program with its arguments, run after a change; empty: none."""


def contradictions(players: PlayerSettings) -> Iterator[Refusal]:
    """Yield the key, the reason and the hint of each impossible value or combination."""
    if players.mpd.address and not _is_address(players.mpd.address):
        hint = 'like "localhost", "nas:6600" or "/run/mpd/socket"'
        yield ("players", "mpd", "address"), "neither a host nor the path of a socket", hint
    web = ("navidrome", "subsonic", "jellyfin", "emby", "plex", "kodi", "lyrion")
    urls = {name: str(getattr(players, name).url) for name in web}
    for name, url in urls.items():
        if url and not _is_url(url):
            reason = "not the address of a web server without user, password, ? and #"
            yield ("players", name, "url"), reason, 'like "http://127.0.0.1:8096"'
    yield from _missing_logins(players)


def _missing_logins(players: PlayerSettings) -> Iterator[Refusal]:
    for name, server in (("navidrome", players.navidrome), ("subsonic", players.subsonic)):
        if server.url and not (server.user and server.password):
            kind = "Navidrome requires an administrator's login"
            reason = kind if name == "navidrome" else "the server requires a login"
            hint = f"set players.{name}.user and players.{name}.password"
            yield ("players", name, "url"), reason, hint
    for name, kind, media in (
        ("jellyfin", "Jellyfin", players.jellyfin),
        ("emby", "Emby", players.emby),
    ):
        if media.url and not media.api_key:
            hint = f"set players.{name}.api_key to a key of {kind}'s dashboard"
            yield ("players", name, "url"), f"{kind} requires an API key", hint
    if players.plex.url and not players.plex.token:
        yield ("players", "plex", "url"), "Plex requires a token", "set players.plex.token"
    if players.plex.playlists and not players.plex.map:
        hint = "set players.plex.map, also where both paths are the same"
        yield ("players", "plex", "playlists"), "Plex imports playlists by their own path", hint


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
