"""The record of files: how many steps of SQLite a question needs beside many other files."""

from __future__ import annotations

from tagger.core.domain import FileIdentity, Track, TrackTags
from tagger.store.database import connect, transaction
from tagger.store.files import Files

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


def track(root, number):
    album = f"Album {number // 10}"
    tags = TrackTags(album=album, album_artist="Various Artists")
    return Track(root / album / f"{number}.mp3", root, FileIdentity(1, number, 1, 1), tags)
