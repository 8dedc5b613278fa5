"""Figures in the Prometheus text format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def render(snapshot: dict[str, Any]) -> str:
    """Write a `Board.snapshot` in Prometheus' text format, version 0.0.4."""
    return "".join(f"{line}\n" for line in _lines(snapshot))


def _lines(snapshot: dict[str, Any]) -> Iterator[str]:
    labels = _labels(version=snapshot["version"], model=snapshot["model"])
    yield from _metric("tagger_info", "gauge", "What runs.", {labels: 1})
    actions = {_labels(action=name): n for name, n in snapshot["actions"].items()}
    yield from _metric("tagger_files_total", "counter", "Files since the start.", actions)
    for name, text in {
        "known": "Files that are remembered.",
        "queue": "Files that wait to be filed.",
        "settling": "Files that may still be being written.",
        "workers": "Listening processes.",
    }.items():
        yield from _metric(f"tagger_{name}", "gauge", text, {"": snapshot[name]})
    yield from _metric(
        "tagger_start_time_seconds", "gauge", "Start, Unix time.", {"": snapshot["since"]}
    )
    if reconciled := snapshot["reconciled"]:
        text = "Last comparison of the folders with what is remembered, Unix time."
        yield from _metric("tagger_reconcile_time_seconds", "gauge", text, {"": reconciled["at"]})
        text = "How long that took."
        yield from _metric(
            "tagger_reconcile_duration_seconds", "gauge", text, {"": reconciled["seconds"]}
        )


def _labels(**values: str) -> str:
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    inside = ",".join(f'{name}="{value.translate(escapes)}"' for name, value in values.items())
    return f"{{{inside}}}"


def _metric(name: str, kind: str, text: str, values: dict[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{labels} {value}"
