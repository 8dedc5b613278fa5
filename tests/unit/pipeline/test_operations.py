"""A decision is written into the file that it was made for, or not at all."""

from __future__ import annotations

import os
import re

import media
import pytest

from tagger import tags
from tagger.analysis.tag_jobs import TagJobs
from tagger.config import WorkerSettings
from tagger.core.domain import Action, Decision, FileIdentity, Track, TrackTags
from tagger.pipeline.operations import DryRun, Write
from tagger.pipeline.reclassify import Reclassification, Rewrite
from tagger.store import Store

ROCK = Decision(Action.ADD, ("Jazz", "Rock"), "test", "Rock", 0.9)


def test_a_genre_that_changed_in_place_with_an_equal_time_is_not_overwritten(tmp_path):
    path = media.make(tmp_path / "song.flac", "flac", tags={"genre": ["Jazz"]})
    status = path.stat()
    with Store(tmp_path / "state") as store, TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        track = Track(path, tmp_path, FileIdentity.of(status), tags.read(path))
        store.files.put(track)
        path.write_bytes(re.sub(b"(?i)genre=Jazz", b"genre=Folk", path.read_bytes()))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert FileIdentity.of(path.stat()) == track.identity
        before = path.read_bytes()
        write = Write(store, jobs, store.runs.start("scan"), "test", tags.WriteOptions())
        assert write.apply(track, ROCK).action is Action.SKIP
        assert path.read_bytes() == before
        assert store.files.get(path).tags.genres == ("Folk",)
        assert not store.journal.intended()


@pytest.mark.parametrize(("title", "action"), [("One", Action.ADD), ("Two", Action.SKIP)])
def test_a_file_with_another_inode_number_is_written_where_nothing_else_changed(
    tmp_path, title, action
):
    path = media.make(tmp_path / "song.flac", "flac", tags={"genre": ["Jazz"], "title": ["One"]})
    status = path.stat()
    with Store(tmp_path / "state") as store, TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        track = Track(path, tmp_path, FileIdentity.of(status), tags.read(path))
        store.files.put(track)
        other = tmp_path / "other"
        other.write_bytes(re.sub(b"(?i)title=One", f"title={title}".encode(), path.read_bytes()))
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        other.replace(path)
        write = Write(store, jobs, store.runs.start("scan"), "test", tags.WriteOptions())
        assert write.apply(track, ROCK).action is action
        genres = ("Jazz", "Rock") if action is Action.ADD else ("Jazz",)
        assert tags.read(path).genres == store.files.get(path).tags.genres == genres
        assert store.files.get(path).identity == FileIdentity.of(path.stat())
        assert not store.journal.intended()


def test_a_genre_that_another_program_wrote_meanwhile_is_no_genre_of_this_run(tmp_path):
    path = media.make(tmp_path / "song.flac", "flac", tags={"genre": ["Jazz", "Rock"]})
    track = Track(path, tmp_path, FileIdentity.of(path.stat()), TrackTags())
    with Store(tmp_path / "state") as store, TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        store.files.put(track)
        write = Write(store, jobs, store.runs.start("scan"), "test", tags.WriteOptions())
        outcome = write.apply(track, ROCK)
        assert (outcome.action, outcome.reason) == (
            Action.SKIP,
            "contains these genres already: another program wrote them",
        )
        assert store.files.get(path).tags.genres == ("Jazz", "Rock")


def test_a_file_whose_genre_other_programs_cannot_read_is_an_error(tmp_path):
    fields = {"genre": ["Jazz", "Rock"], "title": ["x" * 70_000]}
    path = media.make(tmp_path / "song.ogg", "vorbis", tags=fields)
    media.without_continuations(path)
    before = path.read_bytes()
    track = Track(path, tmp_path, FileIdentity.of(path.stat()), TrackTags())
    with Store(tmp_path / "state") as store, TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        store.files.put(track)
        write = Write(store, jobs, store.runs.start("scan"), "test", tags.WriteOptions())
        for operation in (DryRun(jobs, tags.WriteOptions()), write):
            outcome = operation.apply(track, ROCK)
            assert outcome.action is Action.ERROR
            assert outcome.reason.startswith("the tags are damaged")
    assert path.read_bytes() == before


def test_a_likely_genre_of_a_family_stays_when_it_is_decided_again(tmp_path):
    path = media.make(tmp_path / "song.flac", "flac", tags={"genre": ["Punk"]})
    before = Track(path, tmp_path, FileIdentity.of(path.stat()), TrackTags())
    now = Track(path, tmp_path, before.identity, tags.read(path))
    decision = Decision(Action.SET, ("Rock",), "test", "Rock", 0.9, among=("Punk", "Metal"))
    with TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        work = Reclassification((before,), (), {path: now}, ())
        outcome = Rewrite(work, DryRun(jobs, tags.WriteOptions())).apply(before, decision)
    assert (outcome.action, outcome.after) == (Action.KEEP, ("Punk",))
