"""Collects the labels of all sources, and matches their lists with local files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.library import walk
from tagger.pipeline import build
from tagger.pipeline.command_run import Observer
from tagger.pipeline.scan import Scan, ScanOptions
from tagger.system.text import number_of
from training import labels as sources
from training.errors import TrainingDataError
from training.labels.base import Context, Gathered, Label
from training.matching.match import LocalTrack, Matching, match

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import Track, TrackTags
    from training.data.store import TrainingStore

MOST_NOTES = 3
"""Notes in the message of a run without labels."""


@dataclass(frozen=True, slots=True)
class CollectedLabels:
    """The labels of all sources together."""

    labels: tuple[Label, ...]
    """Labels from the sources, followed by labels of matched entries."""
    matching: Matching
    counts: dict[str, int]
    """Number of labels by source, matched entries included."""
    notes: tuple[str, ...]


def library(settings: Settings, store: TrainingStore) -> tuple[Track, ...]:
    """Index the roots that exist as a scan does, without analysis."""
    roots = [root for root in settings.library.real_roots if not walk.is_gone(root)]
    if not roots:
        return ()
    scan = Scan(settings, store, roots, ScanOptions(dry_run=True))
    with build.tag_jobs(settings) as jobs:
        tracks, _ = scan.find(Observer(), jobs)
    return tuple(tracks)


def gather(names: Sequence[str], settings: Settings, store: TrainingStore) -> CollectedLabels:
    """Collect the labels of some sources.

    `names` are the names of the sources; `settings` and `store` are their input. Raises TaggerError
    when a configured source cannot be used.
    """
    context = Context(settings, store, library(settings, store))
    found = Gathered.joined([sources.source(name, context).gather() for name in names])
    given = {label.genre for label in found.labels} | {entry.genre for entry in found.entries}
    faults = _faults(given, settings.genres.empty_keys)
    labels = [label for label in found.labels if label.genre not in faults]
    entries = [entry for entry in found.entries if entry.genre not in faults]
    hint = "so it is not learned: name it in training.genres"
    notes = [f"the genre {name!r} {fault}, {hint}" for name, fault in faults.items()]
    choices = {
        entry: path
        for entry, path in store.choices.all().items()
        if path is None or not walk.is_gone(path)
    }
    matching = match(entries, candidates(context.tracks, labels, store), choices)
    labels += [
        Label(m.candidate.path, m.entry.genre, m.entry.source, m.entry.weight, m.entry.origin)
        for m in matching.matched
    ]
    counts = {name: sum(label.source == name for label in labels) for name in names}
    return CollectedLabels(tuple(labels), matching, counts, (*found.notes, *notes))


def _faults(names: Iterable[str], empty: Collection[str]) -> dict[str, str]:
    """Return the names that no model can write as a genre, each with the reason."""
    return {name: fault for name in sorted(names) if (fault := _fault(name, empty))}


def _fault(name: str, empty: Collection[str]) -> str | None:
    return "counts as no genre" if genres.is_empty(name, empty) else genres.label_fault(name)


def candidates(
    tracks: Iterable[Track], labels: Iterable[Label], store: TrainingStore
) -> list[LocalTrack]:
    """Return the candidates for entries: the library, and other labelled files.

    `tracks` are the library, `labels` those of all sources, `store` has the tags of other files.
    """
    found = {track.path: track.tags for track in tracks}
    for label in labels:
        sample = store.samples.get(label.path) if label.path not in found else None
        if sample:
            found[label.path] = sample.tags
    return [
        LocalTrack(
            path,
            *_named(tags, path),
            album=tags.album,
            duration_s=tags.duration or None,
            isrc=tags.isrc,
        )
        for path, tags in found.items()
    ]


def _named(tags: TrackTags, path: Path) -> tuple[str, tuple[str, ...]]:
    """Return title and artists; a file without tags may be called `Artist - Title`."""
    artist = tags.artist or tags.album_artist
    artists = tags.artists or ((artist,) if artist else ())
    if tags.title:
        return tags.title, artists
    before, dash, after = path.stem.partition(" - ")
    return (after, artists or (before,)) if dash else (path.stem, artists)


def require_some(collected: CollectedLabels) -> None:
    """Raise TrainingDataError when nothing is labelled; the reason has the first notes."""
    if collected.labels:
        return
    notes = list(collected.notes)
    if missing := collected.matching.missing:
        lost = number_of(len(missing), "entry", "entries")
        example = f"{missing[0].title!r} of {missing[0].origin}"
        notes.append(f"{lost} of lists not in the library, such as {example}")
    reason = "no source names a file"
    hint = "set training.folders, tags, playlists or csv, or add --from known-artists"
    if notes:
        more = [f"and {len(notes) - MOST_NOTES} more"] if len(notes) > MOST_NOTES else []
        reason, hint = "; ".join(notes[:MOST_NOTES] + more), "correct [training]"
    raise TrainingDataError(f"no training data: {reason}", hint=f"{hint}; see `tagger config path`")
