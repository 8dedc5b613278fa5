"""Playlists from files: Spotify's export of an account, and Exportify's tables.

Spotify sends `Playlist1.json` (and 2, 3...) on request of one's data. Exportify writes a CSV file
for each playlist, with its name.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import msgspec

from training.errors import SpotifyError
from training.labels import track_table
from training.labels.files import decoded
from training.spotify.schema import Kind, PlaylistTrack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LARGEST = 2**28
"""Bytes; exports of one account are far smaller."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One playlist of an export."""

    name: str
    origin: Path
    rows: tuple[PlaylistTrack, ...]


class _Track(msgspec.Struct, frozen=True, rename="camel"):
    track_name: str | None = None
    artist_name: str | None = None
    album_name: str | None = None
    track_uri: str | None = None


class _Place(msgspec.Struct, frozen=True, rename="camel"):
    track: _Track | None = None
    episode: object = None
    local_track: object = None


class _Playlist(msgspec.Struct, frozen=True):
    name: str | None = None
    items: tuple[_Place, ...] | None = ()


class _Account(msgspec.Struct, frozen=True):
    playlists: tuple[_Playlist, ...]


def files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Return the exports among files and folders."""
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - without errors; `read` raises them
            found = sorted([*path.glob("*.csv"), *path.glob("Playlist*.json")])
            # a pipe of that name would be waited for
            yield from (file for file in found if file.is_file())
        else:
            yield path


def read(path: Path) -> tuple[Exported, ...]:
    """Read an exported file.

    Raises SpotifyError when the file cannot be read or is no export.
    """
    hint = "name Exportify's CSV files, or Playlist1.json of Spotify's export"
    try:
        if path.stat().st_size > LARGEST:
            raise SpotifyError("too large for an export", path, hint)
        content = path.read_bytes()
    except OSError as error:
        raise SpotifyError(f"cannot be read: {error.strerror}", path, hint) from error
    try:
        return _account(content, path) if path.suffix.lower() == ".json" else _table(content, path)
    except (msgspec.MsgspecError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise SpotifyError("no export of Spotify playlists", path, hint) from error


def _account(content: bytes, path: Path) -> tuple[Exported, ...]:
    return tuple(
        Exported(playlist.name or "", path, tuple(map(_place, count(), playlist.items or ())))
        for playlist in msgspec.json.decode(content, type=_Account).playlists
    )


def _place(position: int, place: _Place) -> PlaylistTrack:
    track = place.track
    if track and track.track_name and track.artist_name:
        album, uri = track.album_name or "", track.track_uri or ""
        return PlaylistTrack(
            position, Kind.TRACK, uri, track.track_name, (track.artist_name,), album
        )
    if place.episode:
        return PlaylistTrack(position, Kind.EPISODE)
    return PlaylistTrack(position, Kind.LOCAL if place.local_track else Kind.UNAVAILABLE)


def _table(content: bytes, path: Path) -> tuple[Exported, ...]:
    lines = io.StringIO(decoded(content), newline="")
    reader = csv.DictReader(lines, delimiter=track_table.delimiter(lines), restval="")
    if not {"title", "artists"} <= track_table.columns(reader.fieldnames).keys():
        raise KeyError
    tracks = tuple(map(_line, count(), track_table.rows(reader)))
    return (Exported(path.stem, path, tracks),)


def _line(position: int, row: Mapping[str, str]) -> PlaylistTrack:
    uri, artists = row.get("id", ""), track_table.artists(row, commas=True)
    if ":local:" in uri:
        return PlaylistTrack(position, Kind.LOCAL)
    if ":episode:" in uri:
        return PlaylistTrack(position, Kind.EPISODE)
    if not row["title"] or not artists:
        return PlaylistTrack(position, Kind.UNAVAILABLE)
    album, isrc = row.get("album", ""), row.get("isrc", "")
    seconds = track_table.seconds(row)
    return PlaylistTrack(position, Kind.TRACK, uri, row["title"], artists, album, seconds, isrc)
