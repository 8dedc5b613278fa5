"""The parse of the index, which a write uses again only for the same bytes."""

from __future__ import annotations

import os
import shutil

import media
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tagging import TWO, others, target, write

from tagger import tags
from tagger.analysis.tag_jobs import TagJobs
from tagger.config import WorkerSettings
from tagger.core.domain import FileIdentity
from tagger.errors import TaggerError
from tagger.tags import recent

FORMS = ["mp3", "flac", "vorbis", "m4a", "wav", "wma"]
FULL = {"title": "One", "artist": "Artist", "album": "Album"}


def edit(path, content):
    """Change a file in place as an editor that keeps the size and restores the time."""
    times = path.stat()
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def is_kept(path):
    """Return whether a write would use the parse of the last read."""
    with path.open("rb") as file:
        return recent.take(path, file) is not None


@pytest.mark.parametrize("form", FORMS)
def test_the_parse_of_an_unchanged_file_is_used_again(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags=FULL)
    tags.read(path)
    assert is_kept(path)


def test_a_parse_is_used_again_for_a_copy_of_the_same_bytes(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags=FULL)
    tags.read(path)
    shutil.copy(path, tmp_path / "copy")
    (tmp_path / "copy").replace(path)
    assert is_kept(path)


@pytest.mark.parametrize("form", FORMS)
def test_an_edit_of_equal_size_and_time_between_read_and_write_is_kept(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags=FULL)
    other = media.make(tmp_path / "other", form, tags=FULL | {"title": "Two"})
    identity, edited = FileIdentity.of(path.stat()), other.read_bytes()
    tags.read(path)

    edit(path, edited)

    assert FileIdentity.of(path.stat()) == identity
    write(path, TWO, expected=identity)
    found = tags.read(path)
    assert (found.title, found.genres) == ("Two", TWO)
    assert others(path) == others(other)
    assert np.array_equal(media.pcm(path), media.pcm(other))


def test_an_edit_of_equal_size_and_time_between_two_jobs_of_a_worker_is_kept(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags=FULL)
    other = media.make(tmp_path / "other.mp3", tags=FULL | {"title": "Two"})
    with TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        assert jobs.read(path).title == "One"
        edit(path, other.read_bytes())
        tags.write_genres(target(path), TWO, before_commit=lambda _: None, run=jobs.run_on(path))
        found = jobs.read(path)
    assert (found.title, found.genres) == ("Two", TWO)


@pytest.mark.parametrize(
    "form",
    [
        *("mp3", "m4a", "vorbis"),
        *(pytest.param(form, marks=pytest.mark.slow) for form in ("flac", "wav", "wma")),
    ],
)
def test_a_write_after_a_read_and_any_edit_is_the_write_without_the_read(tmp_path, form):
    original = media.make(tmp_path / "original", form, tags=FULL).read_bytes()
    read, unread = tmp_path / "read", tmp_path / "unread"

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        at=st.integers(0, len(original) - 1) | st.integers(0, min(600, len(original) - 1)),
        removed=st.integers(0, 3),
        added=st.binary(max_size=3),
    )
    def compare(at, removed, added):
        edited = original[:at] + added + original[at + removed :]
        unread.write_bytes(edited)
        read.write_bytes(original)
        tags.read(read)
        edit(read, edited)
        assert written(read) == written(unread)

    compare()


def written(path):
    """Write, and return the content of the file and the error if there is one."""
    try:
        return bool(write(path, TWO)), path.read_bytes()
    except TaggerError as error:
        return error.reason, path.read_bytes()


def test_a_file_with_a_large_picture_is_parsed_again(tmp_path):
    picture = media.png() + bytes(1 << 18)
    path = media.make(tmp_path / "song.mp3", tags=FULL | {"picture": picture})
    tags.read(path)
    assert not is_kept(path)


def test_an_old_parse_makes_room_for_a_new_parse(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags=FULL)
    tags.read(path)
    for number in range(recent.MOST):
        tags.read(media.make(tmp_path / f"{number}.mp3", tags=FULL))
    assert not is_kept(path)
    assert is_kept(tmp_path / "0.mp3")
