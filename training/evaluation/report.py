"""A self-contained HTML page on the predictions of a model. Pure: from predictions to text."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tagger.system.text import number_of
from training.evaluation import breakdown, charts
from training.evaluation.measure import PROMISE, Measurement, summarize
from training.evaluation.metrics import (
    calibration_error,
    few_artists,
    track_predictions,
)
from training.evaluation.templates import render
from training.models.ensemble import HeldOut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tagger.inference.manifest import Evaluation, Manifest
    from training.data.dataset import Dataset
    from training.evaluation.metrics import Indices, Predictions
    from training.models.ensemble import Ensemble

MOST_MISTAKES = 25
_TEMPLATE = Path(__file__).with_name("report.html.jinja")
_STYLE = Path(__file__).with_name("report.css")


@dataclass(frozen=True, eq=False)
class Subject:
    """The model and the predictions that a report is about."""

    title: str
    about: Mapping[str, str]
    """Descriptions of data, split and model by heading."""
    data: Dataset
    predicted: HeldOut
    """Predictions of clips by models without the clip's artist; of each clip the first counts."""
    threshold: float | None
    """Confidence from which tracks are written for a promise of `PROMISE`; None writes none."""
    learning: Sequence[tuple[int, float]] = field(default=())
    """Accuracy by tracks of each genre, from `breakdown.learning_curve`."""
    accepted: NDArray[np.bool_] | None = None
    """See `Predictions.accepted`."""
    figures: Evaluation | None = None
    """The figures of the manifest, if the model has a manifest."""
    higher: Sequence[str] = ()
    """Genres that need a higher confidence than `threshold`, or are never written."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its title and a sentence on it."""

    title: str
    svg: str
    text: str


def library_subject(
    ensemble: Ensemble,
    data: Dataset,
    held: Indices,
    about: Mapping[str, str],
    manifest: Manifest,
) -> Subject:
    """Describe a model of the user's own on held-out artists.

    Args:
        ensemble: The model.
        data: The user's tracks.
        held: The tracks that are not in the training data of `ensemble`, as indices.
        about: Further descriptions by heading, such as date and verdict.
        manifest: Of the model, with the figures of these tracks.

    """
    points = manifest.tracks
    overall = points.threshold(PROMISE, "")
    return Subject(
        "Your own library",
        {
            **about,
            "Data": f"{number_of(len(data.labels), 'track')} of your own, with your genres.",
            "Split": f"{number_of(len(held), 'track')} of artists outside the training data.",
            "Recipe": " + ".join(candidate.name for candidate in ensemble.candidates),
        },
        data,
        HeldOut(held, ensemble.log_probabilities(data, held)),
        overall,
        figures=manifest.evaluation["held_out"],
        higher=[name for name in points.genres if points.threshold(PROMISE, name) != overall],
    )


def page(subject: Subject) -> str:
    """Write the page."""
    members, first = np.unique(subject.predicted.members, return_index=True)
    predicted = HeldOut(members, subject.predicted.log_probabilities[first])
    predictions = replace(track_predictions(subject.data, predicted), accepted=subject.accepted)
    genres, threshold = subject.data.genres, subject.threshold
    measured = Measurement(predictions, threshold)
    accepted = np.eye(len(genres)) if subject.accepted is None else subject.accepted
    written = "No track" if threshold is None else f"Tracks from {threshold:.0%} on"
    there = np.union1d(predictions.labels, predictions.genres)
    artists = len(np.unique(predictions.artists))
    wrong = int((~predictions.right).sum())
    counts = breakdown.confusion(predictions, len(genres))[np.ix_(there, there)]
    figures = breakdown.by_genre(predictions, [_printable(genre) for genre in genres])
    return render(
        _TEMPLATE,
        title=_printable(subject.title),
        style=_STYLE.read_text(encoding="utf-8"),
        tiles=_tiles(predictions, subject.figures or summarize("", "", [measured])),
        about={_printable(key): _printable(value) for key, value in subject.about.items()},
        caution=few_artists(artists, predictions.accuracy),
        absent=number_of(len(genres) - len(there), "genre"),
        genres=[_printable(genres[place]) for place in there],
        figures=[figures[place] for place in there],
        confusion=counts.tolist(),
        accepted=accepted[np.ix_(there, there)].tolist(),
        parents=subject.accepted is not None,
        wrong=number_of(wrong, "mistake"),
        more=wrong > MOST_MISTAKES,
        tracks=number_of(len(predictions.labels), "track"),
        charts=_charts(predictions, threshold, subject.learning),
        mistakes=[
            {
                name: _printable(value) if isinstance(value, str) else value
                for name, value in asdict(mistake).items()
            }
            for mistake in breakdown.mistakes(subject.data, members, predictions, MOST_MISTAKES)
        ],
        written=f"{written} would be written{_needed(subject.higher)}.",
    )


def _needed(higher: Sequence[str]) -> str:
    return f"; more is needed for {', '.join(map(_printable, higher))}" if higher else ""


def _tiles(predictions: Predictions, figures: Evaluation) -> list[tuple[str, str]]:
    low, high = figures.interval
    written = figures.written
    right = f"{written.precision:.1%}" if written and written.coverage else "-"
    share = written.coverage if written else 0
    artists = len(np.unique(predictions.artists))
    limits = f"; 95%: {low:.1%} to {high:.1%}" if low < high else ""
    return [
        (f"{figures.accuracy:.1%}", f"right, of all tracks{limits}"),
        (right, f"right, of the tracks that it would write; target: {PROMISE:.0%}"),
        (f"{share:.1%}", "of the tracks it would write; the others lie below the threshold"),
        (f"{calibration_error(predictions):.3f}", "expected calibration error of the confidence"),
        (f"{len(predictions.labels):,}", f"tracks by {number_of(artists, 'artist')}"),
    ]


def _charts(
    predictions: Predictions, threshold: float | None, learning: Sequence[tuple[int, float]]
) -> list[Chart]:
    drawn = [_risk_coverage(predictions, threshold), _calibration(predictions)]
    return [*drawn, _learning(learning)] if len(learning) > 1 else drawn


def _risk_coverage(predictions: Predictions, threshold: float | None) -> Chart:
    coverage, right = breakdown.risk_coverage(predictions)
    # The first few clips are no sample, and a point for every clip would make a large page.
    shown = np.unique(np.linspace(min(19, len(right) - 1), len(right) - 1, 200).astype(int))
    line = charts.Line("main", list(zip(coverage[shown], right[shown], strict=True)))
    lowest = min(80, int(right[shown].min() * 10) * 10)
    promise = charts.Line("promise", [(0, PROMISE), (1, PROMISE)])
    written = int(predictions.surer_than(threshold).sum()) - 1
    at = [(coverage[written], right[written])] if written >= 0 else []
    drawn = charts.chart(
        f"Precision against share written, {right[-1]:.0%} right when all is written",
        charts.percent_axis("share of the tracks written, in the order of confidence"),
        charts.percent_axis("right among them", lowest, step=10 if lowest >= 40 else 20),
        [promise, line, charts.Line("here", at, dots=True)],
    )
    text = f"Dashed line: the target, {PROMISE:.0%} right. Dot: the threshold for this target."
    return Chart("Precision against share written", drawn, text)


def _calibration(predictions: Predictions) -> Chart:
    bins = breakdown.calibration(predictions)
    points = [(one.confidence, one.right) for one in bins]
    drawn = charts.chart(
        "Share right against confidence",
        charts.percent_axis("confidence"),
        charts.percent_axis("share right"),
        [charts.Line("ideal", [(0, 0), (1, 1)]), charts.Line("main", points, dots=True)],
    )
    text = "A dot for each tenth of confidence. On the dotted line, confidence equals accuracy."
    return Chart("Calibration", drawn, text)


def _learning(learning: Sequence[tuple[int, float]]) -> Chart:
    """Draw accuracy against tracks, on a logarithmic axis."""
    ticks = [(float(np.log2(size)), str(size)) for size, _ in learning]
    points = [(float(np.log2(size)), right) for size, right in learning]
    last = f"{learning[-1][1]:.0%} right with {learning[-1][0]} tracks of each genre"
    drawn = charts.chart(
        f"Accuracy against tracks of each genre: {last}",
        charts.Axis("tracks of each genre (doubling)", ticks),
        charts.percent_axis("right"),
        [charts.Line("main", points, dots=True)],
    )
    return Chart("Learning curve", drawn, f"{last.capitalize()}, drawn at random.")


def _printable(text: str) -> str:
    """Replace bytes that are not UTF-8, as a file name may contain them."""
    return text.encode(errors="backslashreplace").decode()
