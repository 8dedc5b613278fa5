"""A write gives nobody access and takes it from nobody, else the file stays unchanged."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import media
import pytest
from disks import btrfs
from tagging import leftovers, restore, target, write
from users import NOBODY, acl, as_user, needs_root, set_xattr, shared_folder

from tagger import tags
from tagger.core.domain import FileIdentity
from tagger.errors import SkippedError, TagError, WriteFailedError
from tagger.system import filesystems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
FRIEND = 999
USER_OBJ, USER, GROUP_OBJ, MASK, OTHER = 1, 2, 4, 16, 32
GETFLAGS, SETFLAGS = 0x80086601, 0x40086602
IMMUTABLE, APPEND, NO_DUMP, NO_ACCESS_TIME = 0x10, 0x20, 0x40, 0x80
COMPRESSED, NO_COW = 0x4, 0x800000
NO_MOUNT = 77
"""The exit code of a shell that may not mount."""


@pytest.fixture
def folder() -> Iterator[Path]:
    yield from shared_folder()


FRIENDLY = acl(
    (USER_OBJ, 6, -1), (USER, 6, FRIEND), (GROUP_OBJ, 4, -1), (MASK, 6, -1), (OTHER, 0, -1)
)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDONLY)
    try:
        yield file
    finally:
        os.close(file)


def set_flags(path: Path, flags: int) -> None:
    with opened(path) as file:
        try:
            fcntl.ioctl(file, SETFLAGS, struct.pack("=l", flags))
        except OSError as error:
            pytest.skip(f"no flags here: {error}")


def flags(path: Path) -> int:
    with opened(path) as file:
        return int(struct.unpack("=l", fcntl.ioctl(file, GETFLAGS, bytes(4)))[0])


def access(path: Path) -> tuple[object, ...]:
    status = path.stat()
    xattrs = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    return status.st_mode, status.st_uid, status.st_gid, xattrs


def check_written(path: Path) -> None:
    before = access(path)
    write(path, root=path.parent)
    assert access(path) == before
    assert tags.read(path).genres


def check_skipped(
    path: Path, reason: str, user: int = NOBODY, *, groups: tuple[int, ...] = (), step: str = ""
):
    before, content = access(path), path.read_bytes()
    with pytest.raises(SkippedError) as caught:
        as_user(lambda: write(path, root=path.parent) and None, user, groups)
    assert reason in caught.value.reason
    assert caught.value.hint
    assert step in caught.value.hint
    assert (access(path), path.read_bytes()) == (before, content)
    assert not leftovers(path.parent)


@pytest.mark.parametrize("own", [None, FRIENDLY], ids=["without", "with"])
def test_a_file_without_or_with_an_acl_inherits_no_entry_of_its_folder(folder, own):
    path = media.make(folder / "song.mp3")
    path.chmod(0o640)
    if own:
        set_xattr(path, ACCESS, own)
    everyone = acl(
        (USER_OBJ, 7, -1), (USER, 7, FRIEND), (GROUP_OBJ, 7, -1), (MASK, 7, -1), (OTHER, 7, -1)
    )
    set_xattr(folder, DEFAULT, everyone)
    check_written(path)


@needs_root
def test_an_owner_without_rights_writes_into_a_folder_with_a_default_acl(folder):
    path = media.make(folder / "song.mp3")
    os.chown(path, NOBODY, NOBODY)
    path.chmod(0o600)
    set_xattr(folder, DEFAULT, FRIENDLY)
    before = access(path)
    as_user(lambda: write(path, root=folder) and None)
    assert access(path) == before
    assert tags.read(path).genres


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o666, 0o755, 0o4755, 0o2755])
def test_the_mode_of_a_file_stays_under_any_umask(folder, mode):
    path = media.make(folder / "song.mp3")
    path.chmod(mode)
    before = os.umask(0o077)
    try:
        check_written(path)
    finally:
        os.umask(before)


@needs_root
@pytest.mark.parametrize("owner", [(1234, 4321), (0, 4321), (1234, 0)])
def test_the_owner_and_the_group_of_a_file_stay_for_root(folder, owner):
    path = media.make(folder / "song.mp3")
    os.chown(path, *owner)
    check_written(path)


@needs_root
def test_a_file_of_another_user_is_skipped_with_the_reason(folder):
    path = media.make(folder / "song.mp3")
    path.chmod(0o666)
    check_skipped(path, "the owner and the group cannot be kept")


@needs_root
def test_a_file_that_another_user_may_only_read_names_its_owner_as_the_next_step(folder):
    path = media.make(folder / "song.mp3")
    path.chmod(0o644)
    check_skipped(path, "no permission to write the file")
    with pytest.raises(SkippedError, match="run tagger as the owner of the file"):
        as_user(lambda: write(path, root=folder) and None)


@needs_root
def test_a_folder_of_another_user_names_the_user_of_tagger(folder):
    path = media.make(folder / "song.mp3")
    os.chown(path, NOBODY, NOBODY)
    folder.chmod(0o755)
    check_skipped(path, "read-only folder")
    with pytest.raises(SkippedError, match="make the folder writable for the user of tagger"):
        as_user(lambda: write(path, root=folder) and None)


@needs_root
def test_a_file_that_may_not_be_read_names_the_next_step(folder):
    path = media.make(folder / "song.mp3")
    path.chmod(0o600)
    with pytest.raises(TagError, match="make it and its folder readable"):
        as_user(lambda: tags.read(path) and None)


@needs_root
def test_a_file_of_a_strange_group_is_skipped_and_of_an_own_group_is_written(folder):
    path = media.make(folder / "song.mp3")
    os.chown(path, NOBODY, 4321)
    path.chmod(0o664)
    check_skipped(path, "the owner and the group cannot be kept")
    as_user(lambda: write(path, root=folder) and None, groups=(4321,))
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, 4321)
    assert tags.read(path).genres


@needs_root
def test_a_folder_that_sets_the_group_leaves_the_group_of_the_file(folder):
    path = media.make(folder / "song.mp3")
    os.chown(path, NOBODY, NOBODY)
    os.chown(folder, 0, 4321)
    folder.chmod(0o2777)
    as_user(lambda: write(path, root=folder) and None)
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY)


@pytest.mark.parametrize("name", ["user.checksum", "trusted.mark"])
def test_an_extended_attribute_of_a_file_stays(folder, name):
    path = media.make(folder / "song.mp3")
    set_xattr(path, name, b"mine\0too")
    check_written(path)


CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)


@needs_root
def test_the_capabilities_of_a_file_stay_for_root_and_skip_it_for_others(folder):
    path = media.make(folder / "song.mp3")
    os.chown(path, NOBODY, NOBODY)
    set_xattr(path, "security.capability", CAPABILITY)
    check_skipped(path, "the attribute security.capability cannot be kept")
    check_written(path)


@needs_root
@pytest.mark.parametrize(
    ("flag", "reason"), [(IMMUTABLE, "read-only file"), (APPEND, "is immutable or append-only")]
)
def test_an_immutable_or_append_only_file_is_skipped(folder, flag, reason):
    path = media.make(folder / "song.mp3")
    set_flags(path, flags(path) | flag)
    try:
        check_skipped(path, reason, 0)
    finally:
        set_flags(path, flags(path) & ~flag)


@needs_root
@pytest.mark.parametrize("flag", [IMMUTABLE, APPEND])
def test_a_file_in_an_immutable_or_append_only_folder_is_skipped_without_a_copy(folder, flag):
    path = media.make(folder / "song.mp3")
    set_flags(folder, flags(folder) | flag)
    try:
        check_skipped(path, "read-only folder", 0, step="chattr -i -a")
        assert [one.name for one in folder.iterdir()] == [path.name]
    finally:
        set_flags(folder, flags(folder) & ~flag)


@needs_root
def test_a_file_in_a_read_only_snapshot_is_skipped_and_the_step_names_the_snapshot(folder):
    disk = folder / "disk"
    disk.mkdir()
    with btrfs(disk):
        (disk / "song.mp3").write_bytes(media.make(folder / "song.mp3").read_bytes())
        command = ["btrfs", "subvolume", "snapshot", "-r", disk, disk / "then"]
        subprocess.run(command, check=True, capture_output=True)
        check_skipped(disk / "then/song.mp3", "read-only file", 0, step="snapshot")


def test_the_flags_of_a_file_stay(folder):
    path = media.make(folder / "song.mp3")
    set_flags(path, flags(path) | NO_DUMP | NO_ACCESS_TIME)
    before = flags(path)
    check_written(path)
    assert flags(path) == before


@needs_root
@pytest.mark.parametrize(
    ("of_folder", "of_file"),
    [(NO_COW, 0), (0, NO_COW), (NO_COW, COMPRESSED), (COMPRESSED, NO_COW)],
)
def test_a_file_on_btrfs_keeps_its_flags_in_a_folder_with_other_flags(folder, of_folder, of_file):
    """A new file inherits the flags of its folder; without copy-on-write it has no checksums."""
    disk = folder / "disk"
    disk.mkdir()
    with btrfs(disk):
        path = disk / "song.mp3"
        path.touch()
        set_flags(path, of_file)
        path.write_bytes(media.make(folder / "song.mp3").read_bytes())
        set_flags(disk, of_folder)
        snapshot = write(path).snapshot
        assert flags(path) == of_file
        restore(path, snapshot)
        assert flags(path) == of_file


@needs_root
def test_a_file_that_its_owner_may_not_write_is_skipped(folder):
    path = media.make(folder / "song.mp3")
    os.chown(path, NOBODY, NOBODY)
    path.chmod(stat.S_IRUSR)
    check_skipped(path, "read-only file")


@pytest.mark.parametrize("mode", [0o444, 0o644], ids=["read-only", "writable"])
def test_a_file_on_a_read_only_mount_is_skipped_with_the_mount_as_the_reason(folder, mode):
    path = media.make(folder / "song.mp3")
    path.chmod(mode)
    mounting = f"""
        mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit {NO_MOUNT}
        shift; exec "$@"
    """
    unshared = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounting, "sh"]
    script = "import pathlib, sys, tagging; tagging.write(pathlib.Path(sys.argv[1]))"
    tried = subprocess.run(
        [*unshared, folder, sys.executable, "-c", script, path],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode == NO_MOUNT or "unshare" in tried.stderr:
        pytest.skip("needs mounts in user namespaces")
    assert "read-only file system (mount it writable" in tried.stderr
    assert "chmod" not in tried.stderr.splitlines()[-1]


def test_a_file_whose_disk_is_away_is_an_error_and_no_refusal(folder, monkeypatch):
    """The mount of a FUSE program that died."""
    path = media.make(folder / "song.mp3")
    known = FileIdentity.of(path.stat())

    def fail(_):
        raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))

    monkeypatch.setattr(os, "lstat", fail)
    with pytest.raises(TagError, match=r"cannot be reached: .*check the disk, or the con") as away:
        write(path, expected=known)
    assert not isinstance(away.value, SkippedError)


@pytest.mark.parametrize(
    ("kind", "error"), [("fuse.rclone", SkippedError), ("ext4", WriteFailedError)]
)
def test_a_mount_that_lists_no_attributes_is_told_from_a_failing_disk(
    folder, monkeypatch, kind, error
):
    path = media.make(folder / "song.mp3")
    before = path.read_bytes()

    def fail(_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "listxattr", fail)
    monkeypatch.setattr(filesystems, "kind", lambda _: kind)
    with pytest.raises(error) as refused:
        write(path)
    assert ("rclone" in str(refused.value)) == (kind == "fuse.rclone")
    assert ("check the disk" in str(refused.value)) == (kind == "ext4")
    assert path.read_bytes() == before
    if kind == "fuse.rclone":
        with pytest.raises(SkippedError, match="rclone"):
            tags.rehearse(target(path), ("Blues",))


def test_a_file_is_written_where_the_file_system_lists_attributes_of_its_own(folder, monkeypatch):
    """The NTFS of Linux 6.1 lists owner and mode, and lets nobody without rights set them."""
    path = media.make(folder / "song.mp3")
    list_real, get_real = os.listxattr, os.getxattr

    def get(file, name):
        return os.fstat(file).st_mode.to_bytes(4) if name == "$LXMOD" else get_real(file, name)

    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "listxattr", lambda file: [*list_real(file), "$LXMOD"])
    monkeypatch.setattr(os, "getxattr", get)
    monkeypatch.setattr(os, "setxattr", refuse)
    write(path)
    assert tags.read(path).genres
