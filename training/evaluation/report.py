"""One self-contained HTML page about how a model decides. Pure: from predictions to text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.ensemble import HeldOut
from training.evaluation import breakdown, charts
from training.evaluation.measure import PROMISE, promised_threshold
from training.evaluation.metrics import calibration_error, interval, track_predictions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from training.data.dataset import Dataset
    from training.ensemble import Ensemble
    from training.evaluation.metrics import Indices, Predictions

MOST_MISTAKES = 25
_STYLE = Path(__file__).with_name("report.css")


@dataclass(frozen=True, eq=False)
class Subject:
    """What a report is about."""

    title: str
    about: Mapping[str, str]
    """What the data and the model were, in words, by heading."""
    data: Dataset
    heard: HeldOut
    """Predictions by models that had not heard the clip's artist; of each clip the first counts."""
    threshold: float | None
    """What is surer than this is written, for a promise of `PROMISE`; None writes nothing."""
    learning: Sequence[tuple[int, float]] = field(default=())
    """Accuracy by tracks of each genre, from `evidence.learning_curve`."""


def library_subject(ensemble: Ensemble, data: Dataset, held: Indices) -> Subject:
    """Tell how a model of the user's own does on artists that were kept from it."""
    return Subject(
        "Your own library",
        {
            "Data": f"{len(data.labels)} tracks of your own, as you file them.",
            "Split": f"{len(held)} tracks of artists that the measured model had not heard.",
            "Model": " + ".join(candidate.name for candidate in ensemble.candidates),
        },
        data,
        HeldOut(held, ensemble.log_probabilities(data, held)),
        promised_threshold(track_predictions(data, ensemble.held_out)),
    )


def page(subject: Subject) -> str:
    """Write the page."""
    members, first = np.unique(subject.heard.members, return_index=True)
    heard = HeldOut(members, subject.heard.log_probabilities[first])
    verdicts = track_predictions(subject.data, heard)
    genres = subject.data.genres
    shown = breakdown.mistakes(subject.data, members, verdicts, MOST_MISTAKES)
    sections = (
        _summary(verdicts, subject.threshold),
        _about(subject.about),
        _genres(breakdown.by_genre(verdicts, genres)),
        _confusion(breakdown.confusion(verdicts, len(genres)).tolist(), genres),
        _curves(verdicts, subject.threshold, subject.learning),
        _mistakes(shown, subject.threshold),
    )
    title = _text(subject.title)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE.read_text(encoding='utf-8')}</style></head>\n"
        f"<body><header><h1>{title}</h1>"
        '<p class="soft">How often it is right about artists that it has never heard.</p></header>'
        f"{chr(10).join(sections)}</body></html>\n"
    )


def _summary(verdicts: Predictions, threshold: float | None) -> str:
    low, high = interval(verdicts)
    kept = verdicts.surer_than(threshold)
    right = f"{verdicts.right[kept].mean():.1%}" if kept.any() else "-"
    artists = len(np.unique(verdicts.artists))
    tiles = (
        (f"{verdicts.accuracy:.1%}", f"right, if it always answers; 95%: {low:.1%} to {high:.1%}"),
        (right, f"right among what it would write, where {PROMISE:.0%} is promised"),
        (f"{kept.mean():.1%}", "of the tracks it would write; of the others it is not sure enough"),
        (f"{calibration_error(verdicts):.3f}", "calibration error: how far its confidence is off"),
        (f"{len(verdicts.labels):,}", f"tracks by {artists:,} artists"),
    )
    items = "".join(f"<li><b>{number}</b><span>{text}</span></li>" for number, text in tiles)
    return f'<ul class="tiles">{items}</ul>'


def _about(about: Mapping[str, str]) -> str:
    rows = "".join(f"<dt>{_text(key)}</dt><dd>{_text(value)}</dd>" for key, value in about.items())
    return f"<h2>What was measured</h2><dl>{rows}</dl>"


def _genres(figures: Iterable[breakdown.GenreFigures]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_text(one.genre)}</th><td>{one.tracks}</td><td>{one.artists}</td>'
        f"{_share(one.precision)}{_share(one.recall)}</tr>"
        for one in figures
    )
    return (
        "<h2>Genre by genre</h2><p>Precision: of what is called so, how much is. Recall: of what"
        " is, how much is called so. The bars are 95% intervals over artists, 0 to 100%: few"
        " artists, long bars.</p>"
        '<div class="wide"><table><thead><tr><th class="left">Genre</th><th>Tracks</th>'
        '<th>Artists</th><th class="share">Precision</th><th class="share">Recall</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _share(share: breakdown.Share) -> str:
    if share.value is None:
        return '<td class="share">-</td>'
    said = f"{share.low:.0%} to {share.high:.0%}"
    place = f"--low:{share.low:.3f};--high:{share.high:.3f};--at:{share.value:.3f}"
    bar = f'<span class="range" style="{place}" title="{said}"><i></i><u></u></span>'
    return f'<td class="share">{share.value:.0%}{bar}</td>'


def _confusion(counts: Sequence[Sequence[int]], genres: Sequence[str]) -> str:
    heads = "".join(f'<th scope="col">{_text(genre)}</th>' for genre in genres)
    rows = "".join(
        f'<tr><th scope="row">{_text(genre)}</th>{_cells(row, place)}</tr>'
        for place, (genre, row) in enumerate(zip(genres, counts, strict=True))
    )
    return (
        "<h2>What is taken for what</h2><p>A row is what the tracks are, a column what they are"
        " called; framed is right. The colour is the share of the row.</p>"
        f'<div class="wide"><table class="confusion"><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cells(row: Sequence[int], right: int) -> str:
    total = max(sum(row), 1)
    cells = []
    for place, count in enumerate(row):
        kind = "right" if place == right else "" if count else "none"
        cells.append(
            f'<td class="{kind}" style="--share:{count / total:.3f}">{count or "&middot;"}</td>'
        )
    return "".join(cells)


def _curves(
    verdicts: Predictions, threshold: float | None, learning: Sequence[tuple[int, float]]
) -> str:
    figures = [_risk_coverage(verdicts, threshold), _calibration(verdicts)]
    if len(learning) > 1:
        figures.append(_learning(learning))
    return f'<h2>Curves</h2><div class="charts">{"".join(figures)}</div>'


def _risk_coverage(verdicts: Predictions, threshold: float | None) -> str:
    coverage, right = breakdown.risk_coverage(verdicts)
    # The first few clips say little, and a point for every clip would make a large page.
    shown = np.unique(np.linspace(min(19, len(right) - 1), len(right) - 1, 200).astype(int))
    line = charts.Line("main", list(zip(coverage[shown], right[shown], strict=True)))
    lowest = min(80, int(right[shown].min() * 10) * 10)
    promise = charts.Line("promise", [(0, PROMISE), (1, PROMISE)])
    written = int(verdicts.surer_than(threshold).sum()) - 1
    at = [(coverage[written], right[written])] if written >= 0 else []
    drawn = charts.chart(
        f"Precision against share written, {right[-1]:.0%} right when all is written",
        charts.percent_axis("share of the tracks written, the surest first"),
        charts.percent_axis("right among them", lowest, step=10 if lowest >= 40 else 20),
        [promise, line, charts.Line("here", at, dots=True)],
    )
    text = f"Dashed: the promise of {PROMISE:.0%}. The dot: what it would write for it."
    return _figure("Writing less, being right more often", drawn, text)


def _calibration(verdicts: Predictions) -> str:
    bins = breakdown.calibration(verdicts)
    points = [(one.confidence, one.right) for one in bins]
    drawn = charts.chart(
        "Share right against confidence",
        charts.percent_axis("how sure it was"),
        charts.percent_axis("how often it was right"),
        [charts.Line("ideal", [(0, 0), (1, 1)]), charts.Line("main", points, dots=True)],
    )
    text = "Each dot is the tracks of one tenth of confidence. On the dotted line, sure is right."
    return _figure("Is it as sure as it should be?", drawn, text)


def _learning(learning: Sequence[tuple[int, float]]) -> str:
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
    return _figure("Would more tracks help?", drawn, f"{last.capitalize()}, drawn at random.")


def _figure(title: str, drawn: str, text: str) -> str:
    return f"<figure><h3>{title}</h3>{drawn}<figcaption>{text}</figcaption></figure>"


def _mistakes(shown: Sequence[breakdown.Mistake], threshold: float | None) -> str:
    rows = "".join(
        f'<tr><td>{one.confidence:.0%}</td><td class="left">{_text(one.called)}</td>'
        f'<td class="left">{_text(one.genre)}</td><td class="clip">{_text(one.clip)}</td>'
        f'<td class="clip">{_text(one.artist)}</td></tr>'
        for one in shown
    )
    written = (
        "Nothing would be written."
        if threshold is None
        else f"From {threshold:.0%} on they would be written."
    )
    return (
        f"<h2>The surest mistakes</h2><p>{written} Where the label itself is wrong, this is where"
        ' it shows.</p><div class="wide"><table><thead><tr><th>Sure</th><th class="left">Called'
        '</th><th class="left">Is</th><th class="left">Clip</th><th class="left">Artist</th></tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def _text(text: str) -> str:
    """Escape what may be anything, such as a file name that is no UTF-8."""
    return escape(text.encode(errors="backslashreplace").decode())
