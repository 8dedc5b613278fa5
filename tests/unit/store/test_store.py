"""A real SQLite: migrations, the journal, kills."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import textwrap
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import media
import numpy as np
import pytest
from forked import Forked

from tagger.analysis.tag_jobs import TagJobs
from tagger.config import WorkerSettings
from tagger.core.domain import (
    Action,
    AnalysisKey,
    Decision,
    Features,
    FileIdentity,
    GenreEdit,
    Grounds,
    Prediction,
    Track,
    TrackTags,
)
from tagger.errors import (
    AudioError,
    CorruptAudioError,
    PayloadChangedError,
    StoreError,
    StoreTooNewError,
    TaggerError,
    UnreadableError,
    WorkerCrashedError,
    WorkerError,
    WriteFailedError,
)
from tagger.pipeline.recovery import recover
from tagger.store import Correction, Store
from tagger.store.database import MIGRATIONS, Connection, connect
from tagger.store.failures import CODES

if TYPE_CHECKING:
    from collections.abc import Iterator

IDENTITY = FileIdentity(1, 2, 3, 4)
ODD = Path(os.fsdecode(b"/music/b\xe4h/\xff\n.mp3"))
KEY = AnalysisKey("abc", "@0+30")
OLD, LATER = replace(KEY, content="old"), replace(KEY, content="later")
TRACK = Track(ODD, Path("/music"), IDENTITY, TrackTags(("Rock",), "Title", duration=1.5))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state") as opened:
        yield opened


def test_an_analysis_of_an_older_state_does_not_replace_a_newer_one(store):
    newer = replace(
        TRACK, identity=IDENTITY._replace(mtime_ns=IDENTITY.mtime_ns + 1), tags=TrackTags(("Jazz",))
    )
    store.files.put(newer)
    store.files.set_content(TRACK, OLD)
    assert store.files.get(ODD) == newer
    store.files.set_content(newer, KEY)
    assert store.files.get(ODD) == replace(newer, content=KEY)


def test_opening_waits_for_a_process_that_creates_the_database(tmp_path):
    other = sqlite3.connect(
        tmp_path / "tagger.sqlite3", isolation_level=None, check_same_thread=False
    )
    other.execute("CREATE TABLE files (path)")
    other.execute("DROP TABLE files")
    other.execute("BEGIN IMMEDIATE")
    later = threading.Timer(0.3, other.execute, ["COMMIT"])
    later.start()
    with Store(tmp_path) as opened:
        assert opened.files.count() == 0
    later.join()
    other.close()


def test_a_file_with_any_name_is_stored(store):
    analysed = replace(TRACK, content=KEY)
    store.files.put(analysed)
    assert store.files.get(ODD) == analysed
    assert [state[:2] for state in store.files.states_under(Path("/music"))] == [
        (ODD, Path("/music"))
    ]
    assert list(store.files.states_under(Path("/mus"))) == []
    store.files.forget(ODD)
    assert store.files.get(ODD) is None


def test_the_rows_of_a_moved_file_follow_it(store):
    store.files.put(replace(TRACK, content=KEY))
    run = store.runs.start("scan")
    change = store.journal.intend(run, Path("/music"), GenreEdit(ODD, (), ("Rock",), "{}"))
    store.journal.confirm(change)
    new = Path("/music/new.mp3")
    assert store.files.in_state(IDENTITY).path == ODD
    store.files.move(ODD, new)
    assert store.files.get(new).content == KEY
    assert store.journal.last(new).change.after == ("Rock",)
    assert store.journal.last(ODD) is None


def test_a_stored_analysis_is_read_back_unchanged(store):
    features = (
        Features("statistics-1", np.arange(5, dtype=np.float32)),
        Features("levels-1", np.arange(6, dtype=np.uint8).reshape(2, 3)),
    )
    prediction = Prediction({"Rock": 0.75, "Pop": 0.25}, "model-1", "sounds like rain (0.4)")
    store.analyses.put_features(KEY, features)
    store.analyses.put_prediction(KEY, prediction)
    assert store.analyses.prediction(KEY, "model-1") == prediction
    assert store.analyses.prediction(KEY, "model-2") is None
    back = store.analyses.features(KEY, ["levels-1", "statistics-1"])
    assert [f.spec for f in back] == ["levels-1", "statistics-1"]
    assert all(
        np.array_equal(a.values, b.values) for a, b in zip(back, features[::-1], strict=True)
    )
    assert back[0].values.dtype == np.uint8
    assert store.analyses.features(KEY, ["statistics-2"]) is None


def test_only_confirmed_changes_can_be_undone(store):
    run = store.runs.start("scan")
    first = store.journal.intend(run, Path("/m"), GenreEdit(Path("/m/a"), (), ("Rock",), "{}"))
    store.journal.intend(run, Path("/m"), GenreEdit(Path("/m/b"), ("Pop",), ("Rock",), "{}"))
    store.journal.confirm(first)
    assert [e.change.path.name for e in store.journal.done(run=run)] == ["a"]
    assert [e.change.path.name for e in store.journal.intended()] == ["b"]
    assert store.runs.last_with_changes() == run
    store.journal.mark_undone([first])
    assert store.journal.done(run=run) == []
    assert store.journal.was_undone(Path("/m/a"), ("Rock",))
    assert store.runs.last_with_changes() is None


def test_changes_are_found_by_folder_and_time(store):
    run = store.runs.start("scan")
    for name in ("/m/a/1", "/m/ab/2", "/m/a"):
        change = GenreEdit(Path(name), (), ("Rock",), "{}")
        store.journal.confirm(store.journal.intend(run, Path("/m"), change))
    below = [str(e.change.path) for e in store.journal.done(below=Path("/m/a"))]
    assert below == ["/m/a/1", "/m/a"]
    assert len(store.journal.done(since=0)) == 3
    assert store.journal.done(since=4e9) == []


def test_attempts_are_counted_for_a_state_of_a_file(store):
    store.failures.start_attempt(ODD, IDENTITY, blamed=False)
    assert store.failures.get(ODD).attempts == 0
    for attempts in (1, 2, 3):
        assert not store.failures.get(ODD).given_up
        store.failures.start_attempt(ODD, IDENTITY, blamed=True)
        assert store.failures.get(ODD).attempts == attempts
    assert store.failures.get(ODD).given_up
    store.failures.start_attempt(ODD, IDENTITY._replace(size=9), blamed=True)
    assert store.failures.get(ODD).attempts == 1
    store.failures.record_failure(ODD, IDENTITY, CorruptAudioError("damaged"))
    assert store.failures.get(ODD).given_up
    store.failures.clear(ODD)
    assert store.failures.all() == []


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (CorruptAudioError("damaged"), [3, 3]),
        (PayloadChangedError("not written"), [3, 3]),
        (UnreadableError("the device failed"), [1, 2]),
        (WorkerCrashedError("the worker died"), [1, 2]),
        (WriteFailedError("no space left on device"), []),
    ],
)
def test_an_error_of_the_file_is_final_and_an_error_of_the_disk_not_recorded(
    store, error, attempts
):
    counted = []
    for _ in range(2):
        store.failures.record_failure(ODD, IDENTITY, error)
        if failure := store.failures.get(ODD):
            counted.append(failure.attempts)
            assert type(failure.error) is type(error)
            assert failure.error.args == (error.reason, ODD, None)
    assert counted == attempts


def test_a_file_that_was_given_up_after_errors_of_the_disk_names_the_way_to_try_again(store):
    for attempt in range(3):
        error = UnreadableError("the device failed", hint="check the disk")
        store.failures.record_failure(ODD, IDENTITY, error)
        given_up = store.failures.get(ODD)
        assert ("tagger scan --force" in given_up.reason) == (attempt == 2)
        assert "check the disk" in given_up.reason
        assert ("tagger scan --force" in given_up.error.explanation) == (attempt == 2)


def test_a_counted_attempt_is_not_counted_again_when_it_fails(store):
    store.failures.start_attempt(ODD, IDENTITY, blamed=True)
    store.failures.record_failure(ODD, IDENTITY, WorkerCrashedError("it died"), counted=True)
    assert store.failures.get(ODD).attempts == 1


def test_every_error_that_can_be_recorded_has_a_code_of_its_own():
    def leaves(kind):
        below = kind.__subclasses__()
        return {kind} if not below else set().union(*map(leaves, below))

    assert leaves(AudioError) | leaves(WorkerError) <= set(CODES.values())
    assert len(set(CODES.values())) == len(CODES)
    assert not any(kind.__name__ in CODES for kind in leaves(TaggerError))


def test_decisions_and_corrections_are_read_back(store):
    run = store.runs.start("scan")
    decision = Decision(Action.SET, ("Rock",), "Rock at 90%", "Rock", 0.9)
    store.runs.put_decision(ODD, run, decision, "model-1")
    assert store.runs.decision(ODD) == decision
    assert store.runs.decision(ODD, run=run + 1) is None
    assert store.runs.tally() == {}
    store.files.put(replace(TRACK, path=ODD))
    assert store.runs.tally() == {"set": 1}
    store.corrections.put(Correction(ODD, "abc", ("Rock",), ("Sunday",)))
    assert store.corrections.has(ODD)
    assert store.corrections.all()[0].theirs == ("Sunday",)


def test_a_failed_transaction_leaves_no_row(store):
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.files.put(TRACK)
        raise ZeroDivisionError
    assert store.files.count() == 0


@pytest.mark.parametrize("step", ["BEGIN IMMEDIATE", "COMMIT"])
def test_an_interrupt_inside_a_transaction_leaves_none_open(tmp_path, monkeypatch, step):
    execute = Connection.execute

    def interrupted(self, statement, *args):
        if statement == "COMMIT" == step:
            raise KeyboardInterrupt
        result = execute(self, statement, *args)
        if statement == step:
            raise KeyboardInterrupt
        return result

    with Store(tmp_path) as store:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(Connection, "execute", interrupted)
            with store.transaction():
                store.files.put(replace(TRACK, content=KEY))
        store.files.put(replace(TRACK, content=LATER))
    with Store(tmp_path) as store:
        assert store.files.get(ODD).content == LATER


def test_a_newer_schema_is_refused_in_one_line(tmp_path):
    Store(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "tagger.sqlite3")) as db, db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreTooNewError, match="version 99") as caught:
        Store(tmp_path)
    assert "\n" not in str(caught.value)
    assert "newer tagger" in caught.value.hint


def test_migrations_of_one_component_do_not_count_for_another(tmp_path):
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "001.sql").write_text("CREATE TABLE extra (x INTEGER) STRICT;\n-- the end\n")
    (scripts / "002.sql").write_text("INSERT INTO extra VALUES (1);")
    with Store(tmp_path) as store:
        store.add_tables("one", scripts)
    with Store(tmp_path) as store:
        db = store.add_tables("one", scripts)
        assert db.execute("SELECT count(*) FROM extra").fetchone()[0] == 1
        with pytest.raises(StoreError, match="already exists"):
            store.add_tables("two", scripts)
    (scripts / "002.sql").unlink()
    with Store(tmp_path) as store, pytest.raises(StoreTooNewError, match="version 2 of one"):
        store.add_tables("one", scripts)


def test_a_state_folder_that_cannot_be_made_is_named_once(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be used: Not a directory") as refused:
        Store(tmp_path / "file" / "state")
    assert str(refused.value).count(str(tmp_path)) == 1


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "tagger.sqlite3").write_bytes(b"something else" * 1000)
    with pytest.raises(StoreError, match="is not a database"):
        Store(tmp_path)


def test_a_migration_that_fails_midway_leaves_the_old_schema(tmp_path):
    Store(tmp_path).close()
    broken = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, broken)
    (broken / "999.sql").write_text("CREATE TABLE extra (x INTEGER) STRICT;\nCREATE NONSENSE")
    with pytest.raises(StoreError, match="syntax error"):
        connect(tmp_path / "tagger.sqlite3", broken)
    with Store(tmp_path) as store:
        assert store.files.count() == 0
    with closing(sqlite3.connect(tmp_path / "tagger.sqlite3")) as db, db:
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'extra'").fetchall()
    db.close()


def test_a_kill_at_any_time_leaves_whole_rows(tmp_path):
    """Each record is two rows in one transaction; a kill must never leave one of them."""
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from tagger.core.domain import *
        from tagger.store import Store
        store = Store(Path(sys.argv[1]))
        print("ready", flush=True)
        for n in range(10**9):
            path = Path(f"/m/{n}")
            with store.transaction():
                store.files.put(
                    Track(path, Path("/m"), FileIdentity(1, n, 1, 1), TrackTags()))
                store.failures.start_attempt(path, FileIdentity(1, n, 1, 1), blamed=True)
    """)
    for _ in range(5):
        with Forked(["-c", script, str(tmp_path)], os.environ, ["tagger.store"]) as child:
            child.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.05)
            child.send_signal(signal.SIGKILL)
        with Store(tmp_path) as store:
            assert store.files.count() == len(store.failures.all()) > 0
        with closing(sqlite3.connect(tmp_path / "tagger.sqlite3")) as db, db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()


def test_the_intents_of_a_running_process_are_not_recovered(tmp_path):
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from tagger.core.domain import GenreEdit
        from tagger.store import Store
        store = Store(Path(sys.argv[1]))
        run = store.runs.start("scan")
        store.journal.intend(run, Path("/m"), GenreEdit(Path("/m/a"), (), ("Rock",), "{}"))
        print(run, flush=True)
        time.sleep(60)
    """)
    with (
        Forked(["-c", script, str(tmp_path)], os.environ, ["tagger.store"]) as child,
        Store(tmp_path) as store,
    ):
        run = int(child.stdout.readline())
        assert store.runs.is_alive(run)
        assert recover(store, TagJobs(WorkerSettings(1, 30, 2048))) == 0
        child.kill()
        child.wait()
        assert not store.runs.is_alive(run)
        assert recover(store, TagJobs(WorkerSettings(1, 30, 2048))) == 1
        assert [entry.run for entry in store.journal.intended()] == [run]  # its file is away


def test_a_run_of_a_new_database_does_not_wait_for_a_process_with_the_earlier_one(tmp_path):
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from tagger.store import Store
        store = Store(Path(sys.argv[1]))
        print(*(store.runs.start("watch") for _ in range(3)), flush=True)
        time.sleep(60)
    """)
    with Forked(["-c", script, str(tmp_path)], os.environ, ["tagger.store"]) as child:
        earlier = [int(number) for number in child.stdout.readline().split()]
        for file in tmp_path.glob("tagger.sqlite3*"):
            file.unlink()
        with Store(tmp_path) as store:
            run = store.runs.start("scan")
            assert run not in earlier
            assert store.runs.last().id == run
        child.kill()
        child.wait()


def test_a_full_disk_is_a_store_error(tmp_path):
    with Store(tmp_path) as store:
        store._connection.execute("PRAGMA max_page_count = 1")  # as small as it is now
        with pytest.raises(StoreError, match="full") as caught:
            for number in range(10_000):
                store.files.put(replace(TRACK, path=Path(f"/m/{number}")))
        assert caught.value.path == store.path
        with pytest.raises(StoreError), store.transaction():
            for number in range(10_000, 20_000):
                store.files.put(replace(TRACK, path=Path(f"/m/{number}")))


@pytest.mark.parametrize(
    ("code", "step"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "raise the quota"),
        (errno.EIO, "check the disk"),
        (errno.EACCES, "check the permissions of the file and its folder"),
    ],
)
def test_a_folder_that_cannot_be_made_is_an_error_with_the_next_step(
    tmp_path, monkeypatch, code, step
):
    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", fail)
    with pytest.raises(StoreError, match=os.strerror(code)) as caught:
        Store(tmp_path / "state")
    assert step in caught.value.hint


def test_the_queue_gives_whole_folders_and_takes_unfinished_files_back(store):
    root = Path("/m")
    store.queue.put(root, [root / f"{folder}/{n}" for folder in "ab" for n in range(3)])
    assert [job.path.parent.name for job in store.queue.take(4)] == ["a"] * 3
    assert store.queue.length() == 6
    store.queue.done(root / "a/0")
    store.queue.put(root, [root / "a/1"])
    store.queue.done(root / "a/1")  # it was put again meanwhile
    store.queue.give_back(failed=True)
    taken = store.queue.take(10)
    assert [job.path for job in taken] == [root / "a/1", *(root / f"b/{n}" for n in range(3))]
    for job in taken:
        store.queue.done(job.path)
    assert [(job.path, job.failed) for job in store.queue.take(10)] == [(root / "a/2", 1)]


def test_a_handled_or_given_up_file_is_not_queued_again(store):
    moved = IDENTITY._replace(device=9)
    assert store.queue.needs(ODD, IDENTITY)
    store.files.put(TRACK)
    assert store.queue.needs(ODD, IDENTITY)
    store.files.mark_handled(ODD)
    assert not store.queue.needs(ODD, moved)
    assert store.queue.needs(ODD, IDENTITY._replace(size=9))
    store.files.put(TRACK)
    store.failures.start_attempt(ODD, IDENTITY, blamed=True)
    assert store.queue.needs(ODD, IDENTITY)
    store.failures.record_failure(ODD, IDENTITY, CorruptAudioError("damaged"))
    assert not store.queue.needs(ODD, IDENTITY)


def test_an_open_write_stays_open_until_its_file_was_read(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    away = tmp_path / "away.mp3"
    with Store(tmp_path / "state") as store, TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        edit = GenreEdit(path, (), ("Rock",), "{}")
        run = store.runs.start("scan")
        entry = store.journal.intend(run, tmp_path, edit)
    path.rename(away)
    with Store(tmp_path / "state") as store, TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        recover(store, jobs)
        assert [open_.id for open_ in store.journal.intended()] == [entry]
        media.tag(away, genre="Rock")
        away.rename(path)
        recover(store, jobs)
        assert not store.journal.intended()
        assert [done.id for done in store.journal.done()] == [entry]


def test_an_open_write_is_dropped_when_its_file_is_the_old_file(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    with Store(tmp_path / "state") as store:
        run = store.runs.start("scan")
        store.journal.intend(run, tmp_path, GenreEdit(path, (), ("Rock",), "{}"))
    with Store(tmp_path / "state") as store, TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        recover(store, jobs)
        assert not store.journal.intended()
        assert not store.journal.done()


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_a_new_database_is_private_under_any_umask(tmp_path, umask):
    (tmp_path / "state").mkdir()
    before = os.umask(umask)
    try:
        with Store(tmp_path / "state") as store, store.transaction():
            modes = {
                file.stat().st_mode & 0o777 for file in tmp_path.glob(f"state/{store.path.name}*")
            }
    finally:
        os.umask(before)
    assert modes == {0o600}


def test_a_new_database_needs_no_modes_of_the_file_system(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "chmod", refuse)
    with Store(tmp_path / "state") as store:
        assert store.runs.last_with_changes() is None


@pytest.mark.parametrize("inode", [1, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_file_with_an_inode_number_of_64_bits_is_indexed_and_found_again(store, inode):
    status = SimpleNamespace(st_dev=2**64 - 7, st_ino=inode, st_size=3, st_mtime_ns=4)
    identity = FileIdentity.of(status)
    track = replace(TRACK, identity=identity)
    store.files.put(track)
    store.failures.start_attempt(ODD, identity, blamed=True)
    assert store.files.get(ODD) == track
    assert store.files.in_state(identity) == track
    assert store.failures.get(ODD).identity == identity


def test_the_tally_counts_decisions_whose_newest_write_was_undone(store):
    run = store.runs.start("scan")
    for name, states in {"a": ["undone"], "b": ["undone", "done"], "c": ["done", "undone"]}.items():
        path = Path(f"/music/{name}.mp3")
        store.files.put(replace(TRACK, path=path))
        store.runs.put_decision(path, run, Decision(Action.SET, ("Rock",), "sure"), "model")
        for state in states:
            change = store.journal.intend(run, path.parent, GenreEdit(path, (), ("Rock",), "{}"))
            store.journal.confirm(change)
            if state == "undone":
                store.journal.mark_undone([change])
    gone = Path("/music/gone.mp3")
    store.runs.put_decision(gone, run, Decision(Action.SET, ("Rock",), "sure"), "model")
    assert store.runs.tally() == {"set": 1, "undone": 2}
    assert store.runs.sources() == {"sound": 1}
    assert store.runs.last_write().run.id == run


def test_the_sources_of_written_genres_leave_out_files_that_are_gone(store):
    run = store.runs.start("scan")
    store.files.put(TRACK)
    for path in (TRACK.path, Path("/music/gone.mp3")):
        store.runs.put_decision(path, run, Decision(Action.SET, ("Rock",), "sure"), "model")
    assert store.runs.sources() == {"sound": 1}
    assert store.runs.sources(run) == {"sound": 2}


def test_the_count_of_the_artists_list_leaves_out_files_that_are_gone(store):
    run = store.runs.start("scan")
    store.files.put(TRACK)
    grounds = Grounds("list", {"Rock": 1.0}, {"Pop": 0.4})
    for path in (TRACK.path, Path("/music/gone.mp3")):
        decision = Decision(Action.ABSTAIN, (), "unsure", "Rock", 0.5, grounds)
        store.runs.put_decision(path, run, decision, "model")
    assert store.runs.count_by_list() == 1
    store.files.forget(TRACK.path)
    assert store.runs.count_by_list() == 0


def test_decisions_on_files_without_a_record_do_not_count(tmp_path):
    with Store(tmp_path) as store:
        run = store.runs.start("scan")
        paths = [Path(f"/music/{number}.mp3") for number in range(4)]
        for path in paths:
            track = Track(path, Path("/music"), FileIdentity(1, 1, 1, 1), TrackTags())
            store.files.put(track)
            store.runs.put_decision(path, run, Decision(Action.SKIP, (), "made"), "model")
        assert store.runs.tally() == {"skip": 4}
        store.files.forget(paths[0])
        store.files.move(paths[1], Path("/music/moved.mp3"))
        store.files.move(paths[2], paths[3])
        store.runs.put_decision(
            Path("/music/never.mp3"), run, Decision(Action.KEEP, (), "x"), "model"
        )
        assert store.runs.tally() == {"skip": 2}
        store.files.put(Track(paths[0], Path("/music"), FileIdentity(1, 1, 1, 1), TrackTags()))
        assert store.runs.tally() == {"skip": 3}


def test_a_disk_without_space_for_the_index_of_the_log_is_full(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, before[1]))
    try:
        with pytest.raises(StoreError, match=r"disk is full \(free some space"):
            Store(tmp_path / "state")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
