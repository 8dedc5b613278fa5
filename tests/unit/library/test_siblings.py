"""Which recorded tracks are decided again with new tracks of their album."""

from __future__ import annotations

import pytest

from tagger.core.domain import Action, Decision, FileIdentity, Track, TrackTags
from tagger.library.siblings import album_siblings
from tagger.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "state") as opened:
        yield opened


def track(path, artist):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    return Track(path, path.parents[1], FileIdentity.of(path.stat()), TrackTags(artist=artist))


def unsure(store, path, artist):
    """Record a track that was left unchanged as unsure."""
    made = track(path, artist)
    store.files.put(made)
    decision = Decision(Action.ABSTAIN, (), "unsure")
    store.runs.put_decision(path, store.runs.start("watch"), decision, "model")
    return made


def test_an_unsure_track_of_the_same_album_is_decided_again(tmp_path, store):
    earlier = unsure(store, tmp_path / "album/1.mp3", "Ann Bo")
    again, others = album_siblings([track(tmp_path / "album/2.mp3", "Ann Bo")], store)
    assert ([found.path for found in again], others) == ([earlier.path], [])


def test_an_unsure_track_of_another_artist_in_the_folder_is_left_alone(tmp_path, store):
    unsure(store, tmp_path / "downloads/1.mp3", "Ann Bo")
    assert album_siblings([track(tmp_path / "downloads/2.mp3", "Cy Do")], store) == ([], [])
