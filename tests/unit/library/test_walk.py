"""What a walk finds, and what it leaves out."""

from __future__ import annotations

import contextlib
import errno
import os
import unicodedata

import pytest

from tagger.library.ignore import IgnoreRules
from tagger.library.walk import Found, Ignored, Leftover, Passed, root_of, walk
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


def reasons(items):
    return {item.path.name: item.reason for item in items if isinstance(item, Ignored)}


def test_names_with_a_dot_are_music(tmp_path):
    for name in (
        "...And Justice for All/01.mp3",
        ".Hack Sign/02.mp3",
        "x/...Baby One More Time.mp3",
    ):
        touch(tmp_path / name)
    assert names(walk(tmp_path, tmp_path)) == ["01.mp3", "02.mp3", "...Baby One More Time.mp3"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("._song.mp3", "a resource file of macOS"),
        ("song.mp3.part", "an unfinished file"),
        ("song.mp3~", "an unfinished file"),
        ("song.mp3.crdownload", "an unfinished file"),
        ("song.sync-conflict-20261130-095244-OVLOSR5.mp3", "a conflict copy of Syncthing"),
        (".bak.0.song.mp3", "a backup of Unison"),
        ("song.webm", "WebM (.webm) is not supported"),
        ("song.AAC", "AAC without a container (.aac) is not supported"),
    ],
)
def test_a_file_that_is_left_out_is_named_with_the_reason(tmp_path, name, reason):
    touch(tmp_path / name)
    assert reasons(walk(tmp_path, tmp_path)) == {name: reason}


@pytest.mark.parametrize(
    "name",
    """@eaDir|.stversions|__MACOSX|#recycle|@Recycle|$Recycle.Bin|$RECYCLE.BIN|RECYCLER|.Trash-1000
    |.Trashes|#snapshot|@Recently-Snapshot|.snapshots|.zfs|~snapshot|.git|.AppleDouble
    |Network Trash Folder|System Volume Information|.debris|.rsync-partial|.~tmp~|x.mp3.download
    |.tmp.drivedownload|.tmp.driveupload|.SynologyWorkingDirectory|.@upload_cache
    |.SyncArchive|.unwanted|_UNPACK_Album|_FAILED_Album|_gsdata_
    |@GMT-2024.01.31-12.00.00""".replace("\n    ", "").split("|"),
)
def test_folders_of_servers_and_trash_and_snapshots_are_left_out(tmp_path, name):
    touch(tmp_path / name / "song.mp3")
    found = list(walk(tmp_path, tmp_path))
    assert names(found) == []
    assert reasons(found).keys() == {name}


@pytest.mark.parametrize("name", ["sync-conflict-1.mp3", ".bak.song.mp3", "a.bak.0.song.mp3"])
def test_a_name_with_the_words_of_a_copy_is_music(tmp_path, name):
    touch(tmp_path / name)
    assert names(walk(tmp_path, tmp_path)) == [name]


@pytest.mark.parametrize("name", ["Trash", "Recycled", "Snapshots", "Recycle", "local"])
def test_albums_with_the_words_of_such_folders_are_music(tmp_path, name):
    touch(tmp_path / name / "song.mp3")
    assert names(walk(tmp_path, tmp_path)) == ["song.mp3"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_ignore_file_with_a_byte_order_mark_is_honoured(tmp_path, encoding):
    touch(tmp_path / "Keep/song.mp3")
    (tmp_path / ".taggerignore").write_bytes("Keep/\r\n".encode(encoding))
    found = list(walk(tmp_path, tmp_path))
    assert names(found) == []
    assert reasons(found) == {"Keep": "ignored by a pattern of yours"}


def test_an_ignored_bracket_within_brackets_is_that_letter_without_a_warning(tmp_path):
    touch(tmp_path / "[.mp3")
    touch(tmp_path / "b.mp3")
    (tmp_path / ".taggerignore").write_text("[[a].mp3\n")
    assert names(walk(tmp_path, tmp_path)) == ["b.mp3"]


def test_a_folder_that_cannot_be_entered_is_passed_over_with_the_next_step(tmp_path):
    touch(tmp_path / "a.mp3")
    below = tmp_path / "b"
    below.mkdir()
    found = walk(tmp_path, tmp_path)
    next(found)
    below.rmdir()
    (passed,) = found
    assert (passed.path, passed.failed) == (below, True)
    assert passed.reason.startswith("cannot be entered: ")
    assert passed.reason.endswith("(check its permissions and its disk)")


@pytest.mark.parametrize(
    "content", [b"K\0e\0e\0p\0", b"!\n", b"[z-a]\n", b"[[:alpha:]]\n", b"\xff\xfea"]
)
def test_an_ignore_file_without_a_meaning_stops_the_writing_in_its_folder(tmp_path, content):
    song = touch(tmp_path / "a/b/song.mp3")
    touch(tmp_path / "c/song.mp3")
    (tmp_path / "a/.taggerignore").write_bytes(content)
    found = list(walk(tmp_path, tmp_path))
    assert [item.path for item in found if isinstance(item, Found)] == [tmp_path / "c/song.mp3"]
    (passed,) = (item for item in found if isinstance(item, Passed))
    assert (passed.path, passed.failed) == (tmp_path / "a", True)
    assert "cannot be understood" in passed.reason
    assert IgnoreRules(tmp_path, []).ignores_on_the_way(song)


def test_an_ignore_file_that_cannot_be_reached_stops_the_writing_in_its_folder(
    tmp_path, monkeypatch
):
    song = touch(tmp_path / "a/song.mp3")
    (tmp_path / "a/.taggerignore").write_text("song.mp3\n")
    lstat = os.lstat

    def failing(path, **options):
        if str(path).endswith(".taggerignore"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        return lstat(path, **options)

    monkeypatch.setattr(os, "lstat", failing)
    (passed,) = walk(tmp_path, tmp_path)
    assert (passed.path, passed.failed) == (tmp_path / "a", True)
    assert IgnoreRules(tmp_path, []).ignores_on_the_way(song)


class Kindless(os.PathLike):
    """An entry of a file system that gives names without kinds, whose `bad` cannot be read."""

    def __init__(self, entry):
        self._entry = entry

    def __getattr__(self, name):
        value = getattr(self._entry, name)
        if name in ("is_dir", "is_file", "is_symlink", "stat") and "bad" in self._entry.name:
            raise OSError(errno.EIO, os.strerror(errno.EIO), self._entry.path)
        return value

    def __fspath__(self):
        return self._entry.path


def test_an_entry_whose_kind_cannot_be_read_costs_this_entry_alone(tmp_path, monkeypatch):
    for name in ("bad/1.mp3", "bad.mp3", "good/1.mp3", "good.mp3"):
        touch(tmp_path / name)
    scandir = os.scandir

    @contextlib.contextmanager
    def kindless(folder):
        with scandir(folder) as entries:
            yield map(Kindless, entries)

    monkeypatch.setattr(os, "scandir", kindless)
    found = list(walk(tmp_path, tmp_path))
    assert names(found) == ["good.mp3", "1.mp3"]
    passed = {item.path.name: item.reason for item in found if isinstance(item, Passed)}
    reason = (
        f"cannot be read: {os.strerror(errno.EIO)}"
        " (check the disk, or the connection to it; then repeat the command)"
    )
    assert passed == {"bad": reason, "bad.mp3": reason}


def test_links_of_git_annex_and_links_into_nothing_are_passed_over_with_the_reason(tmp_path):
    thing = touch(tmp_path / ".git/annex/objects/K/K.mp3")
    (tmp_path / "song.mp3").symlink_to(os.path.relpath(thing, tmp_path))
    (tmp_path / "gone.mp3").symlink_to(tmp_path / ".git/annex/objects/none")
    (tmp_path / "dead.mp3").symlink_to(tmp_path / "none")
    touch(tmp_path / "@eaDir/x.mp3")
    (tmp_path / "alias.mp3").symlink_to(tmp_path / "@eaDir/x.mp3")
    found = list(walk(tmp_path, tmp_path))
    passed = {item.path.name: item.reason for item in found if isinstance(item, Passed)}
    assert "git-annex" in passed["song.mp3"]
    assert "git-annex" in passed["gone.mp3"]
    step = "mount its disk, or delete the link"
    assert passed["dead.mp3"] == f"links to a file that does not exist: {step}"
    assert reasons(found)["alias.mp3"] == "a link to an ignored file"


def test_a_link_to_a_file_that_no_walk_finds_is_passed_over_with_the_next_step(tmp_path):
    """The objects of a store have no endings."""
    (tmp_path / "song.mp3").symlink_to(touch(tmp_path / ".store/0af9"))
    (tmp_path / "alias.mp3").symlink_to(touch(tmp_path / "found.mp3"))
    found = list(walk(tmp_path, tmp_path))
    assert names(found) == ["found.mp3"]
    (passed,) = (item for item in found if isinstance(item, Passed))
    assert passed.path.name == "song.mp3"
    assert passed.reason.endswith("without the ending of music: replace the link by a copy")


def test_a_link_that_leaves_the_library_names_the_root_to_add(tmp_path):
    library, store = tmp_path / "music", tmp_path / "store"
    library.mkdir()
    (library / "song.mp3").symlink_to(touch(store / "A/song.mp3"))
    (library / "B").symlink_to(touch(store / "B/song.mp3").parent)
    passed = {item.path.name: item.reason for item in walk(library, library)}
    assert passed == {
        "song.mp3": f"links to a file outside the library: add {store / 'A'} to library.roots",
        "B": f"links to a folder outside the library: add {store / 'B'} to library.roots",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_ignore_file_names_a_folder_in_any_form_of_its_letters(tmp_path, encoding, form):
    touch(tmp_path / unicodedata.normalize(form, "Müsik/song.mp3"))
    touch(tmp_path / "Musik/song.mp3")
    (tmp_path / ".taggerignore").write_bytes("Müsik/\r\n".encode(encoding))
    found = list(walk(tmp_path, tmp_path))
    assert [item.path for item in found if isinstance(item, Found)] == [tmp_path / "Musik/song.mp3"]


def test_an_ignore_file_with_a_range_of_composed_letters_matches_these(tmp_path):
    touch(tmp_path / "\xeb/song.mp3")
    touch(tmp_path / "Keep/song.mp3")
    (tmp_path / ".taggerignore").write_text("[\xe9-\xfc]/\n")
    found = list(walk(tmp_path, tmp_path))
    assert [item.path for item in found if isinstance(item, Found)] == [tmp_path / "Keep/song.mp3"]


def test_files_that_android_keeps_or_is_writing_are_passed_over(tmp_path):
    touch(tmp_path / ".trashed-1700000000-song.mp3")
    touch(tmp_path / ".pending-1700000000-song.mp3")
    touch(tmp_path / ".trashed song.mp3")
    found = list(walk(tmp_path, tmp_path))
    assert names(found) == [".trashed song.mp3"]
    assert set(reasons(found).values()) == {"a file in the trash of Android", "an unfinished file"}


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


def test_links_to_files_and_folders_are_not_followed(tmp_path):
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
    assert passed.keys() == {"away.mp3", "folder", "dead.mp3"}
    assert "library.roots" in passed["folder"]


def test_a_link_to_a_place_that_cannot_be_read_stops_no_walk(tmp_path):
    touch(tmp_path / "song.mp3")
    (tmp_path / "link").symlink_to(tmp_path / ("x" * 300) / "folder")
    found = list(walk(tmp_path, tmp_path))
    assert names(found) == ["song.mp3"]
    (passed,) = (item for item in found if isinstance(item, Passed))
    assert (passed.path, passed.failed) == (tmp_path / "link", False)
    assert "links to a place that cannot be read" in passed.reason


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


def test_rules_hold_far_below_the_root(tmp_path):
    deep = tmp_path.joinpath(*["a"] * 1500)
    rules = IgnoreRules(tmp_path, ["*.mp3"])
    assert rules.ignores(deep / "song.mp3", is_folder=False)
    assert not rules.ignores(deep / "song.ogg", is_folder=False)
