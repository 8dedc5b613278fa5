"""Playlists are left alone only while everything behind them is as before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from tagger.config import Settings
from tagger.core.domain import Action, Decision, FileIdentity, GenreEdit, Track, TrackTags
from tagger.playlists import refresh
from tagger.store import Store
from tagger.system import locks

FIRST = "first.mp3"


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "state") as store:
        yield store


@pytest.fixture
def music(tmp_path, store):
    folder = tmp_path / "music"
    folder.mkdir()
    put(store, folder, FIRST, "Rock")
    return folder


def put(store, music, name, genre):
    identity = FileIdentity(1, len(name), 1, 1)
    store.files.put(Track(music / name, music, identity, TrackTags((genre,))))


def actions(store, music, **playlists):
    settings = Settings()
    library = msgspec.structs.replace(settings.library, roots=(music,))
    chosen = msgspec.structs.replace(settings.playlists, **playlists)
    settings = msgspec.structs.replace(settings, library=library, playlists=chosen)
    changes = refresh.refresh_all(settings, [music], store).changes
    return {change.path.name: str(change.action) for change in changes}


def test_unchanged_playlists_are_reported_and_not_read(store, music):
    assert actions(store, music) == {"Rock.m3u8": "created"}
    statements = []
    store._connection.set_trace_callback(statements.append)
    assert actions(store, music) == {"Rock.m3u8": "unchanged"}
    assert not [one for one in statements if "tags" in one]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda store, music: put(store, music, "b.mp3", "Rock"), {"Rock.m3u8": "updated"}),
        (lambda store, music: put(store, music, FIRST, "Pop"), {"Pop.m3u8": "created"}),
        (lambda store, music: store.files.forget(music / FIRST), {"Rock.m3u8": "removed"}),
        (
            lambda store, music: store.files.record_write(
                music / FIRST, FileIdentity(1, 2, 3, 4), TrackTags(("Rock",), "Another title")
            ),
            {"Rock.m3u8": "updated"},
        ),
        (
            lambda store, music: store.files.move(music / FIRST, music / "moved.mp3"),
            {"Rock.m3u8": "updated"},
        ),
    ],
)
def test_a_change_of_a_track_is_in_the_playlists_at_once(store, music, change, expected):
    actions(store, music)
    change(store, music)
    assert expected.items() <= actions(store, music).items()


def test_a_playlist_that_another_program_edited_or_removed_is_written_again(store, music):
    actions(store, music)
    playlist = music / "Playlists/Genres/Rock.m3u8"
    data = playlist.read_bytes()
    playlist.write_bytes(data + b"other.mp3\n")
    assert actions(store, music) == {"Rock.m3u8": "updated"}
    assert playlist.read_bytes() == data
    playlist.unlink()
    assert actions(store, music) == {"Rock.m3u8": "created"}


def test_a_change_of_the_settings_is_in_the_playlists_at_once(store, music):
    actions(store, music)
    assert actions(store, music, name="All {genre}")["All Rock.m3u8"] == "created"


def test_the_list_of_unsure_files_follows_each_new_decision(store, music):
    path = music / FIRST
    store.files.put(Track(path, music, FileIdentity(1, 2, 1, 1), TrackTags()))
    run = store.runs.start("scan")
    lists = {"undecided": "Unsure", "recent": "New"}
    assert actions(store, music, **lists) == {}
    store.runs.put_decision(path, run, Decision(Action.ABSTAIN, (), "unsure"), "model")
    assert actions(store, music, **lists) == {"Unsure.m3u8": "created"}
    store.runs.put_decision(path, run, Decision(Action.ABSTAIN, (), "unsure again"), "model")
    assert actions(store, music, **lists) == {"Unsure.m3u8": "unchanged"}
    store.runs.put_decision(path, run, Decision(Action.SKIP, (), "skipped"), "model")
    assert actions(store, music, **lists) == {"Unsure.m3u8": "removed"}


def test_the_list_of_new_genres_follows_each_write_and_undo(store, music):
    run = store.runs.start("scan")
    assert "New.m3u8" not in actions(store, music, recent="New")
    change = store.journal.intend(run, music, GenreEdit(music / FIRST, (), ("Rock",), "{}"))
    store.journal.confirm(change)
    assert actions(store, music, recent="New")["New.m3u8"] == "created"
    store.journal.mark_undone([change])
    assert actions(store, music, recent="New")["New.m3u8"] == "removed"


def test_a_folder_with_a_problem_is_refreshed_each_time(store, music):
    put(store, music, "ends in a space ", "Rock")
    for action in ("created", "unchanged"):
        settings = Settings()
        library = msgspec.structs.replace(settings.library, roots=(music,))
        settings = msgspec.structs.replace(settings, library=library)
        refreshed = refresh.refresh_all(settings, [music], store)
        assert [str(one.action) for one in refreshed.changes] == [action]
        assert [Path(one.path).name for one in refreshed.problems] == ["ends in a space "]


def test_a_refresh_waits_for_the_refresh_of_another_process_and_reads_its_tracks(store, music):
    def elsewhere():
        with Store(store.path.parent) as own:
            return actions(own, music)

    with ThreadPoolExecutor(1) as pool:
        with locks.exclusive(store.path.with_name(refresh.LOCK)):
            refreshed = pool.submit(elsewhere)
            with pytest.raises(TimeoutError):
                refreshed.result(0.3)
            put(store, music, "second.mp3", "Jazz")
        assert refreshed.result() == {"Jazz.m3u8": "created", "Rock.m3u8": "created"}
