"""Counting of the owner's genres, and the keys by which the evidence of a track is looked up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tagger.core import albums, genres
from tagger.evidence import names
from tagger.evidence.names import fold
from tagger.evidence.owned import owned_genres
from tagger.store import Counted, Keys

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from tagger.config import GenreSettings
    from tagger.core.domain import Track
    from tagger.evidence.owned import Write
    from tagger.store import Store

BATCH = 500
"""Files that are counted in one transaction."""


def count_new(store: Store, settings: GenreSettings, whole: Collection[str] = ()) -> int:
    """Count files that are new, changed or moved; return how many have a genre of their owner.

    Args:
        store: The state database.
        settings: The user's words.
        whole: Further texts that are no lists, in any letter case.

    """
    labelled = 0
    while tracks := store.labels.uncounted(BATCH):
        counted = _counted(tracks, store, settings, whole)
        with store.transaction():
            store.labels.put(counted)
        labelled += sum(bool(file.genres) for file in counted)
    return labelled


def _counted(
    tracks: Sequence[Track], store: Store, settings: GenreSettings, whole: Collection[str]
) -> list[Counted]:
    words = {**genres.by_key({name: name for name in whole}), **settings.vocabulary.words}
    vocabulary = replace(settings.vocabulary, words=words)
    corrected = store.corrections.among([track.path for track in tracks])
    writes = _writes(tracks, store)
    counted = []
    for track in tracks:
        by_owner = track.path in corrected
        present = track.tags.genres if by_owner else track.tags.in_genre
        owned = owned_genres(
            present,
            writes.get(track.path, []),
            settings.empty_keys,
            vocabulary,
            corrected=by_owner,
        )
        counted.append(Counted(track.path, owned, keys_of(track)))
    return counted


def _writes(tracks: Sequence[Track], store: Store) -> dict[Path, list[Write]]:
    """Return the writes to each track, or to its original: a library may be a copy of another."""
    found = store.journal.writes([track.path for track in tracks])
    for root in store.files.roots():
        originals = {
            track: root / track.path.relative_to(track.root)
            for track in tracks
            if track.root != root
            and track.path not in found
            and track.tags.in_genre
            and track.path.is_relative_to(track.root)
        }
        there = store.journal.writes([*set(originals.values())]) if originals else {}
        for track, original in originals.items():
            writes = there.get(original, [])
            if writes and writes[-1][1] == track.tags.in_genre:
                found[track.path] = writes
    return found


def keys_of(track: Track) -> Keys:
    """Return by what the evidence of a track is looked up."""
    tags = track.tags
    artist = names.library_artist(tags)
    number = names.key("artist", fold(artist)) if artist else None
    return Keys(number, _album_key(track, artist), names.library_artist_id(tags) if artist else "")


def _album_key(track: Track, artist: str) -> int | None:
    tags, found = track.tags, albums.key(track)
    if not isinstance(found, tuple):
        return None
    if not tags.album and (not artist or track.path.parent == track.root):
        return None
    by_artist = not (tags.album and tags.album_artist)
    return names.key("album", *map(str, found), fold(artist) if by_artist else "")
