"""Playlists are left alone only while everything behind them is as before."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def put(store, music, name, *genres, title=""):
    identity = FileIdentity(1, len(name), 1, 1)
    store.files.put(Track(music / name, music, identity, TrackTags(genres, title)))


def refreshed(store, music, **playlists):
    default = Settings()
    library = msgspec.structs.replace(default.library, roots=(music,))
    chosen = msgspec.structs.replace(default.playlists, **playlists)
    chosen = msgspec.structs.replace(default, library=library, playlists=chosen)
    return refresh.refresh_all(chosen, [music], store)


def actions(store, music, **playlists):
    changes = refreshed(store, music, **playlists).changes
    return {change.path.name: str(change.action) for change in changes}


def reads(store, run):
    """Return the statements of a function that read tracks of one list."""
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)
    run()
    store._connection.set_trace_callback(None)
    return [one for one in statements if "json_each" in one]


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
        (
            lambda store, music: put(store, music, FIRST, "Rock", title="x"),
            {"Rock.m3u8": "updated"},
        ),
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


def test_a_change_of_a_track_reads_the_tracks_of_its_lists_alone(store, music):
    put(store, music, "pop.mp3", "Pop")
    put(store, music, "jazz.mp3", "Jazz")
    actions(store, music)
    put(store, music, "b.mp3", "Rock")
    put(store, music, "pop.mp3", "Pop/Ska")
    found = reads(store, lambda: actions(store, music))
    assert found
    assert not [one for one in found if "Jazz" in one]
    assert all("Rock" in one or "Pop" in one for one in found)


def test_a_genre_that_a_run_wrote_as_a_whole_changes_the_lists_of_other_files(store, music):
    put(store, music, "list.mp3", "Folk/World")
    put(store, music, "other.mp3", "Folk")
    before = {"Folk.m3u8": "created", "World.m3u8": "created", "Rock.m3u8": "created"}
    assert actions(store, music) == before
    edit = GenreEdit(music / "gone.mp3", (), ("Folk/World",), "{}")
    store.journal.confirm(store.journal.intend(store.runs.start("scan"), music, edit))
    assert actions(store, music) == {
        "Folk.m3u8": "updated",
        "Folk-World.m3u8": "created",
        "World.m3u8": "removed",
        "Rock.m3u8": "unchanged",
    }


GENRES = st.sampled_from([(), ("Rock",), ("rock",), ("Rock/Pop",), ("Pop", "Ska"), ("N/A",)])
TITLES = st.sampled_from(["", "Title"])
PLACES = st.sampled_from(["a.mp3", "b.mp3", "c/a.mp3", "c/d.mp3", "c !/e.mp3", "end "])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_lists_after_any_changes_are_as_if_all_were_made_again(data):
    with TemporaryDirectory() as name, Store(Path(name) / "state") as store:
        music = Path(name) / "music"
        changes = {
            "put": lambda: put(
                store, music, data.draw(PLACES), *data.draw(GENRES), title=data.draw(TITLES)
            ),
            "forget": lambda: store.files.forget(music / data.draw(PLACES)),
            "move": lambda: store.files.move(music / data.draw(PLACES), music / data.draw(PLACES)),
            "exchange": lambda: store.files.exchange(
                music / data.draw(PLACES), music / data.draw(PLACES)
            ),
            "copy": lambda: store.files.copy(music / data.draw(PLACES), music / data.draw(PLACES)),
            "write": lambda: store.files.record_write(
                music / data.draw(PLACES),
                FileIdentity(1, 2, 3, 4),
                TrackTags(data.draw(GENRES), data.draw(TITLES)),
            ),
        }
        lists = {"parents": data.draw(st.booleans()), "min_tracks": data.draw(st.integers(1, 2))}
        for _ in range(4):
            for change in data.draw(st.lists(st.sampled_from(sorted(changes)), max_size=4)):
                changes[change]()
            step, folder = refreshed(store, music, **lists), music / "Playlists/Genres"
            found = {path.name: path.read_bytes() for path in folder.glob("*")}
            new = refreshed(store, music, folder="New", **lists)
            expected = {path.name: path.read_bytes() for path in (music / "New").glob("*")}
            assert {n: d.replace(b"../../", b"../") for n, d in found.items()} == expected
            assert set(map(str, step.problems)) == set(map(str, new.problems))
            shutil.rmtree(music / "New", ignore_errors=True)


def test_a_playlist_whose_update_was_refused_is_written_by_the_next_run(store, music):
    actions(store, music)
    put(store, music, "b.mp3", "Rock")
    with patch("tagger.system.atomic.flush", side_effect=OSError(28, "No space left on device")):
        assert actions(store, music) == {"Rock.m3u8": "refused"}
    assert actions(store, music) == {"Rock.m3u8": "updated"}


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
    for action in ("created", "unchanged", "unchanged"):
        found = refreshed(store, music)
        assert {c.path.name: str(c.action) for c in found.changes}["Rock.m3u8"] == action
        assert [Path(one.path).name for one in found.problems] == ["ends in a space "]
        put(store, music, f"{action}.mp3", "Pop")


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
