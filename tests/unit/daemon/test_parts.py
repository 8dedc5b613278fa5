"""The daemon's parts by themselves: settling, mounts, hints, logs, figures."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import signal
import socket
import threading
from pathlib import Path

import platformdirs
import psutil
import pytest
from daemons import until
from hypothesis import given
from hypothesis import strategies as st
from users import as_user, needs_root, shared_folder

from tagger.config import Settings
from tagger.config.settings import DaemonSettings, LibrarySettings, StoreSettings, TagSettings
from tagger.core.domain import FileIdentity, Track, TrackTags
from tagger.daemon.events import MAX_EVENTS, EventQueue, FileEvent
from tagger.daemon.host.instance import InstanceLock, socket_path
from tagger.daemon.host.logs import Formatter
from tagger.daemon.host.priority import lower_priority
from tagger.daemon.intake import CHECK_INTERVAL, Intake
from tagger.daemon.loop import EventLoop, Limits
from tagger.daemon.missing import MAX_MISSING, MissingFiles
from tagger.daemon.status import metrics
from tagger.daemon.status.server import StatusServer, query_status
from tagger.daemon.status.state import DaemonState
from tagger.daemon.watch.inotify import Observer
from tagger.daemon.watch.mounts import Mount, plan, read_mounts
from tagger.daemon.watch.observers import Observers
from tagger.daemon.watch.stability import StabilityTracker
from tagger.daemon.worker_pool import PoolOnDemand
from tagger.errors import DaemonError, StoreError
from tagger.library import absence
from tagger.store import Store
from tagger.system import leases

MOUNTS = [
    Mount(Path("/"), "ext4"),
    Mount(Path("/mnt/nas"), "cifs"),
    Mount(Path("/srv/music/from nas"), "nfs4"),
    Mount(Path("/srv/music/cloud"), "sshfs"),
    Mount(Path("/srv/music/local"), "xfs"),
]


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_file_without_changes_for_the_settle_time_is_stable(tmp_path, clock):
    settling = StabilityTracker(10, clock)
    path = tmp_path / "a.mp3"
    path.write_bytes(b"1")
    assert settling.seconds_until_check() is None
    assert settling.track(path)
    clock.now += 9
    assert (settling.pop_stable(), settling.seconds_until_check()) == ([], 1)
    path.write_bytes(b"12")
    clock.now += 1
    assert (settling.pop_stable(), settling.seconds_until_check()) == ([], 10)
    clock.now += 10
    assert settling.pop_stable() == [path]
    assert len(settling) == 0


def test_a_file_with_a_control_file_or_holes_is_not_stable(tmp_path, clock):
    settling = StabilityTracker(10, clock)
    loading, holey = tmp_path / "a.mp3", tmp_path / "b.mp3"
    loading.write_bytes(b"1")
    control = tmp_path / "a.mp3.aria2"
    control.touch()
    with holey.open("wb") as file:
        file.write(b"1")
        file.truncate(1 << 20)
    settling.track(loading)
    settling.track(holey)
    clock.now += 10
    assert settling.pop_stable() == []
    control.unlink()
    clock.now += 10
    assert settling.pop_stable() == [loading]


def test_a_file_that_is_open_for_writing_is_not_stable(tmp_path, clock):
    settling = StabilityTracker(10, clock)
    path = tmp_path / "a.mp3"
    with path.open("wb") as file:
        file.write(b"1")
        file.flush()
        settling.track(path)
        clock.now += 100
        assert settling.pop_stable() == []
    clock.now += 10
    assert settling.pop_stable() == [path]


@pytest.mark.skipif(not leases.HAS_LEASES, reason="only Linux has leases")
def test_a_file_with_the_write_lease_of_a_file_server_is_not_stable(tmp_path, clock):
    settling = StabilityTracker(10, clock)
    path = tmp_path / "a.mp3"
    with path.open("wb") as file:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        settling.track(path)
        clock.now += 100
        assert settling.pop_stable() == []
    clock.now += 10
    assert settling.pop_stable() == [path]


def test_a_missing_or_irregular_file_is_never_stable(tmp_path, clock):
    settling = StabilityTracker(10, clock)
    gone, replaced, fifo, link = (tmp_path / name for name in "grfl")
    for path in (gone, replaced):
        path.write_bytes(b"1")
    os.mkfifo(fifo)
    link.symlink_to(replaced)
    for path in (gone, replaced, fifo, link):
        settling.track(path)
    gone.unlink()
    replaced.write_bytes(b"2")
    link.replace(gone)
    clock.now += 10
    assert settling.pop_stable() in ([], [replaced])


def test_the_number_of_tracked_files_is_bounded(tmp_path, clock):
    settling = StabilityTracker(10, clock, limit=2)
    paths = [tmp_path / f"{n}.mp3" for n in range(3)]
    for path in paths:
        path.touch()
    assert [settling.track(path) for path in [*paths, paths[0]]] == [True, True, False, True]
    clock.now += 10
    assert settling.pop_stable() == paths[:2]


def test_network_file_systems_are_polled_even_when_nested():
    def planned(root, how="auto"):
        return {str(w.folder): w.how for w in plan(Path(root), how, MOUNTS)}

    assert planned("/home/me/Music") == {"/home/me/Music": "inotify"}
    assert planned("/mnt/nas/Music") == {"/mnt/nas/Music": "poll"}
    assert planned("/srv/music") == {
        "/srv/music": "inotify",
        "/srv/music/from nas": "poll",
        "/srv/music/cloud": "poll",
    }
    assert planned("/srv/music", "poll") == {"/srv/music": "poll"}
    assert planned("/srv/music", "inotify") == {"/srv/music": "inotify"}
    assert planned("/srv/music/local/x") == {"/srv/music/local/x": "inotify"}


def test_mounts_of_this_machine_are_read_with_their_types():
    assert Mount(Path("/proc"), "proc") in read_mounts()


class Deaf(EventQueue):
    """An event queue that fails for one file name."""

    def put(self, event, path):
        if path.name == "bad.mp3":
            raise ValueError(path)
        super().put(event, path)


def test_an_observer_survives_an_error_of_its_handler(tmp_path):
    event_queue = Deaf()
    observer = Observer(tmp_path, event_queue)
    try:
        (tmp_path / "bad.mp3").touch()
        until(lambda: event_queue.read().reconcile)
        assert observer.alive
        (tmp_path / "good.mp3").touch()
        until(lambda: (FileEvent.FILE_CHANGED, tmp_path / "good.mp3") in event_queue.read().files)
    finally:
        observer.close()


@pytest.mark.parametrize("leave", [Path.unlink, lambda path: path.rename(f"{path}.old")])
def test_an_ignore_file_that_leaves_its_folder_makes_the_folder_appear(tmp_path, leave):
    ignore = tmp_path / ".taggerignore"
    ignore.write_text("*.mp3")
    queue, events = EventQueue(), {}
    observer = Observer(tmp_path, queue)
    try:
        leave(ignore)
        until(lambda: events.update(queue.read().files) or events)
    finally:
        observer.close()
    assert list(events) == [(FileEvent.FOLDER_APPEARED, tmp_path)]


@pytest.fixture
def observed(tmp_path):
    """A watched folder with its observers and their queue."""
    root = tmp_path / "music"
    root.mkdir()
    event_queue = EventQueue()
    observers = Observers(event_queue)
    observers.apply(plan(root, "auto", []))
    yield root, observers, event_queue
    observers.close()


shared = pytest.fixture(shared_folder)


def check_watched(root, event_queue):
    (root / "a.mp3").touch()
    until(lambda: (FileEvent.FILE_CHANGED, root / "a.mp3") in event_queue.read().files)


def test_a_dead_observer_is_replaced_and_a_reconcile_requested(observed):
    root, observers, event_queue = observed
    assert observers.alive
    gone = root.rename(root.with_name("gone"))
    gone.rmdir()
    until(lambda: not observers.alive)
    observers.check()
    assert [w.how for w in observers.watching] == ["poll"]
    root.mkdir()
    event_queue.read()
    observers.check()
    assert observers.alive
    assert [w.how for w in observers.watching] == ["inotify"]
    assert event_queue.read().reconcile
    check_watched(root, event_queue)


def test_a_folder_in_the_place_of_a_renamed_folder_is_watched(observed):
    root, observers, event_queue = observed
    root.rename(root.with_name("renamed"))
    root.mkdir()
    observers.check()
    assert event_queue.read().reconcile
    check_watched(root, event_queue)
    observers.check()
    assert not event_queue.read().reconcile


def test_a_root_that_cannot_be_read_stops_no_other_root(tmp_path, caplog):
    """As a folder of a remote file system whose connection is lost."""
    lost, music = tmp_path / ("x" * 300), tmp_path / "music"
    music.mkdir()
    event_queue = EventQueue()
    settings = Settings(library=LibrarySettings(roots=(lost, music)))
    with Store(tmp_path / "state") as store:
        intake = Intake(settings, store, event_queue, DaemonState(), clock := Clock())
        clock.now += CHECK_INTERVAL
        intake.run_due()
        check_watched(music, event_queue)
        intake.close()
    left_out = [record.fields for record in caplog.records if record.getMessage() == "left out"]
    assert left_out == [{"path": lost, "reason": "cannot be read"}]


def test_a_root_that_a_link_replaced_is_watched_at_its_new_place(tmp_path):
    music, disk = tmp_path / "music", tmp_path / "disk"
    music.mkdir()
    event_queue = EventQueue()
    settings, state = Settings(library=LibrarySettings(roots=(music,))), DaemonState()
    with Store(tmp_path / "state") as store:
        intake = Intake(settings, store, event_queue, state, clock := Clock())
        intake.run_due()
        music.rename(disk)
        music.symlink_to(disk)
        clock.now += CHECK_INTERVAL
        intake.run_due()
        intake.request_reconcile(event_queue.read().reconcile)
        intake.run_due()
        assert [watched.folder for watched in state.watching] == [disk]
        check_watched(disk, event_queue)
        intake.close()


@needs_root
def test_a_folder_is_watched_once_it_can_be_read(shared):
    def ways():
        root = shared / "music"
        root.mkdir(mode=0)
        event_queue = EventQueue()
        observers = Observers(event_queue)
        observers.apply(plan(root, "auto", []))
        found = [[watched.how for watched in observers.watching]]
        observers.check()
        root.chmod(0o700)
        observers.check()
        found.append([watched.how for watched in observers.watching])
        check_watched(root, event_queue)
        observers.close()
        return found

    assert as_user(ways) == [["poll"], ["inotify"]]


@needs_root
@pytest.mark.parametrize("later", [False, True])
def test_a_subfolder_is_watched_once_it_can_be_read(shared, later):
    def reasons():
        closed = shared / "music/album"
        closed.parent.mkdir()
        event_queue = EventQueue()
        observers = Observers(event_queue)
        if not later:
            closed.mkdir(mode=0)
        observers.apply(plan(closed.parent, "auto", []))
        if later:
            closed.mkdir(mode=0)
            until(lambda: (FileEvent.FOLDER_APPEARED, closed) in event_queue.read().files)
        observers.check()
        found = [event_queue.read().reconcile]
        closed.chmod(0o700)
        observers.check()
        found.append(event_queue.read().reconcile)
        check_watched(closed, event_queue)
        observers.check()
        observers.close()
        return [*found, event_queue.read().reconcile]

    assert as_user(reasons) == ["", "a subfolder can be read again", ""]


def test_a_folder_with_a_later_mount_is_watched_again(observed):
    root, observers, event_queue = observed
    inside = plan(root, "auto", [Mount(root / "disk", "ext4")])
    observers.apply(inside)
    assert event_queue.read().reconcile
    check_watched(root, event_queue)
    observers.apply(inside)
    assert not event_queue.read().reconcile
    observers.apply(plan(root, "auto", []))
    assert event_queue.read().reconcile


def test_a_new_field_of_the_genre_takes_effect_without_an_idle_time():
    pool = PoolOnDemand()
    first = pool.tag_jobs(Settings())
    assert pool.tag_jobs(Settings()) is first
    assert pool.tag_jobs(Settings(tags=TagSettings(field="GROUPING"))).field == "GROUPING"
    pool.stop()


def test_a_root_that_is_not_mounted_is_looked_at_once_for_each_reconcile(tmp_path, monkeypatch):
    root = tmp_path / "disk"
    settings = Settings(library=LibrarySettings(roots=(root,)))
    with Store(tmp_path / "state") as store:
        song = Track(root / "a.mp3", root, FileIdentity(1, 2, 3, 4), TrackTags())
        store.files.put(song)
        intake = Intake(settings, store, EventQueue(), DaemonState())
        looks = []
        monkeypatch.setattr(absence, "is_there", lambda *_: looks.append(1))
        intake.run_due()
        assert [intake.drop_missing() for _ in range(3)] == [0, 0, 0]
        intake.request_reconcile("a test")
        intake.run_due()
        intake.drop_missing()
        intake.close()
        assert store.files.get(song.path) == song
    assert len(looks) == 2


def test_an_empty_mount_point_is_logged_once_and_its_return_once(tmp_path, caplog):
    caplog.set_level("INFO", "tagger")
    root = tmp_path / "disk"
    root.mkdir()
    path = root / "a.mp3"
    settings = Settings(library=LibrarySettings(roots=(root,)))

    def events():
        for _ in range(3):
            intake.request_reconcile("a test")
            intake.run_due()
            intake.drop_missing()
        found = [(one.levelname, one.getMessage()) for one in caplog.records]
        caplog.clear()
        return found

    with Store(tmp_path / "state") as store:
        elsewhere = FileIdentity.of(root.stat())._replace(device=1)
        store.files.put(Track(path, root, elsewhere, TrackTags()))
        intake = Intake(settings, store, EventQueue(), DaemonState())
        for _ in range(2):
            assert events() == [("WARNING", "folder without its files")]
            path.touch()
            assert events() == [("INFO", "folder has files again")]
            path.unlink()
        intake.close()


def test_a_folder_that_the_user_emptied_is_no_empty_mount_point(tmp_path, caplog):
    path = tmp_path / "music" / "a.mp3"
    path.parent.mkdir()
    path.touch()
    settings = Settings(library=LibrarySettings(roots=(path.parent,)))
    with Store(tmp_path / "state") as store:
        store.files.put(Track(path, path.parent, FileIdentity.of(path.stat()), TrackTags()))
        path.unlink()
        intake = Intake(settings, store, EventQueue(), DaemonState())
        intake.run_due()
        intake.drop_missing()
        intake.close()
    assert not caplog.records


def test_files_that_are_not_writable_need_no_query_each_at_a_reconcile(tmp_path):
    settings = Settings(library=LibrarySettings(roots=(tmp_path,)))
    with Store(tmp_path / "state") as store:
        intake = Intake(settings, store, EventQueue(), DaemonState())
        counts = []
        for names in (("a.mp3",), [f"{number}.mp3" for number in range(20)]):
            for path in map(tmp_path.joinpath, names):
                path.touch(mode=0o444)
                store.files.put(Track(path, tmp_path, FileIdentity.of(path.stat()), TrackTags()))
                store.files.mark_handled(path, writable=False)
            statements = []
            store._connection.set_trace_callback(statements.append)
            intake.request_reconcile("a test")
            intake.run_due()
            counts.append(len(statements))
        assert len(set(counts)) == 1
        path.chmod(0o644)
        intake.request_reconcile("a test")
        intake.run_due()
        assert not intake.idle
        intake.close()


def test_the_names_of_many_deleted_files_are_not_kept(tmp_path):
    with Store(tmp_path / "state") as store:
        missing = MissingFiles(store)
        for number in range(3 * MAX_MISSING):
            missing.add([tmp_path / f"music/{number}.mp3"], [tmp_path / "music"])
            assert len(missing) <= MAX_MISSING


def test_another_change_of_a_tracked_file_is_no_news(tmp_path):
    growing, other = tmp_path / "a.mp3", tmp_path / "b.mp3"
    growing.touch()
    settings = Settings(library=LibrarySettings(roots=(tmp_path,)))
    with Store(tmp_path / "state") as store:
        intake = Intake(settings, store, EventQueue(), DaemonState())
        for event, path, is_news in (
            (FileEvent.FILE_CHANGED, growing, True),
            (FileEvent.FILE_CHANGED, growing, False),
            (FileEvent.DELETED, other, True),
        ):
            assert intake.handle([(event, path)]) == is_news
        intake.close()


def test_more_events_than_fit_become_a_reconcile():
    event_queue = EventQueue()
    for number in range(MAX_EVENTS + 1):
        event_queue.put(FileEvent.FILE_CHANGED, Path(f"/{number}"))
    events = event_queue.read()
    assert len(events.files) == MAX_EVENTS
    assert events.reconcile


ANY_NAME = st.binary(min_size=1, max_size=60).map(os.fsdecode) | st.text(max_size=60)


@given(name=ANY_NAME, form=st.sampled_from(["plain", "keyvalue", "json"]))
def test_a_log_record_with_any_name_is_one_line(name, form):
    record = logging.LogRecord("tagger", logging.INFO, "", 0, "set", None, None)
    record.fields = {"path": Path(name), "after": (name, "Rock"), "reason": name}
    line = Formatter(form).format(record)
    assert len(line.splitlines()) == 1
    line.encode()
    if form == "json":
        assert json.loads(line)["path"] == str(Path(name))
    if form == "keyvalue":
        keys = re.findall(r'(\w+)=(?:"(?:[^"\\]|\\.)*"|[^" ]*)(?: |$)', line)
        assert keys == ["time", "level", "event", "path", "after", "reason"]


def test_a_status_with_names_outside_utf_8_arrives_whole(tmp_path):
    state = DaemonState(watching=plan(Path(os.fsdecode(b"/music/\xff")), "poll", []))
    song = os.fsdecode(b"/music/\xff/\xfe\n.mp3")
    state.record_error("is empty", song)
    with InstanceLock(tmp_path, tmp_path / "sock"), StatusServer(tmp_path / "sock", state.snapshot):
        found = query_status(tmp_path)
    assert found["errors"][0]["path"] == song
    assert os.fsencode(found["watching"][0]["folder"]) == b"/music/\xff"


def test_a_socket_whose_folder_is_gone_hinders_no_stop(tmp_path):
    folder = tmp_path / "run"
    with StatusServer(folder / "sock", DaemonState().snapshot):
        folder.rename(tmp_path / "gone")
        folder.touch()


def test_the_end_of_a_server_is_that_of_its_thread(tmp_path, monkeypatch):
    monkeypatch.setattr("tagger.daemon.status.serving.POLL_S", 10**6)
    for server in (
        StatusServer(tmp_path / "sock", DaemonState().snapshot),
        metrics.MetricsServer(0, DaemonState().snapshot),
    ):
        before = threading.active_count()
        with server:
            assert threading.active_count() == before + 1
        until(lambda before=before: threading.active_count() == before)


def test_a_client_that_reads_nothing_hinders_no_stop(tmp_path, monkeypatch):
    monkeypatch.setattr("tagger.daemon.status.server.TIMEOUT", 0.1)
    running = StatusServer(tmp_path / "sock", lambda: {"errors": "x" * (1 << 22)})
    with running, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "sock"))
        client.recv(1)  # the answer has begun
        end = threading.Thread(target=running.__exit__, daemon=True)
        end.start()
        until(lambda: not end.is_alive(), "the end of the server")


def test_a_database_that_cannot_be_reached_is_named_without_a_traceback(tmp_path, caplog):
    settings = Settings(store=StoreSettings(folder=tmp_path / ("x" * 300)))
    state = DaemonState()
    loop = EventLoop(settings, EventQueue(), state, lambda: None, Limits())
    loop.start()
    until(lambda: state.errors)
    assert loop.stop(20)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "the state database cannot be used: File name too long" in state.errors[0]["reason"]


def test_a_lock_file_that_cannot_be_used_is_named_with_the_next_step(tmp_path):
    (tmp_path / "daemon.lock").mkdir()
    with pytest.raises(StoreError, match="cannot be used") as refused:
        InstanceLock(tmp_path, tmp_path / "sock")
    assert "check the disk" in refused.value.hint


def test_the_socket_is_in_the_state_folder_beside_a_runtime_folder_of_others(tmp_path, monkeypatch):
    def refuse(_):
        raise PermissionError("runtime directory /tmp/runtime-0 has writable mode 0777")

    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setattr(platformdirs, "user_runtime_path", refuse)
    assert socket_path(tmp_path).parent == tmp_path


def test_a_folder_without_sockets_is_named_with_the_next_step(tmp_path):
    (tmp_path / "sock").mkdir()
    with pytest.raises(DaemonError, match="cannot listen") as refused:
        StatusServer(tmp_path / "sock", DaemonState().snapshot)
    assert "XDG_RUNTIME_DIR" in refused.value.hint


def test_a_system_without_proc_keeps_the_priority(monkeypatch, caplog):
    monkeypatch.setattr(psutil, "PROCFS_PATH", "/nowhere")
    lower_priority(DaemonSettings(nice=0, io_priority="low"))
    assert [record.getMessage() for record in caplog.records] == ["cannot set io_priority"]


def test_metrics_after_a_burst_are_in_prometheus_text_format():
    text = metrics.render(DaemonState(model='odd "name"').snapshot())
    sample = re.compile(r'[a-z_]+(\{([a-z]+="([^"\\]|\\.)*",?)+\})? [0-9.e+-]+')
    for line in text.splitlines():
        assert line.startswith(("# HELP tagger_", "# TYPE tagger_")) or sample.fullmatch(line)
    assert 'tagger_files_total{action="set"} 0' in text
