"""The outcomes of files that cannot be indexed."""

from __future__ import annotations

from concurrent.futures import Future

import media

from tagger.core.domain import Action
from tagger.errors import TagError
from tagger.library.walk import Found, walk
from tagger.pipeline.indexing import index_files


class Failing:
    """A worker for tags on a device that fails."""

    field = ""
    count = 1

    def submit_read(self, path):
        future = Future()
        future.set_exception(TagError("cannot be read", path, "check the disk"))
        return future

    def result(self, future, _path):
        return future.result()


def test_a_file_that_cannot_be_read_is_named_with_the_reason_and_the_next_step(tmp_path, store):
    path = media.make(tmp_path / "song.mp3")
    found = [item for item in walk(tmp_path, tmp_path) if isinstance(item, Found)]
    (outcome,) = index_files(found, store, Failing())
    assert (outcome.path, outcome.action) == (path, Action.ERROR)
    assert outcome.reason == "cannot be read (check the disk)"
