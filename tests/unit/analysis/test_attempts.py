"""Attempts on files whose analysis failed."""

from __future__ import annotations

from concurrent.futures import Future
from unittest import mock

import media
import pytest

from tagger.analysis.attempts import Attempts
from tagger.core.domain import FileIdentity
from tagger.errors import UnreadableError
from tagger.store import Store


@pytest.mark.parametrize("there", [True, False])
def test_an_error_of_the_disk_counts_for_a_file_that_is_there(tmp_path, there):
    path = media.make(tmp_path / "song.mp3")
    identity = FileIdentity.of(path.stat())
    if not there:
        path.unlink()
    workers = mock.Mock()
    workers.result.side_effect = UnreadableError("cannot be read: Input/output error", path)
    with Store(tmp_path / "state") as store:
        attempts = Attempts(store, workers)
        attempts.start(path, identity, alone=True)
        with pytest.raises(UnreadableError):
            attempts.result(path, Future())
        assert len(store.failures.all()) == there
