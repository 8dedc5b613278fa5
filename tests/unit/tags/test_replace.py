"""No file is ever damaged: failures, kills, other writers, and files that must be left alone."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import media
import pytest
from disks import btrfs, mounted
from forked import Forked
from tagging import BLUES, TWO, leftovers, restore, target, write
from users import acl, needs_root, set_xattr

from tagger import tags
from tagger.core.domain import FileIdentity
from tagger.errors import FileChangedError, SkippedError, TagError, WriteFailedError
from tagger.system import filesystems, locks
from tagger.system.leases import HAS_LEASES, open_for_writing

ROOT = Path(__file__).parents[3]
FORMS = [
    *("mp3", "flac", "vorbis", "m4a"),
    *(pytest.param(form, marks=pytest.mark.slow) for form in ("wav", "wma", "ape", "dsf")),
]


def run_failing(path, fault):
    words = ["-m", "failing_writes", str(path), fault]
    with Forked(words, os.environ, ["tagger.tags", "mutagen"]) as child:
        out, err = child.communicate()
    assert child.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fault", ["ENOSPC", pytest.param("EIO", marks=pytest.mark.slow)])
def test_any_failing_step_leaves_the_old_file_or_the_new_file(tmp_path, form, fault):
    path = media.make(tmp_path / "song", form, tags={"title": "x", "comment": "y" * 3000})
    *failed, last = run_failing(path, fault)
    assert {"open", "write", "fchmod", "fsync", "replace"} <= {a["step"] for a in failed}
    for attempt in failed:
        assert attempt["file"] in ("old", "new"), attempt
        assert attempt["code"] in (0, 3), attempt
        assert attempt["file"] == ("new" if attempt["code"] == 0 else "old"), attempt
        # a folder that will not even unlink keeps the copy until the next start
        assert attempt["left"] == [] or attempt["step"] == "unlink", attempt
    assert (last["file"], last["left"]) == ("new", [])


@pytest.mark.parametrize("form", FORMS)
def test_a_kill_at_any_step_leaves_the_old_file_or_the_new_file(tmp_path, form):
    path = media.make(tmp_path / "song", form, tags={"title": "x", "comment": "y" * 3000})
    *killed, last = run_failing(path, "KILL")
    assert {"open", "write", "fsync", "replace"} <= {a["step"] for a in killed}
    for attempt in killed:
        assert attempt["code"] == -signal.SIGKILL
        assert attempt["file"] in ("old", "new"), attempt
        assert attempt["removed"] == attempt["left"], attempt
    assert any(attempt["left"] for attempt in killed)
    assert last["file"] == "new"


def small_disk(folder, size):
    """Mount a file system of `size` bytes."""
    return mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs")


@needs_root
def test_a_full_disk_leaves_the_old_file(tmp_path):
    with small_disk(tmp_path, 1 << 20):
        path = media.make(tmp_path / "song.wav", "wav", seconds=7)
        before = path.read_bytes()
        with pytest.raises(WriteFailedError, match="No space") as caught:
            write(path)
        assert "free some space" in caught.value.hint
        assert path.read_bytes() == before
        assert leftovers(tmp_path) == []


def test_a_rename_that_leaves_the_old_file_its_name_is_an_error(tmp_path, monkeypatch):
    """mergerfs renames the copy on one disk; another disk is read-only and keeps the file."""
    path = media.make(tmp_path / "song.mp3")
    before = path.read_bytes()

    rename = os.replace

    def hide(name, to, *, src_dir_fd, dst_dir_fd):
        if to == path.name:
            os.unlink(name, dir_fd=src_dir_fd)
        else:
            rename(name, to, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(filesystems, "MOUNTS", tmp_path / "none")
    monkeypatch.setattr(os, "replace", hide)
    with pytest.raises(WriteFailedError, match="kept the old file"):
        write(path)
    assert path.read_bytes() == before


def test_a_mount_without_renames_keeps_no_copy(tmp_path, monkeypatch):
    path = media.make(tmp_path / "song.mp3")
    before = path.read_bytes()

    def refuse(*_, **__):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(filesystems, "MOUNTS", tmp_path / "none")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(WriteFailedError, match="another mount"):
        write(path)
    assert path.read_bytes() == before
    assert leftovers(tmp_path) == []


# --- what else belongs to a file


def test_a_write_keeps_mode_and_extended_attributes(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    path.chmod(0o640)
    set_xattr(path, "user.comment", b"mine")
    # an access control list: user::rw-, user:12345:r--, group::r--, mask::r--, other::---
    entries = ((1, 6, -1), (2, 4, 12345), (4, 4, -1), (16, 4, -1), (32, 0, -1))
    access = acl(*entries)
    set_xattr(path, "system.posix_acl_access", access)
    mode = path.stat().st_mode
    write(path)
    assert path.stat().st_mode == mode
    assert os.getxattr(path, "user.comment") == b"mine"
    assert os.getxattr(path, "system.posix_acl_access") == access


@needs_root
def test_a_write_keeps_owner_and_special_mode(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    os.chown(path, 1234, 4321)
    path.chmod(0o4755)
    write(path)
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 4321, 0o4755)


def test_the_modification_time_moves_without_preserve_mtime(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    os.utime(path, ns=(10**18, 10**18 + 7))
    write(path, TWO)
    assert path.stat().st_mtime_ns > 10**18 + 7
    os.utime(path, ns=(10**18, 10**18 + 7))
    write(path, BLUES, preserve_mtime=True)
    assert path.stat().st_mtime_ns == 10**18 + 7


@needs_root
@pytest.mark.parametrize("form", ["mp3", "flac", "aiff"])
def test_a_written_file_shares_the_blocks_of_its_sound_with_a_snapshot(tmp_path, form):
    disk = tmp_path / "disk"
    disk.mkdir()
    with btrfs(disk):
        path = media.make(disk / "song", form, seconds=30, tags={"title": "x"})
        subprocess.run(["btrfs", "subvolume", "snapshot", disk, disk / "then"], check=True)
        before = path.read_bytes()
        snapshot = write(path).snapshot
        assert (disk / "then" / path.name).read_bytes() == before
        os.sync()
        extents = subprocess.run(
            ["filefrag", "-v", path], check=True, capture_output=True, text=True
        )
        assert "shared" in extents.stdout
        restore(path, snapshot)
        assert path.read_bytes() == before


@pytest.mark.parametrize("preserve_mtime", [True, False])
def test_a_write_returns_the_identity_of_the_new_file(tmp_path, preserve_mtime):
    path = media.make(tmp_path / "song.mp3")
    before = FileIdentity.of(path.stat())
    _, identity = tags.write_genres(
        target(path, preserve_mtime=preserve_mtime), BLUES, before_commit=lambda _: None
    )
    assert identity == FileIdentity.of(path.stat()) != before


def test_a_copy_of_the_same_size_and_time_is_written_where_a_path_has_the_inode(
    tmp_path, monkeypatch
):
    """rclone gives each path one inode, and has no time of the inode."""
    path = media.make(tmp_path / "song.flac", "flac")
    read, first = FileIdentity.of, path.stat()

    def by_path(status):
        return read(status)._replace(inode=first.st_ino)

    monkeypatch.setattr(filesystems, "MOUNTS", tmp_path / "none")
    monkeypatch.setattr(FileIdentity, "of", by_path)
    write(path, preserve_mtime=True)
    assert tags.read(path).genres == TWO
    assert path.stat().st_size == first.st_size


def test_the_identity_through_fuse_is_that_after_the_rename(tmp_path, monkeypatch):
    """encfs rounds the modification time of a renamed file to seconds."""
    path = media.make(tmp_path / "song.mp3")
    rename = os.replace

    def rounding(name, to, *, src_dir_fd, dst_dir_fd):
        rename(name, to, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        if to == path.name:
            second = int(path.stat().st_mtime)
            os.utime(path, (second, second))

    monkeypatch.setattr(os, "replace", rounding)
    monkeypatch.setattr(filesystems, "MOUNTS", tmp_path / "none")
    _, identity = tags.write_genres(target(path), BLUES, before_commit=lambda _: None)
    assert identity == FileIdentity.of(path.stat())


@pytest.mark.parametrize("name", ["n" * 251 + ".mp3", os.fsdecode(media.RAW_NAME), *media.NAMES])
def test_a_file_with_any_name_is_written(tmp_path, name):
    path = media.make(tmp_path / name)
    write(path)
    assert tags.read(path).genres == TWO
    assert [found.name for found in tmp_path.iterdir()] == [name]


# --- what is left alone, and why


def refused(path, reason, **options):
    """Check that both the write and the dry run refuse, and that nothing changes."""
    before = path.read_bytes() if path.is_file() else None
    root = options.pop("root", path.parent)
    with pytest.raises(SkippedError, match=reason) as caught:
        tags.check_writable(path, root=root, options=tags.WriteOptions(**options))
    assert caught.value.path == path
    with pytest.raises(SkippedError, match=reason):
        write(path, root=root, **options)
    assert before is None or path.read_bytes() == before
    assert leftovers(path.parent) == []


def test_a_hard_link_is_skipped_or_broken_as_configured(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    other = tmp_path / "other.mp3"
    other.hardlink_to(path)
    before = other.read_bytes()
    refused(path, "2 names")
    write(path, hard_links="break")
    assert tags.read(path).genres == TWO
    assert other.read_bytes() == before


def test_a_read_only_file_is_skipped(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    path.chmod(0o444)
    refused(path, "read-only file")


@needs_root
def test_a_read_only_folder_is_skipped():
    """As another user, since root may write everywhere."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = media.make(folder / "song.mp3")
        path.chmod(0o666)
        code = (
            "import os, sys; from pathlib import Path; from tagger import errors, tags\n"
            "os.setgid(65534); os.setuid(65534); path = Path(sys.argv[1])\n"
            "try: tags.check_writable(path, root=path.parent, options=tags.WriteOptions())\n"
            "except errors.SkippedError as error: print(error.reason)"
        )
        command = [sys.executable, "-c", code, path]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "read-only folder\n"


@needs_root
def test_a_read_only_file_system_is_an_error_with_a_hint(tmp_path):
    with small_disk(tmp_path, 1 << 20):
        path = media.make(tmp_path / "song.mp3")
        subprocess.run(["mount", "-o", "remount,ro", tmp_path], check=True)
        refused(path, "read-only")


@needs_root
def test_a_file_that_is_a_mount_of_its_own_is_an_error_with_a_hint(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    before = path.read_bytes()
    with mounted(path, "--bind", path):
        with pytest.raises(WriteFailedError, match="busy") as caught:
            write(path)
        assert "mount its folder" in caught.value.hint
        assert path.read_bytes() == before
    assert leftovers(tmp_path) == []


def test_an_irregular_file_is_skipped(tmp_path):
    fifo = tmp_path / "song.mp3"
    os.mkfifo(fifo)
    refused(fifo, "not a regular file")
    folder = tmp_path / "folder.mp3"
    folder.mkdir()
    refused(folder, "not a regular file")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(TagError, match="does not exist"):
        tags.check_writable(tmp_path / "x.mp3", root=tmp_path, options=tags.WriteOptions())


def test_a_link_inside_is_written_through_and_stays_a_link(tmp_path):
    folder = tmp_path / "deep"
    folder.mkdir()
    target = media.make(folder / "target.mp3")
    link = tmp_path / "link.mp3"
    link.symlink_to(Path("deep", "target.mp3"))
    write(link)
    assert link.is_symlink()
    assert link.readlink() == Path("deep", "target.mp3")
    assert tags.read(target).genres == TWO
    assert leftovers(tmp_path) == leftovers(folder) == []


def test_a_link_that_leads_outside_the_library_is_skipped(tmp_path):
    root, outside = tmp_path / "music", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    target = media.make(outside / "target.mp3")
    link = root / "link.mp3"
    link.symlink_to(target)
    refused(link, "outside", root=root)
    (root / "folder").symlink_to(outside)
    refused(root / "folder" / "target.mp3", "outside", root=root)
    refused(root / ".." / "outside" / "target.mp3", "outside", root=root)


@pytest.mark.parametrize("mode", [0o444, 0o644], ids=["read-only", "writable"])
def test_an_object_of_git_annex_is_never_written_and_stays_read_only(tmp_path, mode):
    folder = tmp_path / ".git/annex/objects/K/K.mp3"
    folder.mkdir(parents=True)
    thing = media.make(folder / "K.mp3")
    thing.chmod(mode)
    link = tmp_path / "song.mp3"
    link.symlink_to(os.path.relpath(thing, tmp_path))
    before = thing.read_bytes()
    for path in (link, thing):
        with pytest.raises(SkippedError, match="git-annex") as caught:
            write(path, root=tmp_path)
        assert caught.value.hint == "`git annex unlock` makes a file of its link"
    assert thing.read_bytes() == before
    assert leftovers(folder) == []


def test_a_file_below_a_linked_root_is_written(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    path = media.make(real / "song.mp3")
    (tmp_path / "music").symlink_to(real)
    write(tmp_path / "music" / "song.mp3", root=tmp_path / "music")
    assert tags.read(path).genres == TWO


def test_a_link_to_itself_is_skipped(tmp_path):
    link = tmp_path / "song.mp3"
    link.symlink_to(link)
    with pytest.raises(SkippedError, match="reached"):
        tags.check_writable(link, root=tmp_path, options=tags.WriteOptions())


# --- other writers


def test_a_file_that_changed_since_the_decision_is_not_written(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    old = FileIdentity.of(path.stat())
    media.tag(path, title="changed since")
    before = path.read_bytes()
    with pytest.raises(FileChangedError):
        write(path, expected=old)
    assert path.read_bytes() == before


def append(path):
    with path.open("ab") as file:
        file.write(b"more")


def replace(path):
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes() + b"new")
    other.rename(path)


def touch(path):
    os.utime(path)


def delete(path):
    path.unlink()


def edit_in_place(path):
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", [append, replace, touch, delete, edit_in_place])
def test_a_file_that_changes_during_the_copy_is_not_replaced(tmp_path, change):
    path = media.make(tmp_path / "song.mp3")
    after = []

    def meddle(_):
        change(path)
        after.append(path.read_bytes() if path.exists() else None)

    with pytest.raises(WriteFailedError):
        write(path, before_commit=meddle)
    assert (path.read_bytes() if path.exists() else None) == after[0]
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(not HAS_LEASES, reason="needs Linux's file leases")
def test_a_file_that_is_open_for_writing_is_not_replaced(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    before = path.read_bytes()
    with path.open("ab"), pytest.raises(FileChangedError, match="writing"):
        write(path)
    assert path.read_bytes() == before
    assert leftovers(tmp_path) == []
    with path.open("rb"):  # one who reads it is in nobody's way
        write(path)
    assert tags.read(path).genres == TWO


def test_a_connection_that_is_lost_at_each_close_fails_no_write(tmp_path, monkeypatch):
    path = media.make(tmp_path / "song.mp3")
    close = os.close

    def failing(file):
        close(file)
        raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))

    with monkeypatch.context() as patch:
        patch.setattr(os, "close", failing)
        write(path)
        assert not open_for_writing(path)
    assert tags.read(path).genres == TWO


@pytest.mark.skipif(not HAS_LEASES, reason="needs Linux's file leases")
def test_a_lease_that_cannot_be_read_after_the_rename_fails_no_write(tmp_path, monkeypatch):
    path = media.make(tmp_path / "song.mp3")
    call = fcntl.fcntl

    def failing(file, command, *args):
        if command == fcntl.F_GETLEASE:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return call(file, command, *args)

    monkeypatch.setattr(fcntl, "fcntl", failing)
    assert write(path).after == TWO
    assert tags.read(path).genres == TWO


def test_two_writers_at_once_are_one_write(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    other = []

    def at_the_last_moment(_):
        with pytest.raises(FileChangedError, match="is about to") as caught:
            write(path)
        other.append(caught)

    write(path, before_commit=at_the_last_moment)
    assert len(other) == 1
    assert tags.read(path).genres == TWO
    assert leftovers(tmp_path) == []


def test_a_folder_that_is_moved_away_meanwhile_is_not_followed_elsewhere(tmp_path):
    folder, away = tmp_path / "album", tmp_path / "away"
    folder.mkdir()
    path = media.make(folder / "song.mp3")

    def meddle(_):
        folder.rename(away)
        folder.mkdir()
        (folder / "song.mp3").write_bytes(b"somebody else's")

    write(path, root=tmp_path, before_commit=meddle)
    assert path.read_bytes() == b"somebody else's"
    assert tags.read(away / "song.mp3").genres == TWO


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_journal_that_cannot_be_written_stops_the_write(tmp_path, error):
    path = media.make(tmp_path / "song.mp3")
    before = path.read_bytes()

    def fail(_):
        raise error

    with pytest.raises(error):
        write(path, before_commit=fail)
    assert path.read_bytes() == before
    assert leftovers(tmp_path) == []


def test_the_journal_has_the_edit_before_the_file_changes(tmp_path):
    path = media.make(tmp_path / "song.mp3", tags={"genre": ["Rock"]})
    seen = []
    written = write(path, before_commit=lambda intent: seen.append((intent, tags.read(path))))
    [(intent, then)] = seen
    assert then.genres == ("Rock",)
    assert (intent.path, intent.before, intent.after) == (path, ("Rock",), TWO)
    assert intent.snapshot == written.snapshot


# --- what a killed process left


def test_leftovers_are_removed_and_nothing_else(tmp_path):
    ours = tmp_path / f".{'0' * 16}{tags.TEMPORARY_SUFFIX}"
    ours.write_bytes(b"half a copy")
    living = tmp_path / f".{'1' * 16}{tags.TEMPORARY_SUFFIX}"
    living.write_bytes(b"being written")
    others = [
        tmp_path / "song.mp3",
        tmp_path / f".{'0' * 15}{tags.TEMPORARY_SUFFIX}",
        tmp_path / f".{'g' * 16}{tags.TEMPORARY_SUFFIX}",
        tmp_path / f"{'0' * 16}{tags.TEMPORARY_SUFFIX}",
        tmp_path / f".{'0' * 16}{tags.TEMPORARY_SUFFIX}.bak",
    ]
    for other in others:
        other.write_bytes(b"somebody's")
    folder = tmp_path / f".{'2' * 16}{tags.TEMPORARY_SUFFIX}"
    folder.mkdir()
    link = tmp_path / f".{'3' * 16}{tags.TEMPORARY_SUFFIX}"
    link.symlink_to(others[0])
    with living.open("r+b") as file:
        assert locks.try_far_lock(file.fileno())
        assert tags.remove_leftovers(tmp_path) == [ours]
    assert all(other.exists() for other in [*others, folder, link])
    assert tags.remove_leftovers(tmp_path) == [living]
    assert tags.remove_leftovers(tmp_path / "none") == []


def test_a_copy_being_written_is_no_leftover(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    found = []
    write(path, before_commit=lambda _: found.append(tags.remove_leftovers(tmp_path)))
    assert found == [[]]
    assert tags.read(path).genres == TWO


def test_restoring_is_refused_for_the_same_reasons_as_writing(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    snapshot = write(path).snapshot
    path.chmod(0o444)
    with pytest.raises(SkippedError, match="read-only"):
        restore(path, snapshot)


def test_an_original_that_was_moved_aside_gets_its_name_back(tmp_path):
    song = tmp_path / "a.b.mp3"
    aside = tmp_path / f".{'0' * 16}.{song.name}{tags.TEMPORARY_SUFFIX}"
    aside.write_bytes(b"music")
    with aside.open("rb") as file:
        assert locks.try_far_lock(file.fileno(), shared=True)
        tags.remove_leftovers(tmp_path)
        assert not song.exists()
    assert tags.remove_leftovers(tmp_path) == []
    assert song.read_bytes() == b"music"
    aside.write_bytes(b"the original of a finished write")
    assert tags.remove_leftovers(tmp_path) == [aside]
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"music"]
