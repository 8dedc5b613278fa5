"""The report of a run, and its form for pipes and log files: a line a file."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, Self

import click

from tagger.cli.output import SOME_FAILED, printable
from tagger.cli.report.lines import outcome_line
from tagger.cli.report.page import write_page
from tagger.cli.report.words import NO_MUSIC, NONE_YET
from tagger.core.domain import Action
from tagger.pipeline.command_run import Observer
from tagger.pipeline.publish import Published
from tagger.playlists import PlaylistAction
from tagger.playlists.refresh import MOST_NAMED
from tagger.system.text import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tagger.core.domain import Outcome
    from tagger.pipeline.unchanged import UnchangedFiles

Listing = Literal["auto", "all", "none"]
"""Files in the report: those of a dry run, of a pipe and of JSON, all files, or none."""


class Report(Observer):
    """Counts the outcomes of a run, and prints each as a plain line."""

    def __init__(
        self,
        words: Mapping[Action, str],
        *,
        dry_run: bool,
        listing: Listing = "auto",
        remember: bool = True,
        nothing: str = NO_MUSIC,
    ) -> None:
        self._dry_run = dry_run
        self._listing = listing
        self._words = words
        self._nothing = nothing
        self._began = time.monotonic()
        self._actions: Counter[str] = Counter()
        self._genres: Counter[str] = Counter()
        self._remember = remember
        self.outcomes: list[Outcome] = []
        """The outcomes so far, if they are remembered."""
        self._run: int | None = None
        self._passed_over: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Print the end of an interrupted run."""
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self._nothing = NONE_YET
            self._show_end(Published(), self._run)

    def started(self, run: int) -> None:
        """Take the number of the run."""
        self._run = run

    def passed_over(self, counts: Mapping[str, int]) -> None:
        """Take the numbers of files and folders that a rule leaves out, by reason."""
        self._passed_over = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def outcome(self, outcome: Outcome) -> None:
        """Take the outcome of one file."""
        if self._remember:
            self.outcomes.append(outcome)
        self._actions[outcome.action] += 1
        if outcome.action.writes:
            self._genres.update(set(outcome.after) - set(outcome.before))
        self._show(outcome)

    def unchanged(self, files: UnchangedFiles) -> None:
        """Take the files of a folder without any work."""
        if self._remember:
            self.outcomes += files.outcomes()
        self._actions.update([decision.action for _, decision in files.decisions])
        self._show_unchanged(files)

    def finish(
        self,
        published: Published,
        run: int | None = None,
        failed: int | None = None,
        page: Path | None = None,
    ) -> None:
        """Print the end of the run, and write its page; exits with 1 if a file or playlist failed.

        Args:
            published: The playlists and players after the run.
            run: The number of the run that wrote, None if none did.
            failed: The number of failures that count; None for all failed files.
            page: The file of the page, written last: a full disk hides no count.

        Raises:
            OutputError: the page cannot be written.

        """
        for warning in warnings(published):
            click.echo(printable(warning), err=True)
        self._show_end(published, run)
        if page:
            write_page(page, self.outcomes, dry_run=self._dry_run, run=run)
        if (
            self._actions[Action.ERROR] if failed is None else failed
        ) or published.playlists.failed:
            raise click.exceptions.Exit(SOME_FAILED)

    def summary(self, published: Published, run: int | None) -> dict[str, Any]:
        """Return the figures of the run, in the form that is documented for scripts."""
        changes = Counter(str(change.action) for change in published.playlists.changes)
        return {
            "run": run,
            "dry_run": self._dry_run,
            "files": self._actions.total(),
            **{str(action): self._actions[action] for action in Action},
            "passed_over": self._passed_over,
            "genres": dict(self._genres.most_common()),
            "playlists": dict(changes),
            "players": {n: "failed" if e else "told" for n, e in published.players.items()},
            "seconds": round(time.monotonic() - self._began, 2),
        }

    @property
    def written(self) -> int:
        """How many files got genres."""
        return sum(count for action, count in self._actions.items() if Action(action).writes)

    def _show(self, outcome: Outcome) -> None:
        if self._listing != "none":
            click.echo(self._line(outcome))

    def _show_unchanged(self, files: UnchangedFiles) -> None:
        if self._listing != "none":
            click.echo("\n".join(map(self._line, files.outcomes())))

    def _line(self, outcome: Outcome) -> str:
        return outcome_line(outcome)

    def _show_end(self, published: Published, run: int | None) -> None:  # noqa: ARG002 - forms with more room show them
        counts = [f"{n} {self._words[Action(a)]}" for a, n in self._actions.most_common()]
        total = self._actions.total()
        files = "1 file" if total == 1 else f"{total} files"
        click.echo(f"{files}: {', '.join(counts) or self._nothing}")
        if run is not None and self.written:
            click.echo(f"`tagger undo --run {run}` takes this run back.")
        if self._passed_over:
            click.echo(f"passed over: {counted(self._passed_over)}")


def counted(counts: Mapping[str, int]) -> str:
    """Return counts by reason as text."""
    return "; ".join(f"{reason}: {count}" for reason, count in counts.items())


def warnings(published: Published, *, listed: bool = False) -> Iterator[str]:
    """Yield a line for each playlist and player that did not come out as it should.

    Args:
        published: The playlists and players after a run.
        listed: Whether every playlist is printed beside the lines, and each track left out.

    """
    for change in () if listed else published.playlists.changes:
        if change.reason and change.action is not PlaylistAction.REMOVED:
            yield f"playlist {change.path}: {change.reason}"
    problems = published.playlists.problems
    named = problems if listed else problems[:MOST_NAMED]
    for problem in (*named, *published.playlists.lost_folders):
        yield f"playlists: {problem}"
    if more := len(problems) - len(named):
        yield f"playlists: {number_of(more, 'more track')} left out; `tagger playlists` lists all"
    for name, error in published.players.items():
        if error:
            yield f"player {name}: {error}"
