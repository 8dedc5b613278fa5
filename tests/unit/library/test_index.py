"""Which changes of a file are corrections of its user."""

from __future__ import annotations

import pytest

from tagger.core.domain import GENRE, FileIdentity, GenreEdit, TrackTags
from tagger.library import index
from tagger.library.walk import Found
from tagger.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "state") as opened:
        yield opened


def other_content(store, path):
    """Look a file up after a change of its content."""
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.write(b"sound")
    return index.look_up(Found(path, path.parent, FileIdentity.of(path.stat())), store)


def changed(store, path, *genres):
    """Index a file with another content and other genres."""
    index.put(other_content(store, path), TrackTags(genres=genres, duration=180.0), store)


def intended(store, path, before, after):
    edit = GenreEdit(path, before, after, "{}")
    return store.journal.intend(store.runs.start("scan"), path.parent, edit)


def test_a_correction_follows_the_user_back_to_the_genre_of_tagger(tmp_path, store):
    path = tmp_path / "music/a.mp3"
    changed(store, path)
    store.journal.confirm(intended(store, path, (), ("Rock",)))
    changed(store, path, "Rock")
    for genre in ("Jazz", "Rock"):
        changed(store, path, genre)
        assert [one.theirs for one in store.corrections.all()] == [(genre,)]


def test_a_write_that_a_killed_run_did_not_confirm_is_no_correction(tmp_path, store):
    path = tmp_path / "music/a.mp3"
    store.journal.confirm(intended(store, path, (), ("Rock",)))
    changed(store, path, "Rock")
    intended(store, path, ("Rock",), ("Pop",))
    changed(store, path, "Pop")
    assert store.corrections.all() == []


def test_a_file_that_was_unreadable_for_a_while_keeps_the_genre_of_its_user(tmp_path, store):
    path = tmp_path / "music/a.mp3"
    store.journal.confirm(intended(store, path, (), ("Rock",)))
    changed(store, path, "Rock")
    index.put_unreadable(other_content(store, path), GENRE, store)
    changed(store, path, "Jazz")
    assert [one.theirs for one in store.corrections.all()] == [("Jazz",)]
