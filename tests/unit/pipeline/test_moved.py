"""Undo finds files that moved after the write, by their identity or their sound."""

from __future__ import annotations

import os
import shutil
import time

import bundles
import media
import pytest

from tagger import tags
from tagger.analysis.tag_jobs import TagJobs
from tagger.config import GenreSettings, WorkerSettings
from tagger.library.counting import count_new
from tagger.pipeline.moved import follow
from tagger.pipeline.recovery import recover
from tagger.store import Store


@pytest.fixture
def written(program):
    """Return a program that wrote one file, the file, and its bytes from before."""
    (program.music / "old").mkdir()
    song = media.make(program.music / "old/song.mp3", signal=bundles.low())
    before = song.read_bytes()
    assert program.scan().summary["set"] == 1
    return program, song, before


def rename(song, to):
    song.rename(to)


def copy(song, to):
    shutil.copyfile(song, to)
    song.unlink()


@pytest.mark.parametrize("move", [rename, copy])
@pytest.mark.parametrize("named", ["nothing", "old", "new"])
def test_undo_of_a_file_that_moved_restores_it_at_its_new_path(written, move, named):
    program, song, before = written
    new = program.music / "new/other.mp3"
    new.parent.mkdir()
    move(song, new)
    arguments = {"nothing": [], "old": [song], "new": [new]}[named]
    assert program.run("undo", *arguments).code == 0
    assert new.read_bytes() == before


@pytest.mark.parametrize("scanned", [False, True])
@pytest.mark.parametrize("order", [(1, 2, 3), (1, 0), (1, 2, 0)], ids=["shifted", "two", "circle"])
def test_undo_of_files_that_got_the_names_of_each_other_restores_all(program, order, scanned):
    names = [program.music / f"{number}.mp3" for number in range(4)]
    before = [
        media.make(names[number], signal=signal(seed=number)).read_bytes()
        for number, signal in enumerate((bundles.low, bundles.high, bundles.low))
    ]
    assert program.scan().summary["set"] == 3
    waiting = [name.rename(f"{name}.old") for name in names[: len(order)]]
    for name, number in zip(waiting, order, strict=True):
        name.rename(names[number])
    if scanned:
        program.scan()
    with Store(program.state) as store:
        assert not store.corrections.all()
    assert program.run("undo").code == 0
    for number, content in enumerate(before):
        now = order[number] if number < len(order) else number
        assert names[now].read_bytes() == content


@pytest.mark.parametrize("scanned", [False, True])
@pytest.mark.parametrize("genre", ["Classical", "Reggae"])
def test_a_file_that_an_editor_kept_beside_the_edited_file_shares_its_writes(
    written, genre, scanned
):
    program, song, before = written
    backup = song.with_name("song-old1.mp3")
    song.rename(backup)
    shutil.copyfile(backup, song)
    media.tag(song, title="Other", genre=[genre])
    if scanned:
        program.scan()
    owned = genre == "Reggae"
    with Store(program.state) as store:
        count_new(store, GenreSettings())
        assert [track.path for track in store.labels.owned()] == [song] * (owned and scanned)
        assert [change.path for change in store.corrections.all()] == [song] * (owned and scanned)
    assert program.run("undo").code == 0
    assert backup.read_bytes() == before
    assert tags.read(song).genres == (("Reggae",) if owned else ())


def test_undo_of_copies_of_one_recording_that_moved_restores_each(program):
    album, hits = program.music / "album/song.mp3", program.music / "hits/song.mp3"
    for path in (album, hits):
        path.parent.mkdir()
        media.make(path, signal=bundles.low())
    media.tag(hits, title="Hits", genre=["Folk"])
    before = [path.read_bytes() for path in (album, hits)]
    assert program.scan("--mode", "replace").summary["set"] == 2
    disk = program.music / "disk"
    for folder in ("hits", "album"):  # another program copies them to another disk
        (disk / folder).mkdir(parents=True)
        copy(program.music / folder / "song.mp3", disk / folder / "song.mp3")
    assert program.run("undo").code == 0
    assert [(disk / folder / "song.mp3").read_bytes() for folder in ("album", "hits")] == before


def test_undo_records_a_file_that_moved_below_a_linked_library_at_its_real_path(program):
    real = program.home / "disk"
    program.music.rename(real)
    program.music.symlink_to(real)
    song = media.make(real / "song.mp3", signal=bundles.low())
    before = song.read_bytes()
    assert program.scan().summary["set"] == 1
    song.rename(real / "other.mp3")
    assert program.run("undo").code == 0
    assert (real / "other.mp3").read_bytes() == before
    with Store(program.state) as store:
        (state,) = store.files.states_under(program.home)
    assert state[0] == real / "other.mp3"


def test_undo_of_a_folder_that_moved_out_of_the_library_restores_its_files(written):
    program, song, before = written
    away = program.home / "away"
    shutil.copytree(song.parent, away)
    shutil.rmtree(song.parent)
    program.scan()
    assert program.run("undo", away).code == 0
    assert (away / "song.mp3").read_bytes() == before


def test_undo_of_another_recording_with_the_same_genre_leaves_it_unchanged(written):
    program, song, _ = written
    song.unlink()
    other = media.make(program.music / "other.mp3", signal=bundles.low(seed=5))
    media.tag(other, genre=["Classical"])
    content = other.read_bytes()
    assert program.run("undo").code == 1
    assert other.read_bytes() == content


@pytest.mark.parametrize("days", [0, 9])
def test_undo_leaves_the_genre_of_an_older_copy_of_a_deleted_file(written, days):
    program, song, _ = written
    copy = program.music / "copy.mp3"
    shutil.copyfile(song, copy)
    song.unlink()
    age = time.time() - days * 86_400
    os.utime(copy, (age, age))
    assert program.run("undo").code == (1 if days else 0)
    assert tags.read(copy).genres == (("Classical",) if days else ())


def test_undo_restores_a_renamed_file_with_an_older_modification_time(written):
    program, song, before = written
    new = song.rename(song.with_name("other.mp3"))
    os.utime(new, (1, 1))
    assert program.run("undo").code == 0
    assert new.read_bytes() == before


def test_an_open_write_of_a_file_that_moved_is_settled_at_its_new_path(written):
    program, song, _ = written
    new = song.with_name("new.mp3")
    shutil.copyfile(song, new)
    song.unlink()
    with Store(program.state) as store, TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        store._connection.execute("UPDATE changes SET state = 'intended'")
        follow([program.music], [program.music], store, jobs)
        recover(store, jobs)
        assert not store.journal.intended()
        assert store.journal.last(new)
    assert tags.read(new).genres == ("Classical",)
