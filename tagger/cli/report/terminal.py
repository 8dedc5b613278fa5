"""The report of a run on a terminal: a progress bar with rate and time left, then tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Self

from rich import progress
from rich.console import Console
from rich.table import Table

from tagger.cli.output import printable
from tagger.cli.report.base import Report, counted
from tagger.cli.report.listing import folder_tables
from tagger.cli.report.words import NO_MUSIC
from tagger.core.domain import Action
from tagger.playlists import PlaylistAction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tagger.cli.report.base import Listing
    from tagger.core.domain import Outcome
    from tagger.pipeline.publish import Published
    from tagger.pipeline.unchanged import UnchangedFiles

MOST_SHOWN = 10


class TerminalReport(Report):
    """Draws with rich."""

    def __init__(
        self,
        words: Mapping[Action, str],
        *,
        dry_run: bool,
        listing: Listing = "auto",
        remember: bool = True,
        nothing: str = NO_MUSIC,
    ) -> None:
        self._lists_files = listing == "all" or (listing == "auto" and dry_run)
        remember = remember or self._lists_files
        super().__init__(
            words, dry_run=dry_run, listing=listing, remember=remember, nothing=nothing
        )
        # names of files and genres are no markup
        self._console = Console(markup=False, emoji=False, highlight=False)
        self._troubles: list[Outcome] = []
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
        self._analyzed = self._decided = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        self._progress.stop()
        super().__exit__(kind, *details)

    def found(self, files: int) -> None:
        """Count the files while they are found."""
        self._progress.update(self._task, completed=files)

    def expect(self, files: int) -> None:
        """Begin the bar."""
        self._progress.reset(self._task, total=files, description="Files", rate="")

    def analyzed(self, files: int) -> None:
        """Move the bar before the first outcome."""
        self._analyzed = files
        self._move()

    def _show(self, outcome: Outcome) -> None:
        if outcome.action in (Action.ERROR, Action.SKIP):
            self._troubles.append(outcome)
        self._decided += 1
        self._move()

    def _move(self) -> None:
        speed = self._progress.tasks[0].speed
        rate = f"{speed:.1f} files/s" if speed else ""
        done = max(self._analyzed, self._decided)
        self._progress.update(self._task, completed=done, rate=rate)

    def _show_unchanged(self, files: UnchangedFiles) -> None:
        """Show nothing: the files were counted while they were found."""

    def _show_end(self, published: Published, run: int | None) -> None:
        if self._lists_files:
            for part in folder_tables(self.outcomes):
                self._console.print(part)
        self._show_genres()
        if not self._actions:
            self._console.print(self._nothing)
        for action, count in self._actions.most_common():
            self._console.print(f"{count:>7}  {self._words[Action(action)]}")
        if self._passed_over:
            self._console.print(f"Passed over: {counted(self._passed_over)}")
        changes = Counter(change.action for change in published.playlists.changes)
        del changes[PlaylistAction.UNCHANGED]
        if changes:
            text = ", ".join(f"{count} {action}" for action, count in changes.items())
            self._console.print(f"Playlists: {text}")
        if notified := [name for name, error in published.players.items() if not error]:
            self._console.print(f"Notified: {', '.join(notified)}")
        if run is not None and self.written:
            self._console.print(f"`tagger undo --run {run}` takes this run back.")
        if not self._lists_files:
            self._show_troubles()

    def _show_genres(self) -> None:
        table = Table("Genre", "Tracks", title="Would write" if self._dry_run else "Written")
        for genre, tracks in self._genres.most_common():
            table.add_row(printable(genre), str(tracks))
        if self._genres:
            self._console.print(table)

    def _show_troubles(self) -> None:
        ordered = sorted(self._troubles, key=lambda outcome: outcome.action is not Action.ERROR)
        for outcome in ordered[:MOST_SHOWN]:
            text = printable(f"{outcome.path}: {outcome.reason}")
            self._console.print(f"{outcome.action}: {text}")
        if more := Counter(outcome.action for outcome in ordered[MOST_SHOWN:]):
            counts = ", ".join(f"{n} {self._words[action]}" for action, n in more.items())
            self._console.print(f"... and {counts}{self._where_listed()}")

    def _where_listed(self) -> str:
        """Return where each file is listed: a dry run does not fail where a write does."""
        if self._listing == "none":
            return ": `| less` in place of --summary lists each file"
        return ": the same command with `| less` lists each file"
