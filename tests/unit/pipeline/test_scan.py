"""`tagger scan` from end to end, as its users run it."""

from __future__ import annotations

import errno
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import av
import bundles
import media
import mutagen
import pytest
from bundles import song
from letter_case import ignore_case
from mutagen import id3

from tagger import tags
from tagger.playlists import m3u

ENTRIES = ("path", "decision", "before", "after", "genre", "confidence", "reason", "evidence")


def genres(path):
    return tags.read(path).genres


def unread(path):
    """All of a file's status but when it was last read."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode


def test_a_library_is_tagged_and_a_second_scan_changes_nothing(program):
    calm = song(program.music / "a/calm.mp3", title="Calm")
    loud = song(program.music / "b/loud.flac", bundles.high, "flac")
    torn = song(program.music / "c/torn.ogg", bundles.both, "vorbis")
    mine = song(program.music / "d/mine.m4a", bundles.high, "m4a", genre=["Sunday"])
    first = program.scan()
    assert first.code == 0
    assert genres(calm) == ("Classical",)
    assert genres(loud) == ("Metal",)
    assert genres(torn) == ()
    assert genres(mine) == ("Sunday",)
    assert {n: o["decision"] for n, o in first.files.items()} == {
        "calm.mp3": "set",
        "loud.flac": "set",
        "torn.ogg": "abstain",
        "mine.m4a": "keep",
    }
    assert all(tuple(o) == ENTRIES for o in first.files.values())
    assert first.files["torn.ogg"]["genre"] is None
    assert first.summary["genres"] == {"Classical": 1, "Metal": 1}
    states = {path: unread(path) for path in program.music.rglob("*") if path.is_file()}
    second = program.scan()
    assert second.code == 0
    assert second.summary["set"] == 0
    assert second.files["torn.ogg"]["decision"] == "abstain"
    assert {path: unread(path) for path in states} == states


def test_every_format_is_tagged_and_undone(program):
    sounds = {}
    for name in filter(media.has_encoder, media.FORMATS):
        suffix = {"speex": ".ogg"}.get(name, media.FORMATS[name])
        path = song(program.music / f"{name}{suffix}", format=name, title="T", artist="A")
        sounds[path] = media.pcm(path)
    found = program.scan().files
    for path, sound in sounds.items():
        assert found[path.name]["decision"] == "set", path
        assert genres(path) == ("Classical",), path
        assert tags.read(path).title == "T", path
        assert (media.pcm(path) == sound).all(), path
    assert program.run("undo").code == 0
    for path, sound in sounds.items():
        assert genres(path) == (), path
        assert (media.pcm(path) == sound).all(), path


def test_a_dry_run_writes_nothing(program):
    path = song(program.music / "a.mp3")
    before = path.read_bytes(), path.stat()
    result = program.scan("--dry-run")
    assert result.files["a.mp3"]["decision"] == "set"
    assert result.files["a.mp3"]["after"] == ["Classical"]
    assert (path.read_bytes(), path.stat()) == before
    assert list(program.music.iterdir()) == [path]
    assert program.run("undo", "--json").summary["files"] == 0


def test_a_podcast_that_begins_with_music_is_left_alone(program):
    path = song(program.music / "episode.mp3")
    marked = id3.ID3()
    marked.add(id3.PCST(value=0))
    marked.save(path)
    before = path.read_bytes()
    found = program.scan("--mode", "replace").files["episode.mp3"]
    assert (found["decision"], found["genre"]) == ("keep", None)
    assert found["reason"] == "is a podcast or an audiobook by its tags"
    again = program.run("scan", "--json").files[path.name]
    assert (again["decision"], again["reason"]) == (found["decision"], found["reason"])
    assert path.read_bytes() == before


def test_modes_thresholds_and_names_come_from_the_command_line_and_the_configuration(program):
    path = song(program.music / "a.mp3", genre=["Folk"])
    program.configure('[genres]\nmap = { Classical = "Klassik" }\n')
    assert program.scan("--mode", "add", "--min-confidence", "1").files["a.mp3"]["decision"] in (
        "abstain"
    )
    assert program.scan("--mode", "add").files["a.mp3"]["decision"] == "add"
    assert genres(path) == ("Folk", "Klassik")
    assert program.scan("--mode", "replace").files["a.mp3"]["decision"] == "set"
    assert genres(path) == ("Klassik",)
    assert program.run("undo", path).code == 0
    assert genres(path) == ("Folk",)


def test_an_album_is_decided_as_a_whole_without_no_albums(program):
    fields = {"album": "One", "album_artist": "A"}
    sounds = [bundles.low, bundles.low, bundles.low, bundles.both]
    for number, sound in enumerate(sounds):
        song(program.music / f"one/{number}.mp3", sound, **fields)
    alone = program.scan("--no-albums", "--dry-run").files
    assert [alone[f"{n}.mp3"]["decision"] for n in range(4)] == ["set"] * 3 + ["abstain"]
    together = program.scan().files
    assert [together[f"{n}.mp3"]["decision"] for n in range(4)] == ["set"] * 4
    assert "3 more of its album" in together["3.mp3"]["reason"]


def test_a_track_with_another_sure_genre_is_decided_apart_from_its_album(program):
    fields = {"album": "One", "album_artist": "A"}
    for number in range(4):
        song(program.music / f"one/{number}.mp3", bundles.low, **fields)
    odd = song(program.music / "one/odd.mp3", bundles.high, **fields)
    program.scan()
    assert genres(odd) == ("Metal",)
    assert genres(program.music / "one/0.mp3") == ("Classical",)


def test_files_that_cannot_be_tagged_are_reported_and_the_run_goes_on(program):
    good = song(program.music / "z-good.mp3")
    song(program.music / "linked.mp3")
    os.link(program.music / "linked.mp3", program.home / "elsewhere.mp3")
    song(program.music / "locked.mp3").chmod(0o444)
    outside = song(program.home / "outside/away.mp3")
    (program.music / "away.mp3").symlink_to(outside)
    (program.music / "text.mp3").write_text("no music")
    (program.music / "empty.mp3").touch()
    media.make(program.music / "jingle.mp3", "mp3", seconds=1)
    media.make(program.music / "silence.flac", "flac", signal=bundles.np.zeros(44100 * 4))
    result = program.scan()
    assert result.code == 0
    decisions = {name: o["decision"] for name, o in result.files.items()}
    assert decisions == {
        "z-good.mp3": "set",
        "linked.mp3": "skip",
        "locked.mp3": "skip",
        "away.mp3": "skip",
        "text.mp3": "error",
        "empty.mp3": "error",
        "jingle.mp3": "skip",
        "silence.flac": "skip",
    }
    assert genres(good) == ("Classical",)
    assert all(o["reason"] for o in result.files.values())
    again = program.scan()
    assert {name: o["decision"] for name, o in again.files.items()} == decisions | {
        "z-good.mp3": "keep"
    }
    (program.music / "text.mp3").unlink()
    (program.music / "empty.mp3").unlink()
    assert program.scan().code == 0


def test_files_with_names_of_every_kind_are_tagged_and_reported(program):
    odd = [b"b\xe4h\xff.mp3", "Ünïcödé 音楽 🎵.mp3".encode(), b"two\nlines.mp3", b"tab\t;,.mp3"]
    for name in odd:
        song(program.music / os.fsdecode(name))
    result = program.scan()
    assert result.code == 0
    assert {os.fsencode(name) for name in result.files} == set(odd)
    assert result.summary["set"] == len(odd)
    plain = program.run("scan")
    assert len(plain.out.splitlines()) == len(odd) + 1


def test_playlists_are_written_beside_the_music_only_when_they_change(program):
    song(program.music / "a/calm.mp3", title="Calm", artist="X")
    song(program.music / "b/loud.mp3", bundles.high)
    assert program.scan().summary["playlists"] == {"created": 2}
    folder = program.music / "Playlists/Genres"
    lists = {path.name: m3u.parse(path.read_bytes()) for path in folder.iterdir()}
    assert lists.keys() == {"Classical.m3u8", "Metal.m3u8"}
    assert [e.location for e in lists["Classical.m3u8"].entries] == ["../../a/calm.mp3"]
    assert lists["Classical.m3u8"].entries[0].label == "X - Calm"
    assert program.scan().summary["playlists"] == {"unchanged": 2}
    program.run("undo")
    assert list(folder.iterdir()) == []
    (folder / "Classical.m3u8").write_text("#EXTM3U\nmine.mp3\n")
    program.scan()
    assert (folder / "Classical.m3u8").read_text() == "#EXTM3U\nmine.mp3\n"
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("year", [1601, 2400, 30_000])
def test_a_file_from_another_age_is_a_file_like_any_other(program, year):
    files = [song(program.music / f"{name}.mp3") for name in ("ours", "theirs")]
    before = files[1].read_bytes()
    os.utime(files[1], (0, (year - 1970) * 31_556_952))  # a file system may have no such time
    assert program.scan().summary["set"] == 2
    assert program.scan().summary["set"] == 0
    assert program.run("undo").code == 0
    assert files[1].read_bytes() == before


def test_playlists_that_cannot_be_written_change_the_exit_code(program):
    song(program.music / "a.mp3")
    program.configure(f'[playlists]\nfolder = "{"long" * 64}"\n')
    scan = program.scan()
    assert (scan.code, scan.summary["set"], scan.summary["error"]) == (1, 1, 0)
    assert program.run("playlists").code == 1
    program.configure("")
    assert program.run("playlists").code == 0


def test_a_file_that_the_user_changed_is_neither_undone_nor_overwritten(program):
    mine = song(program.music / "mine.mp3")
    theirs = song(program.music / "theirs.mp3")
    program.scan()
    media.tag(mine, genre=["Sunday"])
    result = program.run("undo", "--json")
    assert result.files["mine.mp3"]["decision"] == "skip"
    assert "changed" in result.files["mine.mp3"]["reason"]
    assert genres(mine) == ("Sunday",)
    assert genres(theirs) == ()
    kept = program.scan("--mode", "replace").files["mine.mp3"]
    assert kept["decision"] == "keep"
    assert "you changed" in kept["reason"]
    assert program.run("status", "--json").objects[0]["corrections"] == 1


def test_an_undo_that_is_refused_prints_the_next_step(program):
    path = song(program.music / "1.mp3")
    program.scan()
    path.chmod(0o444)
    reason = program.run("undo", "--json").files["1.mp3"]["reason"]
    assert reason == "read-only file (make the file writable: chmod u+w)"


def test_undo_by_path_run_or_time_takes_back_those_files_alone(program):
    one, two = song(program.music / "a/1.mp3"), song(program.music / "b/2.mp3")
    program.scan(program.music / "a")
    program.scan()
    assert program.run("undo", "--dry-run", "--json").files.keys() == {"2.mp3"}
    assert program.run("undo", "--json", program.music / "a").files.keys() == {"1.mp3"}
    assert (genres(one), genres(two)) == ((), ("Classical",))
    assert program.run("undo", "--since", "1h", "--json").files.keys() == {"2.mp3"}
    assert genres(two) == ()
    assert program.run("undo", "--since", "yesterday").code == 2
    program.scan()
    run = program.run("status", "--json").objects[0]["last_run"]["id"]
    assert len(program.run("undo", "--run", run, "--json").files) == 2


def test_a_moved_file_is_recognized_and_undone(program):
    path = song(program.music / "old.mp3")
    program.scan()
    new = program.music / "b/new.mp3"
    new.parent.mkdir()
    shutil.move(path, new)
    assert program.scan().files["new.mp3"]["decision"] == "keep"
    assert program.run("undo", new).code == 0
    assert genres(new) == ()


def test_a_scan_killed_at_any_moment_loses_nothing_and_the_next_scan_finishes(program):
    album = {"album": "One", "album_artist": "A"}
    paths = [song(program.music / f"{n}.flac", format="flac", **album) for n in range(8)]
    sounds = {path: media.pcm(path) for path in paths}
    for seed in range(4):
        program.killed("scan", after=random.Random(seed).uniform(0.5, 2.0))
        for path, sound in sounds.items():
            assert genres(path) in ((), ("Classical",))
            assert (media.pcm(path) == sound).all()
        if seed % 2 == 0:
            continue  # a file in whose analysis tagger ended three times is given up
        assert program.scan().code == 0
        assert all(genres(path) == ("Classical",) for path in paths)
        assert not [p for p in program.music.iterdir() if p.name.endswith(tags.TEMPORARY_SUFFIX)]
        assert program.run("undo", "--since", "1h").code == 0
        assert all(genres(path) == () for path in paths)


def test_an_interrupted_scan_keeps_its_writes(program):
    for number in range(30):
        song(program.music / f"{number}.mp3")
    with program.start("scan", "--json") as child:
        child.stdout.readline()
        child.send_signal(2)
        _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "kept" in err
    assert "Traceback" not in err
    assert any(genres(path) for path in program.music.glob("*.mp3"))


def test_classify_prints_each_genre_or_error_and_writes_nothing(program):
    path = song(program.music / "a.mp3", bundles.high)
    before = path.read_bytes()
    bad = program.music / "bad.mp3"
    bad.write_text("no music")
    result = program.run("classify", "--json", "--top", "1", path, bad, program.music / "gone")
    assert result.code == 1
    first, second, third = result.objects
    keys = "path genre confidence probabilities model error decision after reason"
    assert list(first) == keys.split()
    assert (first["decision"], first["after"]) == ("set", ["Metal"])
    assert (first["genre"], list(first["probabilities"])) == ("Metal", ["Metal"])
    assert second["genre"] is None
    assert "audio" in second["error"]
    assert "No such file" in third["error"]
    assert "check the path" in third["reason"]
    assert path.read_bytes() == before
    assert not program.state.exists()


def test_unusable_settings_models_and_folders_give_one_line_errors(program):
    program.configure("[tags]\nmood = 1\n")
    result = program.scan()
    assert (result.code, result.out) == (2, "")
    assert "tags.mood" in result.err
    program.configure()
    assert program.run("scan", program.home / "nowhere").code == 2
    shutil.rmtree(program.music)
    refused = program.scan().err
    assert "no such folder" in refused
    assert "mount its disk" in refused
    program.music.mkdir()
    program.bundle = program.home / "no-bundle"
    program.configure()
    failed = program.scan()
    assert failed.code == 2
    assert len(failed.err.splitlines()) == 1


def test_a_music_folder_of_links_to_each_other_is_named_with_the_reason(program):
    program.music.rmdir()
    program.music.symlink_to(program.home / "link")
    (program.home / "link").symlink_to(program.music)
    result = program.scan()
    assert result.code == 1
    assert "symbolic links" in result.files[program.music.name]["reason"]


def test_doctor_reports_a_missing_folder_and_a_broken_model(program):
    fine = program.run("doctor", "--json")
    assert fine.code == 0
    assert {o["level"] for o in fine.objects} == {"ok"}
    program.music.rmdir()
    (program.bundle.parent / "broken").mkdir(exist_ok=True)
    program.bundle = program.bundle.parent / "broken"
    program.configure()
    wrong = {
        o["name"]: o for o in program.run("doctor", "--json").objects if o["level"] == "failed"
    }
    assert wrong.keys() == {"model", f"library {program.music}"}
    assert all(o["next_step"] for o in wrong.values())


def test_doctor_mends_the_list_of_models_and_names_the_way_back_from_a_broken_model(program):
    program.bundle = "active"
    program.configure()
    broken = program.state / "models/broken-1"
    broken.mkdir(parents=True)
    (program.state / "models/active").write_text("broken-1\ngone-1\n")
    (status,) = program.run("status", "--json").objects
    assert status["model"].endswith("gone-1")
    assert "tagger models use" in status["model_fault"]
    assert status["files"] == 0
    findings = {o["name"]: o for o in program.run("doctor", "--json").objects}
    assert "gone-1" in findings["models"]["text"]
    assert findings["model"]["level"] == "failed"
    assert "tagger models rollback" in findings["model"]["next_step"]
    assert program.run("models", "rollback").code == 0
    mended = {o["name"]: o["level"] for o in program.run("doctor", "--json").objects}
    assert "models" not in mended
    assert mended["model"] == "ok"


def test_an_interrupted_scan_blames_no_file(program):
    for number in range(30):
        song(program.music / f"{number}.mp3", format="mp3")
    for _ in range(2):
        with program.start("scan", "--json", "--force", "--dry-run") as child:
            child.stdout.readline()
            child.send_signal(2)
            child.communicate(timeout=30)
        assert child.returncode == 130
    assert program.run("status", "--json").objects[0]["failures"] == []
    assert program.scan().code == 0


def test_a_fifo_never_blocks_a_scan(program):
    os.mkfifo(program.music / "pipe.mp3")
    assert program.scan().files == {}
    named = program.scan(program.music / "pipe.mp3")
    assert named.files["pipe.mp3"]["decision"] == "error"
    song(program.music / "a.mp3")
    (program.music / ".taggerignore").write_text("!\n*.flac\n")
    scan = program.scan()
    assert (scan.code, scan.files.keys()) == (1, {"music"})
    assert "cannot be understood" in scan.files["music"]["reason"]
    (program.music / ".taggerignore").unlink()
    program.configure()
    program.config.write_text(
        program.config.read_text().replace("[library]", '[library]\nignore = ["!"]')
    )
    assert program.scan().code == 2


def test_a_changed_window_is_analyzed_again(program):
    rate = 44100
    halves = bundles.np.concatenate([bundles.low(5), bundles.high(5)])
    media.make(program.music / "a.flac", "flac", signal=halves, rate=rate)
    program.configure("[listen]\nlength = 4.0\n")
    assert program.scan("--dry-run").files["a.flac"]["after"] == ["Classical"]
    program.configure("[listen]\noffset = 5.5\nlength = 4.0\n")
    assert program.scan("--dry-run").files["a.flac"]["after"] == ["Metal"]


def test_a_file_moved_over_another_is_undone_to_its_own_genre(program):
    one = song(program.music / "1.mp3", genre=["Jazz"])
    two = song(program.music / "2.mp3", genre=["Folk"])
    program.scan("--mode", "replace")
    two.unlink()
    one.rename(two)
    program.scan()
    assert program.run("undo", "--since", "1h", "--json").summary["set"] == 1
    assert genres(two) == ("Jazz",)


def test_an_undo_of_a_file_that_cannot_be_written_fails(program):
    program.configure("[playlists]\nenabled = false\n")
    path = song(program.music / "1.mp3")
    program.scan()
    path.chmod(0o444)
    for arguments in (["--dry-run"], []):
        result = program.run("undo", "--json", *arguments)
        assert (result.code, result.files["1.mp3"]["decision"]) == (1, "error")
    path.chmod(0o644)
    assert program.run("undo").code == 0
    assert genres(path) == ()


def test_another_recording_under_the_same_name_is_not_undone(program):
    path = song(program.music / "1.mp3", genre=["Folk"])
    program.scan("--mode", "replace")
    song(path, bundles.high, genre=["Classical"])
    result = program.run("undo", "--json").files["1.mp3"]
    assert result["decision"] == "skip"
    assert "another recording" in result["reason"]
    assert genres(path) == ("Classical",)


def test_a_write_that_failed_for_good_is_not_tried_again(program):
    path = song(program.music / "a.wav", format="wav")
    data = bytearray(path.read_bytes())
    data[4:8] = b"\xff\xff\xff\xff"  # as a program writes it into a pipe
    path.write_bytes(data)
    foretold = program.scan("--dry-run").files["a.wav"]
    assert foretold["decision"] == "error"
    first = program.scan().files["a.wav"]
    assert (first["decision"], first["reason"]) == ("error", foretold["reason"])
    before = program.music.stat().st_mtime_ns
    assert program.scan().files["a.wav"]["decision"] == "error"
    assert program.music.stat().st_mtime_ns == before
    assert path.read_bytes() == data


def test_a_video_with_sound_is_skipped(program):
    path = program.music / "film.mp4"
    rate = 44100
    with av.open(str(path), "w") as film:
        picture, sound = film.add_stream("mpeg4", rate=5), film.add_stream("aac", rate=rate)
        picture.width = picture.height = 64
        sound.layout = "mono"
        for _ in range(25):
            image = bundles.np.zeros((64, 64, 3), "u1")
            film.mux(picture.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        samples = bundles.low(5)[None]
        for at in range(0, samples.shape[1] - 1024, 1024):
            piece = bundles.np.ascontiguousarray(samples[:, at : at + 1024])
            frame = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
            frame.rate, frame.pts = rate, at
            film.mux(sound.encode(frame))
        film.mux(picture.encode(None))
        film.mux(sound.encode(None))
    cover = song(program.music / "cover.m4a", format="m4a", picture=media.png())
    files = program.scan().files
    assert files["film.mp4"]["decision"] == "skip"
    assert "video" in files["film.mp4"]["reason"]
    assert genres(cover) == ("Classical",)


def two_folders(program):
    """Configure a second folder, with a song in each; return the second."""
    second = program.home / "second"
    second.mkdir()
    text = program.config.read_text()
    program.config.write_text(text.replace('music"]', f'music", "{second}"]', 1))
    song(program.music / "a.mp3")
    song(second / "b.mp3")
    assert program.scan().summary["files"] == 2
    return second


def test_a_missing_folder_of_the_configuration_does_not_stop_the_scan_of_the_others(program):
    second = two_folders(program)
    away = program.home / "away"
    program.music.rename(away)
    song(second / "c.mp3")
    scan = program.scan()
    assert (scan.code, set(scan.files)) == (1, {"b.mp3", "c.mp3", "music"})
    failed = scan.files["music"]
    assert failed["decision"] == "error"
    assert "there is no such folder (mount its disk" in failed["reason"]
    assert "none is there" not in scan.err
    names = program.run("genres", "normalize", "--json")
    assert (names.code, names.files["music"]["decision"]) == (1, "error")
    assert not program.music.exists()  # it has the playlists
    away.rename(program.music)
    assert program.scan().code == 0
    lists = (program.music / "Playlists/Genres").iterdir()
    assert any("c.mp3" in file.read_text() for file in lists)


def test_no_playlist_is_written_into_an_empty_mount_point(program):
    second = two_folders(program)
    away = program.home / "away"
    program.music.rename(away)
    program.music.mkdir()
    (state,) = program.home.rglob("tagger.sqlite3")
    with closing(sqlite3.connect(state)) as db, db:  # as of a disk that is not mounted now
        db.execute("UPDATE files SET device = device + 1 WHERE root = ?", [bytes(program.music)])
    song(second / "c.mp3")
    assert program.scan(second).files["c.mp3"]["decision"] == "set"
    assert list(program.music.iterdir()) == []


def test_an_empty_mount_point_gets_no_playlists_and_forgets_no_file(program):
    song(program.music / "a.mp3")
    program.scan()
    away = program.home / "away"
    program.music.rename(away)
    program.music.mkdir()
    emptied = program.scan()
    assert emptied.code == 0
    assert "1 known file, and none is there: its playlists stay until a new file" in emptied.err
    (state,) = program.home.rglob("tagger.sqlite3")
    with closing(sqlite3.connect(state)) as db, db:  # as of a disk that is not mounted now
        db.execute("UPDATE files SET device = device + 1")
    empty = program.scan()
    assert empty.summary["files"] == 0
    assert f"{program.music}: 1 known file, and none is there: mount its disk" in empty.err
    assert empty.code == program.run("scan", "--dry-run").code == 1  # as a cron job expects
    library = f"library {program.music}: 1 known file, and none is there"
    assert f"warning  {library}\n         -> mount its disk" in program.run("doctor").out
    shown = program.run("playlists").out
    assert shown == "no playlists: no scanned file has a genre, or its disk is not mounted\n"
    assert list(program.music.iterdir()) == []
    program.music.rmdir()
    away.rename(program.music)
    back = program.scan()
    assert (back.code, back.files["a.mp3"]["decision"]) == (0, "keep")
    assert "mount its disk" not in back.err
    assert "none is there" not in program.run("doctor").out
    dry = program.run("undo", "--dry-run").out
    assert "1 file: 1 would be taken back" in dry
    assert "a.mp3: would be taken back" in dry
    assert program.run("undo").code == 0


def test_doctor_asks_for_the_disk_of_an_empty_mount_point_of_another_user(program, monkeypatch):
    path = song(program.music / "a.mp3")
    program.scan()
    path.unlink()
    with closing(sqlite3.connect(program.state / "tagger.sqlite3")) as db, db:
        db.execute("UPDATE files SET device = device + 1")

    def refuse(**_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    found = {one["name"]: one for one in program.run("doctor", "--json").objects}
    library = found[f"library {program.music}"]
    assert (library["level"], library["text"]) == ("failed", "1 known file, and none is there")
    assert "mount its disk" in library["next_step"]


def test_a_restored_backup_is_not_recorded_as_a_correction(program):
    path = song(program.music / "a.mp3", genre=["Folk"])
    shutil.copy2(path, program.home / "backup.mp3")
    program.scan("--mode", "replace")
    path.unlink()
    shutil.copy2(program.home / "backup.mp3", path)
    assert program.scan("--mode", "replace").files["a.mp3"]["decision"] == "set"
    assert genres(path) == ("Classical",)


def test_an_original_copied_anew_is_a_new_file_and_a_deleted_genre_is_a_correction(program):
    copied, edited = song(program.music / "a.mp3"), song(program.music / "b.mp3")
    original = copied.read_bytes()
    program.scan()
    copied.write_bytes(original)
    file = mutagen.File(edited)
    del file.tags["TCON"]
    file.tags.add(mutagen.id3.TIT2(encoding=3, text=["x"]))
    file.save()
    files = program.scan().files
    assert (files["a.mp3"]["decision"], files["b.mp3"]["decision"]) == ("set", "keep")
    assert "b.mp3: Classical -> -" in program.run("corrections").out
    assert "1 of them to the genre from before" in program.run("status").out
    assert program.run("corrections", "forget", edited).out == "1 forgotten\n"
    assert program.scan().files["b.mp3"]["decision"] == "set"


def test_two_scans_at_once_leave_the_files_of_one_scan(program):
    music = [song(program.music / f"{n}.flac", format="flac", title=f"{n}") for n in range(12)]
    scans = [program.start("scan", "--json") for _ in range(2)]
    for scan in scans:
        scan.communicate()
    assert [scan.returncode for scan in scans] == [0, 0]
    assert {genres(path) for path in music} == {("Classical",)}
    (playlist,) = program.music.glob("Playlists/Genres/*.m3u8")
    assert len(m3u.parse(playlist.read_bytes()).entries) == len(music)
    assert "12 got a genre" in program.run("status").out
    undone = program.run("undo", program.music, "--json")
    assert undone.summary["files"] == len(music)
    assert {genres(path) for path in music} == {()}


def test_a_folder_in_other_letters_is_the_same_folder_where_letter_case_is_ignored(
    program, monkeypatch
):
    path = song(program.music / "Album/song.mp3")
    program.scan()
    ignore_case(monkeypatch, program.home)
    again = program.scan(program.home / "MUSIC/album")
    assert list(again.files) == [path.name]
    path.rename(path.with_name("Song.mp3"))
    program.scan()
    monkeypatch.undo()
    (status,) = program.run("status", "--json").objects
    assert (status["files"], status["decisions"]) == (1, {"set": 1})
    (playlist,) = program.music.glob("Playlists/Genres/*.m3u8")
    assert len(m3u.parse(playlist.read_bytes()).entries) == 1
    assert program.run("undo", "--json").summary["files"] == 1
    assert genres(path.with_name("Song.mp3")) == ()


def test_the_decisions_of_the_status_and_the_rest_are_all_files(program):
    song(program.music / "new.mp3")
    song(program.music / "kept.mp3", genre=["Rock"])
    assert program.run("scan", "--dry-run").code == 0
    (status,) = program.run("status", "--json").objects
    assert (status["files"], status["decisions"], status["without_decision"]) == (2, {}, 2)
    program.scan()
    (status,) = program.run("status", "--json").objects
    assert (status["files"], status["decisions"], status["without_decision"]) == (2, {"set": 1}, 1)
    assert "decisions   1 got a genre, 1 without a decision" in program.run("status").out


def test_an_unknown_run_is_refused(program):
    song(program.music / "a.mp3")
    program.scan()
    result = program.run("undo", "--run", "99")
    assert (result.code, "there is no run 99" in result.err) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_output_device_gives_a_one_line_error(program):
    song(program.music / "a.mp3")
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "tagger", "scan", "--dry-run"],
            env=program.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith("tagger: the output cannot be written")
    assert "Traceback" not in ended.stderr


def test_a_file_that_another_tagger_wrote_first_is_recorded_as_it_is(program, monkeypatch):
    path = song(program.music / "a.flac", format="flac")
    write = tags.write_genres

    def overtaken(*args, **options):
        monkeypatch.setattr(tags, "write_genres", write)
        other = program.start("scan", "--json")
        other.communicate()
        (state,) = program.home.rglob("tagger.sqlite3")
        with closing(sqlite3.connect(state)) as db:  # as it was looked at before
            db.execute("UPDATE files SET tags = '{}', size = 1")
            db.commit()
        return write(*args, **options)

    monkeypatch.setattr(tags, "write_genres", overtaken)
    assert program.scan().files[path.name]["decision"] == "skip"
    assert "1 got a genre" in program.run("status").out
    (playlist,) = program.music.glob("Playlists/Genres/*.m3u8")
    assert len(m3u.parse(playlist.read_bytes()).entries) == 1
