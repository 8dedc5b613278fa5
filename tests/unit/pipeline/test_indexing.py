"""The outcomes of files that cannot be indexed."""

from __future__ import annotations

from concurrent.futures import Future

import media
import pytest

from tagger.analysis.tag_jobs import TagJobs
from tagger.config import WorkerSettings
from tagger.core.domain import Action, Outcome, Track, TrackTags
from tagger.errors import TagError, TooShortError, WorkerCrashedError, WorkerTimedOutError
from tagger.library.walk import Found, walk
from tagger.pipeline.indexing import index_files


class Answering:
    """A worker for tags with the same answer for each file."""

    field = ""
    count = 1

    def __init__(self, answer):
        self._answer = answer

    def submit_read(self, _path):
        future = Future()
        if isinstance(self._answer, Exception):
            future.set_exception(self._answer)
        else:
            future.set_result(self._answer)
        return future

    def result(self, future, _path):
        return future.result()


def found_below(folder):
    return [item for item in walk(folder, folder) if isinstance(item, Found)]


def test_a_file_that_cannot_be_read_is_named_with_the_reason_and_the_next_step(tmp_path, store):
    path = media.make(tmp_path / "song.mp3")
    failing = Answering(TagError("cannot be read", path, "check the disk"))
    (outcome,) = index_files(found_below(tmp_path), store, failing)
    assert (outcome.path, outcome.action) == (path, Action.ERROR)
    assert outcome.reason == "cannot be read (check the disk)"


def test_a_failure_is_forgotten_when_the_tags_are_read_in_a_later_attempt(tmp_path, store):
    path = media.make(tmp_path / "song.mp3")
    late = Answering(WorkerTimedOutError("took longer than 1 s", path))
    (outcome,) = index_files(found_below(tmp_path), store, late)
    assert [failure.reason for failure in store.failures.all()] == [outcome.reason]
    (track,) = index_files(found_below(tmp_path), store, Answering(TrackTags(genres=("Folk",))))
    assert track.tags.genres == ("Folk",)
    assert store.failures.all() == []


@pytest.mark.parametrize(
    ("error", "kind"), [(TooShortError("is short"), Track), (WorkerCrashedError("ended"), Outcome)]
)
def test_a_file_without_enough_sound_is_indexed_again_below_another_root(
    tmp_path, store, error, kind
):
    (tmp_path / "album").mkdir()
    path = media.make(tmp_path / "album" / "song.mp3")
    with TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        for root in (path.parent, tmp_path):
            found = [item for item in walk(root, root) if isinstance(item, Found)]
            (indexed,) = index_files(found, store, jobs)
            if root == path.parent:
                store.failures.give_up(path, found[0].identity, error)
    assert isinstance(indexed, kind)
    assert store.files.get(path).root == (tmp_path if kind is Track else path.parent)
    failure = store.failures.get(path)
    assert (type(failure.error), failure.given_up) == (type(error), True)
