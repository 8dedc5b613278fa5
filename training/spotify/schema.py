"""The API's pages, and their places as tracks of a playlist."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """The content of a playlist's place."""

    TRACK = "track"
    EPISODE = "episode"
    LOCAL = "local"
    """A file of the user that Spotify stores by name only."""
    UNAVAILABLE = "gone"
    """An empty place: Spotify removed the track."""


@dataclass(frozen=True, slots=True)
class PlaylistTrack:
    """One place of a playlist."""

    position: int
    """From 0."""
    kind: Kind
    uri: str = ""
    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    duration_s: float | None = None
    """Seconds, None where the source has no duration."""
    isrc: str = ""


class Named(Struct, frozen=True):
    """An artist, an album or a user."""

    name: str | None = None
    id: str | None = None


class ExternalIds(Struct, frozen=True):
    """A track's numbers elsewhere."""

    isrc: str | None = None


class Item(Struct, frozen=True):
    """A track or an episode; any field may be missing, in spite of the documentation."""

    type: str | None = None
    id: str | None = None
    uri: str | None = None
    name: str | None = None
    duration_ms: float | None = None
    artists: tuple[Named | None, ...] | None = ()
    album: Named | None = None
    external_ids: ExternalIds | None = None
    is_local: bool | None = None


class Place(Struct, frozen=True):
    """A place of a playlist; before 2026 `item` was `track`."""

    item: Item | None = None
    track: Item | None = None
    is_local: bool | None = None


class Page(Struct, frozen=True):
    """A page of `GET /playlists/{id}/items`."""

    items: tuple[Place | None, ...]
    total: int
    next: str | None = None


class Head(Struct, frozen=True):
    """A playlist without its items."""

    id: str
    snapshot_id: str
    name: str | None = None
    owner: Named | None = None
    collaborative: bool | None = None


class Count(Struct, frozen=True):
    """How many items a playlist has."""

    total: int = 0


class Listed(Head, frozen=True):
    """A playlist in the user's list."""

    items: Count | None = None


class PlaylistsPage(Struct, frozen=True):
    """A page of `GET /me/playlists`."""

    items: tuple[Listed | None, ...]
    total: int
    next: str | None = None


class User(Struct, frozen=True):
    """The answer of `GET /me`."""

    id: str
    display_name: str | None = None


def rows(page: Page, offset: int) -> tuple[PlaylistTrack, ...]:
    """Return a page's places; `offset` is the position of its first."""
    return tuple(_row(place, position) for position, place in enumerate(page.items, start=offset))


def _row(place: Place | None, position: int) -> PlaylistTrack:
    item = (place.item or place.track) if place else None
    if place is None or item is None:
        return PlaylistTrack(position, Kind.UNAVAILABLE)
    if place.is_local or item.is_local:
        return PlaylistTrack(position, Kind.LOCAL)
    if item.type == "episode":
        return PlaylistTrack(position, Kind.EPISODE)
    artists = tuple(artist.name for artist in item.artists or () if artist and artist.name)
    if not item.id or not item.name or not artists:
        return PlaylistTrack(position, Kind.UNAVAILABLE)
    return PlaylistTrack(
        position,
        Kind.TRACK,
        item.uri or f"spotify:track:{item.id}",
        item.name,
        artists,
        (item.album and item.album.name) or "",
        item.duration_ms / 1000 if item.duration_ms else None,
        (item.external_ids and item.external_ids.isrc) or "",
    )
