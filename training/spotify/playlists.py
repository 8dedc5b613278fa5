"""The user's playlists from the cache and from exports, without a request to Spotify."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.errors import SpotifyError
from training.spotify import exports, playlist_ids
from training.spotify.schema import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tagger.config import SpotifySettings
    from training.matching.match import Matching
    from training.spotify.cache import SpotifyStore
    from training.spotify.exports import Exported
    from training.spotify.schema import PlaylistTrack

SYNC = "run `tagger spotify sync`"


@dataclass(frozen=True, slots=True)
class Playlist:
    """A playlist of the configuration with its rows."""

    name: str
    """For people, and unique."""
    genre: str
    rows: tuple[PlaylistTrack, ...]

    @property
    def tracks(self) -> tuple[PlaylistTrack, ...]:
        """The places with a track."""
        return tuple(row for row in self.rows if row.kind is Kind.TRACK)

    @property
    def skipped(self) -> Counter[Kind]:
        """Number of places without a track, by kind."""
        return Counter(row.kind for row in self.rows if row.kind is not Kind.TRACK)


@dataclass(frozen=True, slots=True)
class Lists:
    """The configured playlists in the cache and in exports."""

    playlists: tuple[Playlist, ...]
    notes: tuple[str, ...]
    """One sentence each: the missing playlists, and the next step."""


@dataclass(frozen=True, slots=True)
class Found:
    """The tracks of one playlist among the user's files."""

    name: str
    genre: str
    matched: int
    missing: int
    ambiguous: int
    skipped: dict[Kind, int]
    """Places without a track, by kind."""


def compare(lists: Lists, matching: Matching) -> tuple[Found, ...]:
    """Count matches by playlist; the origin of an entry is the name of its playlist."""
    matched = Counter(match.entry.origin for match in matching.matched)
    missing = Counter(entry.origin for entry in matching.missing)
    ambiguous = Counter(one.entry.origin for one in matching.ambiguous)
    return tuple(
        Found(p.name, p.genre, matched[p.name], missing[p.name], ambiguous[p.name], dict(p.skipped))
        for p in lists.playlists
    )


def known(spotify: SpotifySettings, store: SpotifyStore) -> Lists:
    """Return the configured playlists. Raises ConfigError."""
    notes: list[str] = []
    found = [*_kept(spotify, store, notes), *_exported(spotify, notes)]
    notes += [f"{p.genre}: {p.name} has no tracks" for p, _ in found if not p.tracks]
    names = Counter(playlist.name for playlist, _ in found)
    return Lists(
        tuple(
            Playlist(f"{p.name} ({origin})" if names[p.name] > 1 else p.name, p.genre, p.rows)
            for p, origin in found
        ),
        tuple(notes),
    )


def _kept(
    spotify: SpotifySettings, store: SpotifyStore, notes: list[str]
) -> Iterator[tuple[Playlist, str]]:
    for playlist, genre in playlist_ids.wanted(spotify).items():
        reading, problem = store.finished(playlist), store.problem(playlist)
        name = store.name(playlist)
        if reading:
            yield Playlist(reading.name, genre, tuple(store.rows(reading))), playlist
        if problem:
            age = "could not be read again" if reading else "could not be read"
            notes.append(f"{genre}: {name} {age}, {problem.reason}: {problem.hint}")
        elif not reading:
            notes.append(f"{genre}: {name} has not been read yet: {SYNC}")


def _exported(spotify: SpotifySettings, notes: list[str]) -> Iterator[tuple[Playlist, str]]:
    by_key: dict[str, list[Exported]] = defaultdict(list)
    for file in exports.files(spotify.exports):
        for one in _read(file, notes):
            by_key[playlist_ids.key(one.name)].append(one)
    for name, genre in playlist_ids.named(spotify).items():
        found = next((by_key[key] for key in playlist_ids.keys(name) if key in by_key), [])
        for one in found:
            yield Playlist(one.name, genre, one.rows), one.origin.name
        if not found:
            reason = f"no export holds a playlist named {name!r} (training.spotify.exports)"
            notes.append(f"{genre}: {reason}")


def _read(file: Path, notes: list[str]) -> tuple[Exported, ...]:
    try:
        return exports.read(file)
    except SpotifyError as error:
        notes.append(str(error))
        return ()
