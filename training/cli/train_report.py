"""Output of `tagger train`: lines or one JSON object, and the report file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.output import print_json, printable
from tagger.system.atomic import replace_file
from tagger.system.next_steps import next_step
from tagger.system.text import number_of
from training.cli.train_json import prepared_object
from training.errors import TrainingDataError
from training.evaluation.metrics import few_artists
from training.evaluation.report import page

if TYPE_CHECKING:
    from pathlib import Path

    from training.cli.train_progress import Bar, Lines
    from training.known_artists import Learned
    from training.train import Prepared, Result

MOST_SHOWN = 10
_ALL = "`tagger train --dry-run --json`"


def show_prepared(prepared: Prepared, minimum: int, progress: Bar | Lines | None) -> None:
    """Print the training data.

    Args:
        prepared: The training data.
        minimum: `training.minimum`.
        progress: The progress on the screen; without it, nothing is printed.

    """
    if progress:
        with progress.paused():
            _print_prepared(prepared_object(prepared, minimum))


def _print_prepared(found: dict[str, Any]) -> None:
    labels = ", ".join(f"{name} {count}" for name, count in found["sources"].items()) or "none"
    _print(f"labels      {labels}")
    _print_lists(found)
    if found["genres"]:
        _print("genre                     tracks  artists  held out")
    for one in found["genres"]:
        _print(f"{one['genre']:<24}{one['tracks']:>8}{one['artists']:>9}{one['held_out']:>10}")
    small = sorted(found["too_few"], key=lambda one: -one["tracks"])
    for one in small[:MOST_SHOWN]:
        _print(f"not learned {one['genre']}: {_lack(one)}")
    if len(small) > MOST_SHOWN:
        _print(f"not learned {number_of(len(small) - MOST_SHOWN, 'more genre')}: {_ALL}")
    for count, noun, what in _left_out(found):
        if count:
            _print(f"left out    {number_of(count, *noun)} {what}")
    for reason, count in found["unheard_reasons"].items():
        _print(f"unusable    {number_of(count, 'file')}: {reason}")
    for note in _notes(found):
        _print(f"note        {note}")


def _print_lists(found: dict[str, Any]) -> None:
    if found["matched"] or found["missing"] or found["ambiguous"]:
        _print(f"lists       {found['matched']} matched")
    if lost := len(found["missing"]):
        _print(f"            {lost} not in the library: {_ALL} lists them")
    if several := len(found["ambiguous"]):
        _print(f"            {several} ambiguous: choose with `tagger train match`")


def _left_out(found: dict[str, Any]) -> list[tuple[int, tuple[str, ...], str]]:
    balanced = sum(one["balanced_out"] for one in found["genres"])
    return [
        (len(found["two_genres"]), ("track",), "with two genres of equal weight"),
        (found["duplicates"], ("file",), "with the sound of another file"),
        (balanced, ("track",), "of genres much larger than the smallest genre"),
        (found["own_words"], ("copy", "copies"), "of files with a genre from tagger"),
    ]


def _notes(found: dict[str, Any]) -> list[str]:
    notes = list(found["notes"][:MOST_SHOWN])
    if more := len(found["notes"]) - len(notes):
        notes.append(f"... and {more} more: {_ALL}")
    if found["unknown_artists"]:
        count = number_of(found["unknown_artists"], "track")
        notes.append(f"{count} without an artist: the accuracy is overestimated")
    if found["to_hear"]:
        notes.append(f"{number_of(found['to_hear'], 'file')} not analyzed yet")
    return notes


def print_result(found: dict[str, Any]) -> None:
    """Print the outcome."""
    model, held = found["model"], found["model"]["held_out"]
    _print(f"model       {model['id']}: {model['recipe']}")
    low, high = held["interval"]
    artists = found["comparison"]["artists"]
    _print(
        f"right       {held['accuracy']:.1%} of {number_of(held['tracks'], 'track')} by"
        f" {number_of(artists, 'held-out artist')}"
        + (f", {low:.1%} to {high:.1%} at 95%" if low < high else "")
    )
    if caution := few_artists(artists, held["accuracy"]):
        _print(f"            {caution}")
    written = held["written"]
    if not written["coverage"]:
        target = f"a target of {written['promised']:.0%} right"
        _print(f"written     none of the held-out tracks: none is sure enough for {target}")
    else:
        _print(
            f"written     {written['precision']:.1%} right at {written['coverage']:.1%} of the"
            f" tracks; the target is {written['promised']:.0%} right"
        )
    if silent := model["never_written"]:
        _print(
            f"never       {_listed(silent)}, by the sound alone: too few of their tracks or"
            " too much other music get them"
        )
        _print("            more tracks by more artists can change this")
    _print_verdict(model["id"], found["reason"], promoted=found["promoted"])


def _listed(names: list[str]) -> str:
    more = [f"{len(names) - MOST_SHOWN} more"] if len(names) > MOST_SHOWN else []
    return ", ".join(names[:MOST_SHOWN] + more)


def _print_verdict(model: str, reason: str, *, promoted: bool) -> None:
    _print(f"{'active' if promoted else 'not active':<12}{reason}")
    if promoted:
        _print("            `tagger scan --reclassify` renews the genres that tagger wrote")
    else:
        _print(f"            `tagger models use {model}` makes it active all the same")


def _lack(one: dict[str, Any]) -> str:
    lacks = []
    if one["tracks_missing"]:
        lacks.append(f"{number_of(one['tracks'], 'track')}, {one['tracks_missing']} missing")
    if one["artists_missing"]:
        lacks.append(f"{number_of(one['artists'], 'artist')}, {one['artists_missing']} missing")
    counted = f"; counted for {one['counted_for']}" if one["counted_for"] else ""
    return ", ".join(lacks) + counted


def _print(text: str) -> None:
    click.echo(printable(text))


def finish(
    found: dict[str, Any], result: Result | None, report: Path | None, *, as_json: bool
) -> None:
    """Write the report file and print the outcome.

    Args:
        found: The result of `as_object`.
        result: The training; None for a dry run.
        report: The report file.
        as_json: Print `found` as JSON.

    Raises:
        TrainingDataError: the report file cannot be written.

    """
    if report:
        write_report(report, found, result)
    if as_json:
        print_json(found)
    elif result:
        print_result(found)


def write_report(path: Path, found: dict[str, Any], result: Result | None) -> None:
    """Write a page on a `result` where `path` ends in .html, else `found` as JSON.

    Raises TrainingDataError when the file cannot be written.
    """
    if result and path.suffix == ".html":
        text = page(result.subject)
    else:
        text = json.dumps(found, indent=2, default=str)
    try:
        replace_file(path, f"{text.rstrip()}\n".encode())
    except OSError as error:
        hint = next_step(error, "name another file")
        raise TrainingDataError(f"cannot be written: {error.strerror}", path, hint) from error


def show_learned(learned: Learned, *, as_json: bool) -> None:
    """Print the outcome of a training from known artists."""
    if as_json:
        print_json(
            {
                "model": learned.manifest.id,
                "tracks": learned.tracks,
                "artists": learned.artists,
                "right": round(learned.comparison.new.share, 4),
                "current": round(learned.comparison.current.share, 4),
                "promoted": learned.promoted,
                "reason": learned.reason,
            }
        )
        return
    size = f"{number_of(learned.tracks, 'track')} of {number_of(learned.artists, 'artist')}"
    _print(f"model       {learned.manifest.id}: {size}")
    _print_verdict(learned.manifest.id, learned.reason, promoted=learned.promoted)
