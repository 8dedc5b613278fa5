"""Which recorded tracks are decided again with new tracks of their album."""

from __future__ import annotations

import pytest

from tagger.core.domain import Action, Decision, FileIdentity, Track, TrackTags
from tagger.library.siblings import album_siblings, unchanged_siblings
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


def test_the_siblings_of_a_scan_are_the_unchanged_files_of_the_album_within_it(tmp_path, store):
    def record(name, album="Blue Train", artist="Coltrane"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")
        tags = TrackTags(album=album, album_artist=artist)
        made = Track(path, tmp_path, FileIdentity.of(path.stat()), tags)
        store.files.put(made)
        return made

    new, sibling = record("a/cd1/1.mp3", artist="COLTRANE"), record("a/cd2/2.mp3")
    record("b/3.mp3")
    record("a/ignored/4.mp3")
    record("a/other.mp3", album="Other")
    record("a/5.mp3").path.write_bytes(b"longer")
    (tmp_path / "a/.taggerignore").write_text("ignored/\n")
    assert list(unchanged_siblings([new], {tmp_path / "a": tmp_path}, [], store)) == [sibling]
