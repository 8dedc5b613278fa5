"""MODEL_CARD.md: what a bundle is, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tagger.core.thresholds import OperatingPoints
    from tagger.inference.manifest import Evaluation, Manifest
    from training.research.robustness import RobustnessResult

_CARD = """\
# {id}

Names one of {count} genres for the first 30 seconds of a track:
{genres}.

{recipe}.

Made on {created} by `{command}` from {tracks} clips of {artists}
artists, with {libraries}: the same command, date and libraries give the same
bytes. Input: {inputs}.

## Data

{data}

## Accuracy

No artist is in both the training and the test part. Hyperparameters, calibration, pooling and
thresholds came from artist-grouped cross-validation inside each training part, all from uncut
clips. That band-limited copies are taught was chosen by such a cross-validation on all clips, the
test parts' among them; that musicnn's embedding is heard, its discriminant's shrinkage and its axes
by one on Kereliuk's training part alone. Kereliuk's test part had been measured before with four
earlier recipes: a trace of choice is in both figures.

"Written" is what lies above the threshold for a promised precision of 0.90: how much of it was
right, at what share of all tracks. "Albums" are stand-ins: an artist's tracks, at most 8 together,
decided as one. Intervals are bootstrapped over artists: the figures rest on few of them, Kereliuk's
most. ECE is the expected calibration error over ten bins of confidence.

| Split | Tracks | Accuracy (95%) | ECE | Written: right / share | Albums | Written: right / share |
|---|---|---|---|---|---|---|
{figures}

Each figure again:

{commands}
{beside}{holding}
## When it keeps silent

Thresholds on the calibrated probability of the likeliest genre, found on artist-grouped held-out
predictions of all training clips: the lowest above which the promised share is right in nine of ten
resamples of the artists. That is more than on average, as a margin for other collections.
`min_confidence = "auto"` uses those of the promised precision.

| Promised | Track: threshold | Track: share written | Album: threshold | Album: share written |
|---|---|---|---|---|
{points}

## Limits

- It knows these {count} genres and nothing else: R&B, bluegrass, baroque, serialism, house, ambient
  and all others will be called one of them, or left alone. They come from your own training. Of
  ten models like it, each without one genre, 49% of that genre's tracks got another one for a
  promise of 0.90, 26% for 0.95 and 1% for 0.99; by albums 83%, 60% and 36%
  (`python -m training.research unknown --data DATA`).
- A promise is kept on average over held-out artists of the same collection, excerpts chosen around
  the year 2000; the table shows how it was kept on each test part. On another collection it will be
  kept less well: between GTZAN and FMA-small, whose levels were made in another way, 60% to 78% of
  what was written in three genres was right (`docs/training.md` of the source).
- Albums are pooled as they were measured, on one artist's tracks from several records; the tracks
  of a real album are more alike and tell less together.
- A track that is sure of another genre is kept apart from its album. The figures above are without
  that, which costs 2 or 3 points where an album is of one genre (`docs/training.md`).
- Speech is told from music by clips of speech, noise and tones by their distance from all that was
  taught (`docs/training.md` has how well); what is near music gets a genre all the same.
- Loudness plays no part: a clip is heard relative to its own maximum. Silence at the beginning is
  passed over.
- Low bit rates, narrow bands and cuts, genres that it does not know, speech and other collections
  are written about in `docs/training.md` of the source.
"""

_BESIDE = """
## Beside it

"Study" is the usual small study: mean and spread of 12 MFCC and the RMS level, an SVM. A random
split has artists and duplicates on both sides; no such figure may be believed, which is what the
last rows are for.

| Figure | Split | Tracks | Accuracy (95%) |
|---|---|---|---|
{figures}
"""


_HOLDING = """
## What holds

Each clip, changed in a way that leaves its genre alone, is asked of a model that has not heard its
artist (`python -m training.research robustness --data DATA`). "Same" are called what they were
called unchanged; "written" is for a promise of 0.90. Of few clips of sound, one is much.

| Change | To | Clips | Right | Same | Written: right / share |
|---|---|---|---|---|---|
{rows}
"""


def card(
    manifest: Manifest, beside: Mapping[str, Evaluation], holding: Sequence[RobustnessResult] = ()
) -> str:
    """Write the card that the manifest's content makes, with what was measured besides.

    `beside` are figures of `REFERENCES`, `holding` those of `training.research.robustness`.
    """
    training = manifest.training
    return _CARD.format(
        id=manifest.id,
        count=len(manifest.genres),
        genres=", ".join(manifest.genres),
        recipe=training.recipe,
        created=manifest.created.isoformat(),
        command=training.command,
        tracks=training.tracks,
        artists=training.artists,
        libraries=", ".join(f"{name} {version}" for name, version in training.libraries.items()),
        inputs=", ".join(f"`{name}` = `{spec}`" for name, spec in manifest.inputs.items()),
        data=training.data,
        figures="\n".join(_figure(figure) for figure in manifest.evaluation.values()),
        commands="\n".join(f"- `{figure.command}`" for figure in manifest.evaluation.values()),
        beside=_beside(beside),
        holding=_holding(holding),
        points="\n".join(_points(manifest.tracks, manifest.albums)),
    )


def _beside(figures: Mapping[str, Evaluation]) -> str:
    rows = []
    for name, figure in figures.items():
        low, high = figure.interval
        accuracy = f"{figure.accuracy:.1%} ({low:.1%} to {high:.1%})"
        rows.append(f"| `{name}` | {figure.split} | {figure.tracks} | {accuracy} |")
    return _BESIDE.format(figures="\n".join(rows)) if rows else ""


def _holding(changes: Sequence[RobustnessResult]) -> str:
    rows = []
    for held in changes:
        right = "-" if held.precision is None else f"{held.precision:.0%}"
        cells = [held.change, held.on, str(held.clips), f"{held.accuracy:.1%}", f"{held.same:.1%}"]
        rows.append(f"| {' | '.join(cells)} | {right} / {held.coverage:.0%} |")
    return _HOLDING.format(rows="\n".join(rows)) if rows else ""


def _figure(figure: Evaluation) -> str:
    low, high = figure.interval
    cells = [figure.split, str(figure.tracks), f"{figure.accuracy:.1%} ({low:.1%} to {high:.1%})"]
    error = figure.calibration_error
    cells.append("" if error is None else f"{error:.3f}")
    written, album_written = figure.written, figure.album_written
    cells.append(f"{written.precision:.1%} / {written.coverage:.1%}" if written else "")
    cells.append("" if figure.album_accuracy is None else f"{figure.album_accuracy:.1%}")
    cells.append(
        f"{album_written.precision:.1%} / {album_written.coverage:.1%}" if album_written else ""
    )
    return f"| {' | '.join(cells)} |"


def _points(tracks: OperatingPoints, albums: OperatingPoints) -> list[str]:
    by_precision = [{p.precision: p for p in points.overall} for points in (tracks, albums)]
    rows = []
    for precision in sorted(by_precision[0] | by_precision[1]):
        cells = [f"{precision:g}"]
        for points in by_precision:
            point = points.get(precision)
            cells += [f"{point.threshold:.2f}", f"{point.coverage:.0%}"] if point else ["-", "-"]
        rows.append(f"| {' | '.join(cells)} |")
    return rows
