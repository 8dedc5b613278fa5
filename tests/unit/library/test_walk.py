"""What a walk finds, and what it leaves out."""

from __future__ import annotations

import os

from tagger.library.walk import Found, IgnoreRules, Leftover, Passed, root_of, walk
from tagger.tags import TEMPORARY_SUFFIX


def names(items):
    return [item.path.name for item in items if isinstance(item, Found)]


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_music_is_found_in_the_order_of_folders_and_names(tmp_path):
    for name in ("b/2.mp3", "b/1.FLAC", "a.ogg", "b/cover.jpg", "b/c/3.m4a", "notes.txt"):
        touch(tmp_path / name)
    assert names(walk(tmp_path, tmp_path)) == ["a.ogg", "1.FLAC", "2.mp3", "3.m4a"]


def test_hidden_unfinished_and_foreign_folders_are_left_out(tmp_path):
    for name in (
        ".hidden.mp3",
        "._song.mp3",
        "song.mp3.part",
        "song.mp3~",
        "song.mp3.crdownload",
        "@eaDir/song.mp3",
        ".stversions/song.mp3",
        "__MACOSX/song.mp3",
        "#recycle/song.mp3",
    ):
        touch(tmp_path / name)
    assert list(walk(tmp_path, tmp_path)) == []


def test_ignore_files_follow_gitignore_and_the_nearest_file_wins(tmp_path):
    for name in ("live/a.mp3", "live/best/b.mp3", "demo-1.mp3", "demo-2.mp3", "spoken/c.mp3"):
        touch(tmp_path / name)
    (tmp_path / ".taggerignore").write_text("live/*.mp3\ndemo-*\n!demo-2.mp3\n")
    assert names(walk(tmp_path, tmp_path, ["spoken/"])) == ["demo-2.mp3", "b.mp3"]
    (tmp_path / "live/best/.taggerignore").write_text("*\n")
    assert names(walk(tmp_path, tmp_path, ["spoken/"])) == ["demo-2.mp3"]


def test_a_path_below_an_ignored_folder_is_ignored(tmp_path):
    song = touch(tmp_path / "@eaDir/x/song.mp3")
    rules = IgnoreRules(tmp_path, [])
    assert rules.ignores_on_the_way(song)
    assert not rules.ignores_on_the_way(tmp_path / "x/song.mp3")


def test_links_are_not_followed(tmp_path):
    outside = touch(tmp_path / "outside/song.mp3")
    library = tmp_path / "library"
    inside = touch(library / "a.mp3")
    (library / "alias.mp3").symlink_to(inside)
    (library / "away.mp3").symlink_to(outside)
    (library / "folder").symlink_to(outside.parent)
    (library / "loop").symlink_to(library)
    (library / "dead.mp3").symlink_to(library / "nothing.mp3")
    found = list(walk(library, library))
    assert names(found) == ["a.mp3"]
    passed = {item.path.name: item.reason for item in found if isinstance(item, Passed)}
    assert passed.keys() == {"away.mp3", "folder"}
    assert "library.roots" in passed["folder"]


def test_a_file_that_is_named_is_found_even_when_ignored(tmp_path):
    odd = touch(tmp_path / "song.bin")
    assert names(walk(odd, tmp_path)) == ["song.bin"]


def test_a_folder_with_the_copy_of_a_killed_writer_is_reported(tmp_path):
    touch(tmp_path / f".song.mp3.x{TEMPORARY_SUFFIX}")
    assert list(walk(tmp_path, tmp_path)) == [Leftover(tmp_path)]


def test_names_that_are_not_utf8_are_found(tmp_path):
    odd = os.fsdecode(b"\xff\xfe.mp3")
    touch(tmp_path / odd)
    assert names(walk(tmp_path, tmp_path)) == [odd]


def test_a_path_belongs_to_its_innermost_root(tmp_path):
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    assert root_of(inner / "c.mp3", [tmp_path, inner]) == inner
    assert root_of(tmp_path / "x/c.mp3", [inner]) == tmp_path / "x"
    assert root_of(tmp_path, [inner]) == tmp_path
