"""Outcomes as tables of a terminal: folder by folder, a row a file."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from tagger.cli.output import printable
from tagger.core.domain import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tagger.core.domain import Outcome

STYLES = {Action.SET: "green", Action.ADD: "green", Action.ERROR: "red", Action.SKIP: "yellow"}
GENRE_WIDTH = 16
NAME_WIDTH = 30
"""Columns of a terminal at most; longer texts are folded."""


def folder_tables(outcomes: Iterable[Outcome]) -> Iterator[Text | Table]:
    """Yield for each folder its path, then a table of its files in the order of their paths."""
    ordered = sorted(outcomes, key=lambda outcome: (outcome.path.parent, outcome.path.name))
    widths = (
        _width((o.path.name for o in ordered), NAME_WIDTH),
        _width((", ".join(o.before) for o in ordered), GENRE_WIDTH),
        _width((_then(o) for o in ordered), GENRE_WIDTH),
    )
    for folder, members in groupby(ordered, key=lambda outcome: outcome.path.parent):
        yield Text(printable(folder), style="bold")
        yield _table(list(members), widths)


def _table(outcomes: Sequence[Outcome], widths: tuple[int, int, int]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 1))
    for width in widths:
        table.add_column(width=width, overflow="fold")
    table.add_column(width=4, justify="right")
    table.add_column(overflow="fold")
    for outcome in outcomes:
        sure = "" if outcome.confidence is None else f"{int(100 * outcome.confidence)}%"
        cells = (outcome.path.name, ", ".join(outcome.before) or "-", _then(outcome), sure)
        style = STYLES.get(outcome.action, "dim")
        texts = [Text(printable(cell)) for cell in (*cells, outcome.reason)]
        table.add_row(*texts, style=style)
    return table


def _then(outcome: Outcome) -> str:
    return f"-> {', '.join(outcome.after)}" if outcome.action.writes else str(outcome.action)


def _width(texts: Iterable[str], most: int) -> int:
    return min(most, max((len(printable(text)) for text in texts), default=1))
