"""The record of files in a large library: steps of SQLite, and samples."""

from __future__ import annotations

from itertools import pairwise

from tagger.core.domain import FileIdentity, Track, TrackTags
from tagger.store.database import connect, transaction
from tagger.store.files import Files
from tagger.store.labels import Counted, Keys, Labels

STEPS = 10
"""Of SQLite's virtual machine, between two calls."""


def test_siblings_of_an_album_artist_need_no_more_steps_in_a_larger_library(tmp_path):
    connection = connect(tmp_path / "tagger.sqlite3")
    files = Files(connection)
    steps = []
    for library in (range(30), range(30, 1000)):
        with transaction(connection):
            for number in library:
                files.put(track(tmp_path, number))
        calls = []
        connection.set_progress_handler(lambda calls=calls: calls.append(None), STEPS)
        found = files.album_siblings(track(tmp_path, 0), 100)
        connection.set_progress_handler(None, 0)
        assert len(found) == 10
        steps.append(len(calls))
    connection.close()
    assert steps[1] < 2 * steps[0]


def test_a_sample_of_the_labels_is_spread_over_a_library_whose_files_changed(tmp_path):
    connection = connect(tmp_path / "tagger.sqlite3")
    files, labels = Files(connection), Labels(connection)
    for _ in range(3):  # each new state is a new row
        library = [track(tmp_path, number) for number in range(400)]
        for one in library:
            files.put(one)
        labels.put([Counted(one.path, ("Rock",), Keys(None, None)) for one in library[::2]])
    numbers = sorted(int(one.path.stem) for one, genres in labels.sample(50) if genres == ("Rock",))
    connection.close()
    assert len(numbers) == 50
    assert all(after - before < 40 for before, after in pairwise([0, *numbers, 399]))


def track(root, number):
    album = f"Album {number // 10:02}"
    tags = TrackTags(album=album, album_artist="Various Artists")
    return Track(root / album / f"{number}.mp3", root, FileIdentity(1, number, 1, 1), tags)
