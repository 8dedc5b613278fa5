"""The outcomes of a run as one web page that needs no other file and no network."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.cli.report.words import DONE, WOULD_BE
from tagger.core.domain import Action
from tagger.errors import OutputError
from tagger.system.atomic import replace_file
from tagger.system.next_steps import next_step
from tagger.system.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagger.core.domain import Outcome

TEMPLATE = Path(__file__).with_name("page.html.jinja")
_NUMBER = re.compile(r"\d+%?")


def write_page(
    path: Path,
    outcomes: Sequence[Outcome],
    *,
    dry_run: bool,
    run: int | None,
    title: str | None = None,
) -> None:
    """Write the page of a run.

    Args:
        path: The file; an existing file is replaced.
        outcomes: The outcome of each file.
        dry_run: The run wrote nothing.
        run: The number of the run that wrote.
        title: The title; by default that of a run.

    Raises:
        OutputError: the file cannot be written.

    """
    text = page(outcomes, dry_run=dry_run, run=run, title=title)
    try:
        replace_file(path, text.encode())
    except OSError as error:
        hint = next_step(error, "name another file")
        raise OutputError(f"cannot be written: {error.strerror}", path, hint) from error


def page(
    outcomes: Sequence[Outcome], *, dry_run: bool, run: int | None, title: str | None = None
) -> str:
    """Return the page of a run; its table is sorted and filtered in the browser.

    Args:
        outcomes: The outcome of each file.
        dry_run: The run wrote nothing.
        run: The number of the run that wrote.
        title: The title; by default that of a run.

    """
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - most runs make no page

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    words = WOULD_BE if dry_run else DONE
    counts = Counter(outcome.action for outcome in outcomes)
    genres = Counter(g for o in outcomes if o.action.writes for g in set(o.after) - set(o.before))
    reasons = Counter((o.action, _kind(o)) for o in outcomes if not o.action.writes)
    return environment.from_string(TEMPLATE.read_text("utf-8")).render(
        title=title or f"Genres that tagger {'would write' if dry_run else 'wrote'}",
        made=datetime.now().astimezone().isoformat(" ", "minutes"),
        run=run,
        total=len(outcomes),
        counts=[(action, words[action], counts[action]) for action in Action if counts[action]],
        genres=genres.most_common(),
        reasons=[(words[action], kind, n) for (action, kind), n in reasons.most_common()],
        rows=[_row(outcome) for outcome in sorted(outcomes, key=lambda outcome: outcome.path)],
    )


def _row(outcome: Outcome) -> dict[str, object]:
    return {
        "action": outcome.action,
        "folder": one_line(str(outcome.path.parent)),
        "file": one_line(outcome.path.name),
        "now": one_line(", ".join(outcome.before)),
        "then": one_line(", ".join(outcome.after)) if outcome.action.writes else "",
        "sure": None if outcome.confidence is None else int(100 * outcome.confidence),
        "reason": one_line(outcome.reason),
    }


def _kind(outcome: Outcome) -> str:
    """Return a reason without the details of its file: genres, numbers and names."""
    reason = outcome.reason.partition(" (")[0]
    if outcome.action is Action.ABSTAIN:
        first, _, rest = reason.partition(": ")
        reason = first if first == "unsure" and "needed" in rest else rest or first
    return one_line(_NUMBER.sub("…", reason))
