"""Which records a comparison with the folders drops, and which stay."""

from __future__ import annotations

import pytest

from tagger.core.domain import FileIdentity, Track, TrackTags
from tagger.library import absence, index
from tagger.library.walk import Found
from tagger.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "state") as opened:
        yield opened


def recorded(store, path, *, device=None, there=True):
    """Record a file below `music`, as of another device if one is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    identity = FileIdentity.of(path.stat())
    if device is not None:
        identity = FileIdentity(device, identity.inode, identity.size, identity.mtime_ns)
    root = next(folder for folder in path.parents if folder.name == "music")
    store.files.put(Track(path, root, identity, TrackTags()))
    if not there:
        path.unlink()
    return path, identity


def test_a_deleted_file_is_dropped_and_the_files_of_a_vanished_mount_stay(tmp_path, store):
    music = tmp_path / "music"
    recorded(store, music / "here.mp3")
    deleted, _ = recorded(store, music / "deleted.mp3", there=False)
    mounted, _ = recorded(store, music / "nas/a.mp3", device=77, there=False)
    assert absence.drop_missing(music, store) == 1
    assert store.files.get(deleted) is None
    assert store.files.get(mounted) is not None


def test_a_deleted_file_of_a_device_that_is_still_there_is_dropped(tmp_path, store):
    music = tmp_path / "music"
    recorded(store, music / "nas/here.mp3", device=77)
    recorded(store, music / "nas/deleted.mp3", device=77, there=False)
    assert absence.drop_missing(music, store) == 1


def test_another_number_of_a_device_after_a_mount_is_no_vanished_mount(tmp_path, store):
    music = tmp_path / "music"
    here, _ = recorded(store, music / "here.mp3", device=77)
    recorded(store, music / "deleted.mp3", device=77, there=False)
    found = Found(here, music, FileIdentity.of(here.stat()))
    index.put(index.look_up(found, store), TrackTags(), store)
    assert absence.drop_missing(music, store) == 1


@pytest.mark.parametrize("library", ["music", "disk"])
def test_the_record_of_a_file_follows_a_folder_that_left_a_link(tmp_path, store, library):
    song, identity = recorded(store, tmp_path / "music/album/song.mp3")
    there = tmp_path / library / "sorted/album"
    there.parent.mkdir(parents=True)
    song.parent.rename(there)
    song.parent.symlink_to(there)
    lookup = index.look_up(Found(there / song.name, tmp_path / library, identity), store)
    assert lookup.known
    assert store.files.get(song) is None


def test_a_file_behind_a_link_is_dropped_unless_the_root_is_the_link(tmp_path, store):
    music = tmp_path / "music"
    recorded(store, music / "song.mp3")
    album = recorded(store, music / "album/song.mp3")[0].parent
    album.rename(tmp_path / "album")
    album.symlink_to(tmp_path / "album")
    assert absence.drop_missing(music, store) == 1
    music.rename(tmp_path / "disk")
    music.symlink_to(tmp_path / "disk")
    assert absence.drop_missing(music, store) == 0
