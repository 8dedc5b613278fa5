"""Files that another program removes while a scan is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bundles
import media
import pytest

from tagger.config import load
from tagger.core.domain import Action, FileIdentity
from tagger.errors import WorkerTimedOutError
from tagger.pipeline.command_run import Observer
from tagger.pipeline.scan import Scan, ScanOptions
from tagger.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.core.domain import Outcome


class Remover(Observer):
    """Removes a file when a scan begins to find, to analyze, or to write files."""

    def __init__(self, path: Path, step: str) -> None:
        self.path = path
        self.step = step
        self.outcomes: dict[str, Outcome] = {}

    def found(self, files: int) -> None:
        super().found(files)
        self._at("found")

    def expect(self, files: int) -> None:
        super().expect(files)
        self._at("expect")

    def outcome(self, outcome: Outcome) -> None:
        self._at("outcome")
        self.outcomes[outcome.path.name] = outcome

    def _at(self, step: str) -> None:
        if step == self.step:
            self.path.unlink(missing_ok=True)


@pytest.mark.parametrize("step", ["found", "expect", "outcome"])
def test_a_file_removed_during_a_scan_is_skipped_and_no_failure_of_the_run(
    program, monkeypatch, step
):
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, program.environment[name])
    for name, seed in (("a", 1), ("b", 2)):
        sound = bundles.high(seed=seed)
        media.make(program.music / f"{name}.flac", "flac", signal=sound, rate=44100, tags={})
    settings = load(program.config)
    observer = Remover(program.music / "b.flac", step)
    with Store(settings.store.folder) as store:
        result = Scan(settings, store, [program.music], ScanOptions()).run(observer)
        assert store.runs.decision(observer.path) is None
    removed = observer.outcomes["b.flac"]
    assert (removed.action, removed.reason) == (Action.SKIP, "was removed during the run")
    assert observer.outcomes["a.flac"].after == ("Metal",)
    assert result.failed == 0


def test_a_file_whose_tags_no_worker_could_read_leaves_the_status_when_it_is_moved_away(program):
    path = media.make(program.music / "a.mp3")
    with Store(program.state) as store:
        error = WorkerTimedOutError("took longer than 60 s", path)
        store.failures.record_failure(path, FileIdentity.of(path.stat()), error)
    failures = program.run("status", "--json").objects[0]["failures"]
    assert [failure["path"] for failure in failures] == [str(path)]
    path.rename(program.home / "a.mp3")
    assert program.run("status", "--json").objects[0]["failures"] == []
