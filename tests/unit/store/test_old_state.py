"""A home of the first state format in today's program.

The program of commit 95dbd91 made the home, the last before the first migration of a user's state.
`make_old_state.py` of commit 5833088 ran it, and put in the failures of a machine, such as a killed
worker. The expected results are the old program's own; the tests ask through the commands alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from daemons import Watcher, until

from tagger.store import Store

if TYPE_CHECKING:
    from programs import Program

OLD = Path(__file__).resolve().parents[2] / "support" / "old_state"
HOME = "@HOME@"
DECISION = ("decision", "before", "after", "genre", "confidence", "reason")
TO_HEAR = {"unreadable.wv", "ended.wv", "failed.wv", "taken.wv", "waiting.wv"}
"""Files that the old program had yet to analyze."""
LIBRARIES = ("sklearn", "joblib", "rapidfuzz", "anyascii", "onnx", "scipy", "threadpoolctl")


@pytest.fixture
def old(program: Program) -> Program:
    """Put the old home in the place of the program's own."""
    shutil.copytree(OLD, program.home, dirs_exist_ok=True)
    for path in program.home.glob("*.toml"):
        path.write_text(path.read_text().replace(HOME, str(program.home)))
    with contextlib.closing(sqlite3.connect(database(program))) as connection:
        connection.executescript(_at_home(program, (OLD / "database.sql").read_text()))
        for table in ("files", "failures", "samples"):
            _identify(connection, table)
        connection.commit()
    return program


def database(program):
    return program.state / "tagger.sqlite3"


def _at_home(program, text):
    home = os.fsencode(program.home)
    return text.replace(HOME.encode().hex().upper(), home.hex().upper()).replace(
        HOME, str(program.home)
    )


def _identify(connection, table):
    """Give files the times that the table names, and the table the numbers of these files."""
    for path, time in connection.execute(f"SELECT path, mtime_ns FROM {table}").fetchall():  # noqa: S608
        os.utime(path, ns=(time, time))
        status = Path(os.fsdecode(path)).stat()
        connection.execute(
            f"UPDATE {table} SET device = ?, inode = ? WHERE path = ?",  # noqa: S608
            (status.st_dev, status.st_ino, path),
        )


def expected(program, key):
    return json.loads(_at_home(program, (OLD / "expected.json").read_text()))[key]


def decisions(objects):
    return {
        Path(found["path"]).name: {key: found[key] for key in DECISION}
        for found in objects
        if "path" in found
    }


def was_before(program, name):
    """Whether a file has the bytes that it had before the old program wrote to it."""
    data = (program.music / name).read_bytes()
    return hashlib.sha256(data).hexdigest() == expected(program, "originals")[name]


def version(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_the_status_of_an_old_state_is_what_the_old_program_printed(old):
    assert version(database(old)) == 3
    (found,) = old.run("status", "--json").objects
    before = expected(old, "status")
    started = before["last_run"].pop("started")
    assert found["last_run"].pop("started")[:4] == started[:4]
    undone = before["decisions"] | {"set": 5, "undone": 1}
    assert {key: found[key] for key in before} == before | {"decisions": undone}
    assert old.run("status", "--json").objects[0]["failures"] == before["failures"]


def test_a_scan_of_an_old_state_decides_what_the_old_program_decided(old):
    result = old.scan()
    before = expected(old, "scan")
    assert decisions(result.objects) == decisions(before)
    summary = before[-1]["summary"] | {"seconds": result.summary["seconds"]}
    assert {key: result.summary[key] for key in summary} == summary


def test_a_file_that_the_old_program_analyzed_is_not_read_again(old):
    for path in old.music.rglob("*.*"):
        if path.suffix != ".m3u8" and path.name not in TO_HEAR | {"interrupted.wv", "undone.m4a"}:
            status = path.stat()
            path.write_bytes(bytes(status.st_size))
            os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns))
    assert decisions(old.scan().objects) == decisions(expected(old, "scan"))


def test_a_run_of_the_old_program_is_undone_to_the_byte(old):
    names = ["one/low.mp3", "one/low.ogg", "two/high.flac", "two/high.wv"]
    assert not any(was_before(old, name) for name in names)
    files = old.run("undo", "--json", "--run", "1").files
    assert {Path(name).name for name in names} == {n for n, o in files.items() if not o["after"]}
    assert all(was_before(old, name) for name in names)
    assert files["corrected.wv"]["decision"] == "skip"


def test_a_write_that_the_old_program_did_not_finish_is_undone_to_the_byte(old):
    assert not was_before(old, "interrupted.wv")
    assert old.run("undo", "--json").files["interrupted.wv"]["before"] == ["High"]
    assert was_before(old, "interrupted.wv")


def test_an_undone_run_of_the_old_program_is_not_undone_twice(old):
    assert was_before(old, "undone.m4a")
    assert old.run("undo", "--json", "--run", "2").files == {}
    assert was_before(old, "undone.m4a")


def test_a_playlist_of_the_old_program_is_known_by_its_record_and_removed_when_empty(old):
    folder = old.music / "Playlists/Genres"
    # a name that no genre gives: only the record says whose file it is
    record = (os.fsencode(folder / "Bright.m3u8"), os.fsencode(folder / "High.m3u8"))
    with contextlib.closing(sqlite3.connect(database(old))) as connection:
        connection.execute("UPDATE playlists SET path = ? WHERE path = ?", record)
        connection.commit()
    (folder / "High.m3u8").rename(folder / "Bright.m3u8")
    for name in ("two", "queued"):
        shutil.rmtree(old.music / name)
    (old.music / "interrupted.wv").unlink()
    (folder / "Sunday.m3u8").write_text("mine.wv\n")
    old.scan()
    assert not (folder / "Bright.m3u8").exists()
    assert (folder / "Sunday.m3u8").read_text() == "mine.wv\n"


def test_the_queue_of_the_old_daemon_is_worked_off(old):
    names = {"failed.wv", "taken.wv", "waiting.wv"}

    def written():
        return {name for name in names if not was_queued(old, name)}

    assert queued(old) == 3
    with Watcher(old):
        until(lambda: written() == names and not queued(old), "the queue")


def queued(program):
    with Store(program.state) as store:
        return store.queue.length()


def was_queued(program, name):
    return (program.music / "queued" / name).read_bytes() == (
        OLD / "music/queued" / name
    ).read_bytes()


def test_a_model_of_the_old_program_is_active_and_predicts_the_same(old):
    def chosen(objects):
        own = [o for o in objects if o["name"] != "default"]  # the default came with the program
        return {o["id"]: {key: o[key] for key in ("name", "active", "genres")} for o in own}

    models = chosen(old.run("models", "list", "--json").objects)
    own = {key: model for key, model in chosen(expected(old, "models")).items() if model["active"]}
    assert own  # the model of the user; the default model changes with the version
    assert {key: models[key] for key in own} == own
    before = expected(old, "classify")
    (found,) = old.run("classify", "--json", before["path"]).objects
    assert {key: found[key] for key in ("genre", "model")} == {
        key: before[key] for key in ("genre", "model")
    }
    assert found["probabilities"] == pytest.approx(before["probabilities"], abs=1e-3)


def test_labels_samples_and_choices_of_the_old_program_are_known_to_training(old):
    for library in LIBRARIES:
        pytest.importorskip(library, reason="training needs the extra `train`")
    before = expected(old, "train")
    (found,) = old.run("train", "--only-mine", "--json", "--dry-run").objects
    assert {key: found[key] for key in before} == before


def test_a_configuration_of_the_old_program_with_every_key_is_in_force(old):
    path = old.home / "every_key.toml"
    shown = old.run("config", "--config", path, "show")
    assert shown.code == 0, shown.err
    found, written = tomllib.loads(shown.out), tomllib.loads(path.read_text())
    for player in written["players"]:
        for secret in ("password", "api_key"):
            if secret in written["players"][player]:
                assert found["players"][player].pop(secret)
                del written["players"][player][secret]
    written["genres"]["map"] = written["genres"].pop("names")
    assert within(written, found) == written


def within(written, found):
    """Return the part of `found` that has the keys of `written`."""
    if not isinstance(written, dict):
        return found
    return {key: within(value, found[key]) for key, value in written.items()}
