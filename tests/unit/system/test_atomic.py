"""Atomic replacement: content, mode, links, and no leftovers after an error."""

from __future__ import annotations

import contextlib
import errno
import os
import threading

import pytest

from tagger.system import atomic


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path):
    path = tmp_path / "a.m3u8"
    path.write_bytes(b"old")
    path.chmod(0o604)
    atomic.replace_file(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o604)
    assert [p.name for p in tmp_path.iterdir()] == ["a.m3u8"]


def test_a_file_is_replaced_where_the_file_system_refuses_modes(tmp_path, monkeypatch):
    path = tmp_path / "a.m3u8"
    atomic.replace_file(path, b"old")
    monkeypatch.setattr(os, "fchmod", refuse)
    atomic.replace_file(path, b"new")
    assert path.read_bytes() == b"new"


def refuse(*_):
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_new_file_with_a_mode_has_that_mode(tmp_path):
    path = tmp_path / "secret"
    atomic.replace_file(path, b"new", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600


def test_link_is_replaced_and_its_target_is_unchanged(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    atomic.replace_file(link, b"new")
    assert (target.read_bytes(), link.read_bytes(), link.is_symlink()) == (b"old", b"new", False)


def test_failed_replacement_leaves_the_folder_unchanged(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        atomic.replace_file(tmp_path / "folder", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("times", [1, 100])
def test_a_status_that_fails_leaves_no_unfinished_file(tmp_path, monkeypatch, times):
    fstat, left = os.fstat, iter(range(times))

    def failing(descriptor):
        if next(left, None) is not None:
            refuse()
        return fstat(descriptor)

    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    with monkeypatch.context() as patch, contextlib.suppress(PermissionError):
        patch.setattr(os, "fstat", failing)
        atomic.replace_file(path, b"new")
    assert path.read_bytes() == (b"new" if times == 1 else b"old")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_a_replacement_removes_the_unfinished_files_of_killed_processes(tmp_path):
    (tmp_path / ".tagger-0123.tmp").touch()
    atomic.replace_file(tmp_path / "a.csv", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    leftover, other = tmp_path / ".tagger-0123.tmp", tmp_path / "other.tmp"
    leftover.touch()
    other.touch()
    atomic.remove_leftovers(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["other.tmp"]


def test_a_replacement_beside_removals_of_leftovers_succeeds(tmp_path):
    done = threading.Event()

    def remove():
        while not done.is_set():
            atomic.remove_leftovers(tmp_path)

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        for number in range(50):
            atomic.replace_file(tmp_path / "a.m3u8", b"%d" % number)
    finally:
        done.set()
        remover.join()
    assert (tmp_path / "a.m3u8").read_bytes() == b"49"
