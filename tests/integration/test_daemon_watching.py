"""What the daemon sees, and when it takes a file up: real inotify, real files."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import bundles
import media
import pytest
from daemons import Watcher, until

from tagger import tags
from tagger.features.weights import MN04
from tagger.playlists import m3u
from tagger.store import Store


def genres(path):
    return tags.read(path).genres


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Make each sound once: an MP3 that is Classical, Metal or a toss-up."""
    folder = tmp_path_factory.mktemp("sounds")
    made = {}
    for sound in (bundles.low, bundles.high, bundles.both):
        path = folder / f"{sound.__name__}.mp3"
        made[sound.__name__] = media.make(path, "mp3", signal=sound(), tags={"title": "T"})
    return made


def put(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def slowly(source, target, pieces=8):
    """Write a file piece by piece, closing it in between."""
    data = source.read_bytes()
    size = len(data) // pieces + 1
    for start in range(0, len(data), size):
        with target.open("ab") as file:
            file.write(data[start : start + size])
        time.sleep(0.1)


def test_a_start_names_an_unknown_genre_of_a_list(program, sounds):
    put(sounds["low"], program.music / "a.mp3")
    program.scan()
    program.configure('[genres]\nonly = ["Clasical", "Metal"]\n')
    with Watcher(program) as watcher:
        (logged,) = watcher.events("unknown genre")
    assert "did you mean 'Classical'?" in logged["reason"]


def test_a_start_names_a_stored_network_that_cannot_be_used(program):
    (program.state / "networks" / MN04.file).mkdir(parents=True)
    program.bundle = "active"
    program.configure()
    with Watcher(program) as watcher:
        (logged,) = watcher.events("network unusable")
    assert "cannot be read: Is a directory" in logged["reason"]


def test_a_start_with_lists_of_genres_waits_for_a_list_of_artists_that_cannot_be_read(
    program, sounds
):
    put(sounds["low"], program.music / "a.mp3")
    program.scan()
    lists = '[genres]\nonly = ["Clasical"]\n'
    program.configure(f'{lists}[evidence]\nartists = "{program.music}"\n')
    with Watcher(program) as watcher:
        assert watcher.process.poll() is None
        assert not watcher.events("unknown genre")


def test_every_way_of_arriving_queues_music_once_and_other_files_never(program, sounds):
    low = sounds["low"]
    music = program.music
    (music / ".taggerignore").write_text("Books/\n")
    with Watcher(program) as watcher:
        wanted = [put(low, music / "new folder/plain.mp3")]
        slowly(low, music / "slow.mp3")
        put(low, music / "renamed.mp3.part").rename(music / "renamed.mp3")
        outside = put(low, program.home / "album/disc 1/moved.mp3").parents[1]
        outside.rename(music / "album")
        raw = music / os.fsdecode(media.RAW_NAME + b"\n.mp3")
        put(low, raw)
        wanted += [
            put(low, music / "...and dots.mp3"),
            music / "slow.mp3",
            music / "renamed.mp3",
            music / "album/disc 1/moved.mp3",
            raw,
        ]
        unwanted = [
            put(low, music / name)
            for name in (
                "half.mp3.part",
                "half.mp3.!qB",
                "half.mp3.crdownload",
                "half.mp3.partial~",
                "half.tmp",
                "._apple.mp3",
                "@eaDir/thumb.mp3",
                ".stversions/old.mp3",
                "__MACOSX/twin.mp3",
                "Books/chapter.mp3",
            )
        ]
        (music / "link.mp3").symlink_to(low)
        outside = put(low, program.home / "outside/away.mp3")
        (music / "linked folder").symlink_to(outside.parent)
        (music / "pipe").mkdir()
        os.mkfifo(music / "pipe/.taggerignore")
        os.mkfifo(music / "pipe/pipe.mp3")
        for path in wanted:
            watcher.wait_for("set", path=path)
        os.link(put(low, program.home / "seed.mp3"), music / "linked.mp3")
        assert "hard links" in watcher.wait_for("skip", path=music / "linked.mp3")["reason"]
        watcher.wait_for_calm()
        watcher.wait_for_calm()
        assert [watcher.queued(path) for path in wanted] == [1] * len(wanted)
        assert [watcher.queued(path) for path in unwanted] == [0] * len(unwanted)
        for path in (music / "link.mp3", music / "pipe/pipe.mp3", outside):
            assert watcher.queued(path) == 0
        assert not watcher.events("queued", path=music / "linked folder/away.mp3")
        assert genres(outside) == ()
        assert watcher.queued(music / "linked.mp3") == 1
        assert all(genres(path) == ("Classical",) for path in wanted)


def test_a_file_that_is_open_for_writing_waits(program, sounds):
    data = sounds["low"].read_bytes()
    path = program.music / "long.mp3"
    with Watcher(program) as watcher:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            put(sounds["low"], program.music / "other.mp3")
            watcher.wait_for("set", path=program.music / "other.mp3")
            assert watcher.queued(path) == 0
            file.write(data[len(data) // 2 :])
        watcher.wait_for("set", path=path)
        assert watcher.queued(path) == 1
        assert (media.pcm(path) == media.pcm(sounds["low"])).all()


@pytest.mark.slow
def test_a_file_that_grows_for_long_delays_no_playlist(program, sounds):
    growing = program.music / "growing.mp3"
    growing.write_bytes(b"")

    def is_published():
        with growing.open("ab") as file:
            file.write(b"more")
        return watcher.events("burst finished")

    with Watcher(program, settle=1) as watcher:
        put(sounds["low"], program.music / "a.mp3")
        until(is_published, "the end of the burst")
        assert watcher.queued(growing) == 0


def test_files_that_arrive_while_the_daemon_is_down_are_tagged_once(program, sounds):
    first, second = program.music / "first.mp3", program.music / "second.mp3"
    put(sounds["low"], first)
    program.scan()
    put(sounds["high"], second)
    with Watcher(program) as watcher:
        watcher.wait_for("set", path=second)
        assert watcher.queued(first) == 0
    with Watcher(program) as watcher:
        watcher.wait_for_calm()
        assert (watcher.queued(first), watcher.queued(second)) == (0, 0)


def test_jobs_outside_the_present_roots_and_rules_are_dropped(program, sounds):
    elsewhere = put(sounds["low"], program.home / "books/chapter.mp3")
    ignored = put(sounds["low"], program.music / "Books/chapter.mp3")
    kept = put(sounds["low"], program.music / "song.mp3")
    (program.music / ".taggerignore").write_text("Books/\n")
    with Store(program.state) as store:
        store.queue.put(elsewhere.parent, [elsewhere])
        store.queue.put(program.music, [ignored, kept])
    with Watcher(program) as watcher:
        watcher.wait_for("set", path=kept)
        watcher.wait_for_calm()
    assert (genres(elsewhere), genres(ignored)) == ((), ())
    with Store(program.state) as store:
        assert store.queue.length() == 0


def test_playlists_follow_tagged_moved_and_deleted_files(program, sounds):
    folder = program.music / "Playlists/Genres"

    def listed(genre):
        file = folder / f"{genre}.m3u8"
        return {e.location for e in m3u.parse(file.read_bytes()).entries} if file.exists() else {}

    with Watcher(program) as watcher:
        calm = put(sounds["low"], program.music / "a/calm.mp3")
        quiet = put(sounds["low"], program.music / "a/quiet.mp3")
        put(sounds["high"], program.music / "b/loud.mp3")
        until(lambda: listed("Metal") == {"../../b/loud.mp3"})
        metal = (folder / "Metal.m3u8").stat()
        assert listed("Classical") == {"../../a/calm.mp3", "../../a/quiet.mp3"}
        calm.rename(program.music / "b/calm.mp3")
        quiet.unlink()
        until(lambda: listed("Classical") == {"../../b/calm.mp3"})
        assert (folder / "Metal.m3u8").stat() == metal
        shutil.rmtree(program.music / "b")
        put(sounds["low"], program.music / "new.mp3")
        until(lambda: listed("Classical") == {"../../new.mp3"})
        until(lambda: not listed("Metal"))
        assert len(watcher.events("set")) == 4


def test_a_users_change_is_kept_and_an_undone_file_stays_undone(program, sounds):
    mine, theirs = program.music / "mine.mp3", program.music / "theirs.mp3"
    with Watcher(program) as watcher:
        put(sounds["low"], mine)
        put(sounds["low"], theirs)
        watcher.wait_for("burst finished")
        media.tag(mine, genre=["Sunday"])
        assert "you changed" in watcher.wait_for("keep", path=mine)["reason"]
        assert program.run("undo", theirs).code == 0
        assert "you took" in watcher.wait_for("keep", path=theirs)["reason"]
        media.tag(theirs, title="Another")
        until(lambda: len(watcher.events("keep", path=theirs)) == 2)
        watcher.wait_for_calm()
        assert genres(mine) == ("Sunday",)
        assert genres(theirs) == ()
        assert program.run("status", "--json").objects[0]["corrections"] == 1
        assert program.scan().files["theirs.mp3"]["decision"] == "set"


def test_late_tracks_are_decided_with_their_album_and_unsure_tracks_again(program, sounds):
    fields = {"album": "One", "album_artist": "A"}

    def track(number, sound):
        made = media.tag(put(sounds[sound], program.home / f"{number}.mp3"), **fields)
        return put(made, program.music / f"one/{number}.mp3")

    with Watcher(program) as watcher:
        early = track(1, "both")
        watcher.wait_for("abstain", path=early)
        for number in (2, 3, 4):
            watcher.wait_for("set", path=track(number, "low"))
        assert "of its album" in watcher.wait_for("set", path=early)["reason"]
        late = track(5, "both")
        assert "4 more of its album" in watcher.wait_for("set", path=late)["reason"]


def test_a_file_that_becomes_writable_gets_its_genre(program, sounds):
    path = put(sounds["low"], program.music / "a.mp3")
    kept = put(sounds["low"], program.music / "b.mp3")
    for song in (path, kept):
        song.chmod(0o444)
    with Watcher(program, daemon="reconcile_interval = 1") as watcher:
        assert "read-only file" in watcher.wait_for("skip", path=path)["reason"]
        path.chmod(0o644)
        watcher.wait_for("set", path=path)
        watcher.wait_for_calm()
        assert len(watcher.events("skip", path=kept)) == 1


def test_a_polled_folder_is_watched_without_events(program, sounds):
    daemon = f'poll = ["{program.music}"]\npoll_interval = 1'
    with Watcher(program, daemon=daemon) as watcher:
        assert [w["how"] for w in watcher.status()["watching"]] == ["poll"]
        path = put(sounds["low"], program.music / "deep/er/a.mp3")
        watcher.wait_for("set", path=path)
        assert watcher.queued(path) == 1


@pytest.mark.slow
def test_dropped_events_start_a_reconcile(program, sounds):
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 50_000:
        pytest.skip("the kernel's queue is longer than a quick test can fill")
    junk = program.music / "junk"
    junk.mkdir()
    with Watcher(program) as watcher:
        watcher.process.send_signal(signal.SIGSTOP)
        stat = Path(f"/proc/{watcher.process.pid}/stat")
        until(lambda: stat.read_text().rpartition(") ")[2].startswith("T"))
        for number in range(limit // 2 + 500):
            (junk / f"{number}.txt").touch()
        paths = [put(sounds["low"], program.music / f"late/{n}.mp3") for n in range(3)]
        watcher.process.send_signal(signal.SIGCONT)
        watcher.wait_for("reconciled", why="the kernel dropped events")
        for path in paths:
            watcher.wait_for("set", path=path)


@pytest.mark.slow
def test_a_daemon_without_free_watches_polls_and_names_the_limit(program, sounds):
    limited = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    script = 'echo 5 > /proc/sys/user/max_inotify_watches && exec "$0" "$@"'
    if subprocess.run([*limited, script, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs user namespaces with limits of their own")
    for number in range(8):
        (program.music / f"{number}").mkdir()
    with Watcher(program, *limited, script, daemon="poll_interval = 1") as watcher:
        told = watcher.wait_for("polling instead of inotify")
        assert told["limit"] == "fs.inotify.max_user_watches"
        path = put(sounds["low"], program.music / "7/a.mp3")
        watcher.wait_for("set", path=path)
        assert "max_user_watches" in watcher.status()["watching"][0]["why"]


def test_a_folder_that_goes_and_comes_back_is_watched_again(program, sounds):
    with Watcher(program) as watcher:
        kept = put(sounds["low"], program.music / "a.mp3")
        watcher.wait_for("set", path=kept)
        away = program.home / "away"
        program.music.rename(away)
        program.music.mkdir()
        shutil.rmtree(program.music)
        away.rename(program.music)
        path = put(sounds["high"], program.music / "b.mp3")
        watcher.wait_for("set", path=path)
        watcher.wait_for_calm()
        assert watcher.queued(kept) == 1
        with closing(sqlite3.connect(program.state / "tagger.sqlite3")) as db, db:
            assert db.execute("SELECT count(*) FROM files").fetchone() == (2,)
        db.close()


def test_a_scan_beside_the_daemon_writes_no_file_twice(program, sounds):
    paths = [put(sounds["low"], program.music / f"{number}.mp3") for number in range(12)]
    with Watcher(program) as watcher:
        scan = program.scan()
        watcher.wait_for_calm()
        failed = [o for o in scan.files.values() if o["decision"] == "error"]
        assert all("another program changed" in o["reason"] for o in failed)
        assert all(genres(path) == ("Classical",) for path in paths)
        with closing(sqlite3.connect(program.state / "tagger.sqlite3")) as db, db:
            count = "SELECT count(*), count(DISTINCT path) FROM changes WHERE state = 'done'"
            assert db.execute(count).fetchone() == (12, 12)
        db.close()
