"""Run the benchmarks: `python -m benchmarks`, or `make bench`.

    --sizes 1000 10000 100000   numbers of files of the second scan
    --records 1000 100000       numbers of records of status and playlists
    --watched 10000             files below the idle daemon
    --reclassified 10000        tracks that are decided again
    --scanned 1000              tracks of the scan on one core and on two
    --networks FOLDER           the folder of the fetched network
    --out FOLDER                results.json, history.jsonl, table.md and the charts

Figures are processor time, the least of several rounds; the scan on two cores is wall time.
Comparisons run in turn.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import library, processes, report, track
from tagger import __version__, config
from tagger.inference import networks

if TYPE_CHECKING:
    from benchmarks.measure import Result


def main() -> int:
    """Run all benchmarks; returns 1 after a regression."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--records", type=int, nargs="*", default=[1000, 10_000, 100_000])
    parser.add_argument("--watched", type=int, default=10_000)
    parser.add_argument("--reclassified", type=int, default=10_000)
    parser.add_argument("--scanned", type=int, default=1000)
    state = config.Settings().store.folder
    parser.add_argument("--networks", type=Path, default=networks.folder(state))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    asked = parser.parse_args()
    results: list[Result] = []

    def add(found) -> None:
        for one in found:
            print(one.name, f"{one.value:.3g} {one.unit}", one.ratio or "", file=sys.stderr)
            results.append(one)

    scans: list[tuple[int, float]] = []
    found: dict[str, list[tuple[int, float]]] = {"second scan": scans}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        add(track.run(folder, asked.networks))
        add(library.starts(folder / "track.mp3"))
        for size in asked.sizes:
            add(library.second_scan(folder / f"scan-{size}", size))
            scans.append((size, results[-3].value))
        for size in asked.records:
            add(library.queries(folder / f"records-{size}", size))
            found.setdefault("status", []).append((size, results[-8].value))
            found.setdefault("playlists", []).append((size, results[-6].value))
        add(processes.one_worker(folder / "track.mp3"))
        add(processes.reclassify(folder / "again", folder / "track.mp3", asked.reclassified))
        add(processes.idle_watch(folder / "watched", asked.watched))
        add(processes.two_cores(folder / "cores", folder / "track.mp3", asked.scanned))
    worse = report.record(results, asked.out, __version__)
    (asked.out / "table.md").write_text(report.table(results) + "\n")
    drawn = {name: line for name, line in found.items() if len(line) > 1}
    if drawn:
        (asked.out / "growth.svg").write_text(report.chart(drawn, "s"))
    print(report.table(results))
    for line in worse:
        print(f"regression: {line}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
