"""How `tagger train` is told: a bar while it runs, then lines or one JSON object."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tagger.cli.options import printable
from training.data.select import LEAST_ARTISTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as RichProgress

    from training.matching.match import LocalTrack
    from training.progress import Progress
    from training.train import Prepared, Result

MOST_SHOWN = 10


class Bar:
    """Shows each stage with the time that is left."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._task = bars.add_task("", total=None)

    def stage(self, name: str, total: int) -> None:
        """See `Progress`."""
        self._bars.remove_task(self._task)
        self._task = self._bars.add_task(name, total=total)

    def done(self, steps: int) -> None:
        """See `Progress`."""
        self._bars.update(self._task, completed=steps)


@contextlib.contextmanager
def progress(*, quiet: bool) -> Iterator[Progress | None]:
    """Show bars on a terminal, and nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich import progress as rich  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    with rich.Progress(
        rich.TextColumn("{task.description:<10}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        yield Bar(bars)


def as_object(prepared: Prepared, minimum: int) -> dict[str, Any]:
    """Return what was found in the form that is documented for scripts."""
    selection, said = prepared.selection, prepared.said
    held = Counter(m.genre for m, h in zip(selection.members, prepared.held, strict=True) if h)
    reasons = Counter(one.reason for one in prepared.unheard)
    return {
        "sources": said.counts,
        "matched": len(said.matching.matched),
        "ambiguous": [
            {**_entry(one.entry), "files": [_file(c) for c in one.candidates]}
            for one in said.matching.ambiguous
        ],
        "missing": [_entry(entry) for entry in said.matching.missing],
        "genres": [
            {
                "genre": genre,
                "tracks": selection.tracks(genre),
                "artists": selection.artists(genre),
                "held_out": held[genre],
                "balanced_out": selection.balanced.get(genre, 0),
            }
            for genre in selection.genres
        ],
        "too_few": [
            {
                "genre": one.genre,
                "tracks": one.tracks,
                "tracks_missing": max(0, minimum - one.tracks),
                "artists": one.artists,
                "artists_missing": max(0, LEAST_ARTISTS - one.artists),
                "counted_for": one.taught or None,
            }
            for one in selection.few
        ],
        "two_genres": [str(path) for path in selection.conflicts],
        "duplicates": selection.duplicates,
        "own_words": selection.written,
        "unknown_artists": selection.unknown_artists,
        "to_hear": prepared.to_hear,
        "unheard": [{"path": str(one.path), "reason": one.reason} for one in prepared.unheard],
        "unheard_reasons": dict(reasons.most_common()),
        "notes": list(said.notes),
    }


def result_object(result: Result) -> dict[str, Any]:
    """Return what came of the training, likewise."""
    comparison = result.comparison
    return {
        "model": {
            "id": result.manifest.id,
            "genres": list(result.manifest.genres),
            "recipe": result.manifest.training.recipe,
            "held_out": msgspec.to_builtins(result.manifest.evaluation["held_out"]),
        },
        "comparison": {
            "current": result.current,
            "tracks": comparison.tracks,
            "artists": comparison.artists,
            "new_accuracy": round(comparison.new, 4),
            "current_accuracy": round(comparison.current, 4),
            "worse_in": comparison.worse,
            "lost_genres": list(comparison.lost),
        },
        "promoted": result.promoted,
        "reason": result.reason,
    }


def print_prepared(found: dict[str, Any]) -> None:
    """Say what there is to learn from."""
    said = ", ".join(f"{name} {count}" for name, count in found["sources"].items()) or "none"
    _say(f"labels      {said}")
    if found["matched"] or found["missing"] or found["ambiguous"]:
        _say(
            f"lists       {found['matched']} matched, {len(found['missing'])} not in the library,"
            f" {len(found['ambiguous'])} ambiguous (settle them with `tagger train match`)"
        )
    _say("genre                     tracks  artists  held out")
    for one in found["genres"]:
        _say(f"{one['genre']:<24}{one['tracks']:>8}{one['artists']:>9}{one['held_out']:>10}")
    for one in found["too_few"]:
        _say(f"not learned {one['genre']}: {_lack(one)}")
    for count, what in _left_out(found):
        if count:
            _say(f"left out    {count} {what}")
    for reason, count in found["unheard_reasons"].items():
        _say(f"unheard     {count} files: {reason}")
    for note in _notes(found):
        _say(f"note        {note}")


def _left_out(found: dict[str, Any]) -> list[tuple[int, str]]:
    balanced = sum(one["balanced_out"] for one in found["genres"])
    return [
        (len(found["two_genres"]), "tracks with two genres, none the surer"),
        (found["duplicates"], "files with the sound of another one"),
        (balanced, "tracks of genres that have many more than the smallest"),
        (found["own_words"], "copies of files that tagger itself gave a genre"),
    ]


def _notes(found: dict[str, Any]) -> list[str]:
    notes = list(found["notes"][:MOST_SHOWN])
    if found["unknown_artists"]:
        count = found["unknown_artists"]
        notes.append(f"{count} tracks name no artist: the figures come out too good")
    if found["to_hear"]:
        notes.append(f"{found['to_hear']} files have yet to be listened to")
    return notes


def print_result(found: dict[str, Any]) -> None:
    """Say what came of it."""
    model, held = found["model"], found["model"]["held_out"]
    _say(f"model       {model['id']}: {model['recipe']}")
    low, high = held["interval"]
    _say(
        f"right       {held['accuracy']:.1%} ({low:.1%} to {high:.1%}) of {held['tracks']} tracks"
        " by held-out artists"
    )
    written = held["written"]
    if not written["coverage"]:
        _say(f"written     nothing: too few tracks to promise {written['promised']:.0%} of them")
    else:
        _say(
            f"written     {written['precision']:.1%} right at {written['coverage']:.1%} of the"
            f" tracks, where {written['promised']:.0%} was promised"
        )
    verdict = "active" if found["promoted"] else "not active"
    _say(f"{verdict:<12}{found['reason']}")
    if found["promoted"]:
        _say("            `tagger scan --reclassify` decides again what tagger wrote")
    else:
        _say(f"            `tagger models use {model['id']}` makes it the active one all the same")


def _lack(one: dict[str, Any]) -> str:
    lacks = []
    if one["tracks_missing"]:
        lacks.append(f"{one['tracks']} tracks, {one['tracks_missing']} missing")
    if one["artists_missing"]:
        lacks.append(f"{one['artists']} artists, {one['artists_missing']} missing")
    counted = f"; counted for {one['counted_for']}" if one["counted_for"] else ""
    return ", ".join(lacks) + counted


def _entry(entry: Any) -> dict[str, Any]:
    return {
        "entry": entry.key,
        "title": entry.title,
        "artists": list(entry.artists),
        "album": entry.album,
        "genre": entry.genre,
        "source": entry.source,
        "origin": entry.origin,
    }


def _file(candidate: LocalTrack) -> dict[str, Any]:
    return {"path": str(candidate.path), "title": candidate.title, "album": candidate.album}


def _say(text: str) -> None:
    click.echo(printable(text))
