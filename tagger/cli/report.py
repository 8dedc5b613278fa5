"""How a run is told: JSON lines, plain lines, or a progress bar and a table."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import click

from tagger.cli.options import outcome_json, outcome_line, print_json, printable
from tagger.core.domain import Action
from tagger.players import Changes, notify_all
from tagger.playlists import PlaylistAction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.progress import Progress, TaskID

    from tagger.config import PlayerSettings
    from tagger.core.domain import Outcome
    from tagger.playlists.refresh import Refreshed

WRITTEN = (Action.SET, Action.ADD)
MOST_SHOWN = 10
DONE = {
    Action.SET: "got a genre",
    Action.ADD: "got a further genre",
    Action.KEEP: "kept as they are",
    Action.ABSTAIN: "left alone, unsure",
    Action.SKIP: "skipped",
    Action.ERROR: "failed",
}
"""What became of so many files, after their number."""
WOULD_BE = DONE | {Action.SET: "would get a genre", Action.ADD: "would get a further genre"}
UNDONE = DONE | {Action.SET: "taken back"}
NO_MUSIC = "no music found"
NOTHING_TO_UNDO = "nothing of tagger's stands there"


class Report:
    """Counts what a run did and prints plain lines: the form for pipes and log files."""

    def __init__(self, words: Mapping[Action, str], *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._words = words
        self._nothing = NOTHING_TO_UNDO if words is UNDONE else NO_MUSIC
        self._began = time.monotonic()
        self._actions: Counter[str] = Counter()
        self._genres: Counter[str] = Counter()
        self._playlists: Counter[str] = Counter()
        self._players: dict[str, str] = {}
        self._changes = Changes()
        self.run: int | None = None
        """The number of the run that wrote, None if none did."""

    @property
    def failed(self) -> bool:
        """Whether some file failed."""
        return self._actions[Action.ERROR] > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the screen as a run's end should."""

    def seen(self, files: int) -> None:
        """Hear how many files were found so far."""

    def expect(self, files: int) -> None:
        """Hear how many outcomes will come."""

    def outcome(self, outcome: Outcome) -> None:
        """Hear what became of one file."""
        self._actions[outcome.action] += 1
        if outcome.action in WRITTEN:
            self._genres.update(set(outcome.after) - set(outcome.before))
        self._changes.outcome(outcome)
        self.show(outcome)

    def show(self, outcome: Outcome) -> None:
        """Print one file's line."""
        click.echo(outcome_line(outcome))

    def playlists(self, refreshed: Refreshed) -> None:
        """Hear what became of the playlists."""
        for change in refreshed.changes:
            self._playlists[change.action] += 1
            if change.reason and change.action is not PlaylistAction.REMOVED:
                self.warn(f"playlist {change.path}: {change.reason}")
        for problem in refreshed.problems:
            self.warn(f"playlists: {problem}")
        self._changes.playlists(refreshed.written)

    def tell(self, players: PlayerSettings) -> None:
        """Have players told of all that was heard, and say which could not be."""
        for name, error in notify_all(players, self._changes).items():
            self._players[name] = "failed" if error else "told"
            if error:
                self.warn(f"player {name}: {error}")

    def warn(self, text: str) -> None:
        """Say something that does not stop the run."""
        click.echo(printable(text), err=True)

    def summary(self) -> dict[str, Any]:
        """Return the figures of the run."""
        return {
            "run": self.run,
            "dry_run": self._dry_run,
            "files": self._actions.total(),
            **{str(action): self._actions[action] for action in Action},
            "genres": dict(self._genres.most_common()),
            "playlists": dict(self._playlists),
            "players": self._players,
            "seconds": round(time.monotonic() - self._began, 2),
        }

    def finish(self) -> None:
        """Say what the run came to."""
        counts = [f"{n} {self._words[Action(a)]}" for a, n in self._actions.most_common()]
        click.echo(f"{self._actions.total()} files: {', '.join(counts) or self._nothing}")

    @property
    def written(self) -> int:
        """How many files got genres."""
        return sum(self._actions[action] for action in WRITTEN)


class JsonReport(Report):
    """One object a file, then the summary."""

    def show(self, outcome: Outcome) -> None:
        """Print one file's object."""
        print_json(outcome_json(outcome))

    def finish(self) -> None:
        """Print the summary's object."""
        print_json({"summary": self.summary()})


class TerminalReport(Report):
    """A progress bar with rate and time left, then a table by genre."""

    def __init__(self, words: Mapping[Action, str], *, dry_run: bool) -> None:
        from rich.console import Console  # noqa: PLC0415 - pipes need no rich

        super().__init__(words, dry_run=dry_run)
        self._console = Console()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._troubles: list[Outcome] = []

    def __enter__(self) -> Self:
        from rich import progress  # noqa: PLC0415

        self._progress = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[rate]}"),
            progress.TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("Looking", total=None, rate="")
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()

    def seen(self, files: int) -> None:
        """Count the files while they are found."""
        if self._progress and self._task is not None:
            self._progress.update(self._task, completed=files)

    def expect(self, files: int) -> None:
        """Begin the bar."""
        if self._progress and self._task is not None:
            self._progress.reset(self._task, total=files, description="Listening", rate="")

    def show(self, outcome: Outcome) -> None:
        """Move the bar, and keep what went wrong for the end."""
        if outcome.action in (Action.ERROR, Action.SKIP):
            self._troubles.append(outcome)
        if self._progress and self._task is not None:
            speed = self._progress.tasks[0].speed
            rate = f"{speed:.1f} files/s" if speed else ""
            self._progress.update(self._task, advance=1, rate=rate)

    def finish(self) -> None:
        """Draw the tables."""
        from rich.table import Table  # noqa: PLC0415

        table = Table("Genre", "Tracks", title="Would write" if self._dry_run else "Written")
        for genre, tracks in self._genres.most_common():
            table.add_row(printable(genre), str(tracks))
        if self._genres:
            self._console.print(table)
        if not self._actions:
            self._console.print(self._nothing)
        for action, count in self._actions.most_common():
            self._console.print(f"{count:>7}  {self._words[Action(action)]}", highlight=False)
        changed = {a: n for a, n in self._playlists.items() if a != PlaylistAction.UNCHANGED}
        if changed:
            text = ", ".join(f"{count} {action}" for action, count in changed.items())
            self._console.print(f"Playlists: {text}", highlight=False)
        if told := [name for name, became in self._players.items() if became == "told"]:
            self._console.print(f"Told: {', '.join(told)}", highlight=False)
        if self.run is not None and self.written:
            text = f"`tagger undo --run {self.run}` takes this run back."
            self._console.print(text, highlight=False)
        self._show_troubles()

    def _show_troubles(self) -> None:
        for outcome in self._troubles[:MOST_SHOWN]:
            text = printable(f"{outcome.path}: {outcome.reason}")
            self._console.print(f"{outcome.action}: {text}", markup=False, highlight=False)
        if len(self._troubles) > MOST_SHOWN:
            more = len(self._troubles) - MOST_SHOWN
            self._console.print(f"... and {more} more: `tagger status` lists failures")


def report(*, as_json: bool, dry_run: bool, words: Mapping[Action, str] | None = None) -> Report:
    """Choose the form that fits: JSON if asked for, a terminal's, or plain lines."""
    words = words or (WOULD_BE if dry_run else DONE)
    if as_json:
        return JsonReport(words, dry_run=dry_run)
    kind = TerminalReport if sys.stdout.isatty() else Report
    return kind(words, dry_run=dry_run)
