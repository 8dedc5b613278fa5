"""The run of a command that writes: its outcomes are taken, then playlists and players follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.core.domain import Action
from tagger.pipeline import build
from tagger.pipeline.publish import Published, absent, after_run
from tagger.players import Changes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from tagger.analysis.tag_jobs import TagJobs
    from tagger.config import Settings
    from tagger.core.domain import Outcome
    from tagger.pipeline.operations import Operation
    from tagger.pipeline.unchanged import UnchangedFiles
    from tagger.store import Store


class Observer:
    """Follows a run while it goes on; this base ignores everything."""

    def found(self, files: int) -> None:
        """Take the number of files found so far."""

    def passed_over(self, counts: Mapping[str, int]) -> None:
        """Take the numbers of files and folders that a rule leaves out, by reason."""

    def expect(self, files: int) -> None:
        """Take the number of outcomes that will follow."""

    def started(self, run: int) -> None:
        """Take the number of a run that writes, before its first write."""

    def analyzed(self, files: int) -> None:
        """Take the number of files that were analyzed before the first outcome."""

    def outcome(self, outcome: Outcome) -> None:
        """Take the outcome of one file."""

    def unchanged(self, files: UnchangedFiles) -> None:
        """Take the files of a folder without any work; `expect` does not count them."""
        for outcome in files.outcomes():
            self.outcome(outcome)


@dataclass(frozen=True, slots=True)
class RunResult:
    """The end of a command."""

    run: int | None
    """The number of the run that wrote, None in a dry run."""
    published: Published
    failed: int
    """Files that failed."""


class CommandRun:
    """Takes the outcomes of one command, and ends its run."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        observer: Observer,
        has_failed: Callable[[Outcome], bool] = lambda outcome: outcome.action is Action.ERROR,
    ) -> None:
        """Begin without a run, which `start` starts.

        Args:
            settings: The settings.
            store: The state database.
            observer: Takes the outcome of each file.
            has_failed: Returns whether an outcome counts as a failure.

        """
        self._settings = settings
        self._store = store
        self._observer = observer
        self._has_failed = has_failed
        self._changes = Changes()
        self._number: int | None = None
        self._failed = 0

    def take(self, outcome: Outcome) -> None:
        """Take the outcome of one file."""
        self._failed += self._has_failed(outcome)
        self._changes.outcome(outcome)
        self._observer.outcome(outcome)

    def start(self, command: str, jobs: TagJobs, model: str, *, dry_run: bool) -> Operation:
        """Start the run, and return the operation of the command.

        Args:
            command: The kind of the run in the store.
            jobs: The worker for tags.
            model: The id of the model of the decisions.
            dry_run: Write nothing, without a run.

        """
        if not dry_run:
            self._number = self._store.runs.start(command)
            self._observer.started(self._number)
        return build.operation(self._settings, self._store, jobs, self._number, model)

    def finish(self, roots: Collection[Path]) -> RunResult:
        """Finish the run, refresh the playlists of these roots, and notify players."""
        if self._number is None:
            return RunResult(None, Published(absent=absent(roots, self._store)), self._failed)
        self._store.runs.finish(self._number)
        published = after_run(self._settings, self._store, self._changes, roots)
        return RunResult(self._number, published, self._failed)
