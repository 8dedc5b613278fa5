"""Line charts of shares as inline SVG, drawn in the colours of the page around them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH, HEIGHT = 460, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 22, 14, 50


@dataclass(frozen=True, slots=True)
class Axis:
    """The labels of an axis; ticks are values with texts, from one end to the other."""

    title: str
    ticks: Sequence[tuple[float, str]]

    def place(self, value: float) -> float:
        """Return the place of a value on the axis, 0 to 1."""
        first, last = self.ticks[0][0], self.ticks[-1][0]
        return (value - first) / (last - first)


@dataclass(frozen=True, slots=True)
class Line:
    """Points joined; `kind` is a class of the page's style sheet."""

    kind: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


def percent_axis(title: str, first: int = 0, step: int = 20) -> Axis:
    """Return an axis of shares up to 100%; `first` and `step` are its ticks in percent."""
    return Axis(title, [(tick / 100, f"{tick}%") for tick in range(first, 101, step)])


def chart(label: str, x: Axis, y: Axis, lines: Iterable[Line]) -> str:
    """Draw lines over a grid.

    `label` describes the chart in words. `x` and `y` are its axes, `lines` the lines in their
    coordinates.
    """
    drawn = "".join(_line(line, x, y) for line in lines)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{_grid(x, y)}{drawn}</svg>"
    )


def _grid(x: Axis, y: Axis) -> str:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    parts = []
    for value, text in y.ticks:
        at = _down(y.place(value))
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{_LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{text}</text>')
    for value, text in x.ticks:
        at = _across(x.place(value))
        parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{_TOP}" y2="{bottom}"/>')
        parts.append(f'<text x="{at}" y="{bottom + 17}" text-anchor="middle">{text}</text>')
    middle = (_TOP + bottom) / 2
    parts.append(
        f'<text class="axis" x="{(_LEFT + right) / 2}" y="{HEIGHT - 7}"'
        f' text-anchor="middle">{escape(x.title)}</text>'
        f'<text class="axis" transform="translate(15 {middle}) rotate(-90)"'
        f' text-anchor="middle">{escape(y.title)}</text>'
    )
    return "".join(parts)


def _line(line: Line, x: Axis, y: Axis) -> str:
    places = [(_across(x.place(a)), _down(y.place(b))) for a, b in line.points]
    points = " ".join(f"{across},{down}" for across, down in places)
    dots = "".join(
        f'<circle class="{line.kind}" cx="{across}" cy="{down}" r="4"/>' for across, down in places
    )
    return f'<polyline class="{line.kind}" points="{points}"/>{dots if line.dots else ""}'


def _across(place: float) -> float:
    return round(_LEFT + place * (WIDTH - _LEFT - _RIGHT), 1)


def _down(place: float) -> float:
    """Turn 0 to 1 into a height; values below the axis are drawn on the axis."""
    return round(_TOP + (1 - min(max(place, 0.0), 1.0)) * (HEIGHT - _TOP - _BOTTOM), 1)
