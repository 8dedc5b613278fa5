"""The results as a table, as JSON, in a history, and drawn."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measure import Result

WORSE = 1.25
"""The ratio to the newest earlier result from which on a row is a regression."""
WIDTH, HEIGHT, MARGIN = 640, 360, 60
COLOURS = ("#2563eb", "#dc2626", "#16a34a", "#9333ea")


def table(results: list[Result]) -> str:
    """Return the results as a table of Markdown."""
    rows = ["| Work | Result | Against | Ratio | Aim | |", "|---|---|---|---|---|---|"]
    for one in results:
        base = "" if one.base is None else f"{one.base:.3g} {one.unit}"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        aim = "" if one.aim is None else f"{one.aim:.3g}" + ("" if one.ratio else f" {one.unit}")
        reached = {None: "", True: "reached", False: "not reached"}[one.reached]
        rows.append(
            f"| {one.name} | {one.value:.3g} {one.unit} | {base} | {ratio} | {aim} | {reached} |"
        )
    return "\n".join(rows)


def record(results: list[Result], folder: Path, version: str) -> list[str]:
    """Write `results.json`, add a line to `history.jsonl`, and return the regressions."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = [asdict(one) | {"ratio": one.ratio, "reached": one.reached} for one in results]
    (folder / "results.json").write_text(json.dumps(figures, indent=1) + "\n")
    history = folder / "history.jsonl"
    lines = history.read_text().splitlines() if history.exists() else []
    earlier: dict[str, float] = {}
    for line in lines:
        earlier |= json.loads(line)["figures"]
    now = {one.name: one.ratio or one.value for one in results}
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    entry = json.dumps({"at": moment, "version": version, "figures": now})
    history.write_text("\n".join([*lines, entry]) + "\n")
    return [
        f"{name}: {now[name]:.3g} instead of {earlier[name]:.3g}"
        for name in now
        if name in earlier and now[name] > WORSE * earlier[name]
    ]


def chart(series: dict[str, list[tuple[int, float]]], unit: str) -> str:
    """Draw values by count on logarithmic axes, as SVG; a dashed line grows with the count."""
    points = [point for line in series.values() for point in line]
    x0, x1 = (math.log10(f(n for n, _ in points)) for f in (min, max))
    y0 = math.floor(math.log10(min(v for _, v in points)))
    y1 = math.ceil(math.log10(max(v for _, v in points)))

    def place(count: float, value: float) -> tuple[float, float]:
        x = MARGIN + (math.log10(count) - x0) / ((x1 - x0) or 1) * (WIDTH - 2 * MARGIN)
        y = HEIGHT - MARGIN - (math.log10(value) - y0) / ((y1 - y0) or 1) * (HEIGHT - 2 * MARGIN)
        return round(x, 1), round(y, 1)

    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for count in sorted({n for n, _ in points}):
        x, y = place(count, 10**y0)
        parts.append(f'<text x="{x}" y="{y + 18}" text-anchor="middle">{count:,}</text>')
    for power in range(y0, y1 + 1):
        x, y = place(10**x0, 10**power)
        parts.append(
            f'<text x="{x - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g} {unit}</text>'
        )
        parts.append(f'<path d="M{x} {y}H{WIDTH - MARGIN}" stroke="#ddd"/>')
    for number, (name, line) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x},{y}" for x, y in (place(*point) for point in sorted(line)))
        first, last = min(line), max(line)
        straight = (last[0], first[1] * last[0] / first[0])
        ends = " ".join(f"{x},{y}" for x, y in (place(*first), place(*straight)))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(
            f'<polyline points="{ends}" fill="none" stroke="{colour}" stroke-dasharray="3 4"/>'
        )
        parts.append(
            f'<text x="{MARGIN + 10}" y="{20 + 16 * number}" fill="{colour}">{name}</text>'
        )
    body = "\n".join(parts)
    style = 'font-family="sans-serif" font-size="12"'
    box = f"0 0 {WIDTH} {HEIGHT}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" {style}>\n{body}\n</svg>\n'
