"""The next steps after errors of the operating system."""

from __future__ import annotations

import errno
import os

import pytest

from tagger.errors import AGAIN
from tagger.system.next_steps import disk_step, next_step


def error(name: str) -> OSError:
    code = getattr(errno, name)
    return OSError(code, os.strerror(code))


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("EDQUOT", "raise the quota"),
        ("ENOSPC", "free some space: a change needs space"),
        ("EROFS", "mount it writable"),
        ("EACCES", "check its permissions"),
        ("EPERM", "lsattr"),
        ("ENAMETOOLONG", "shorten the name"),
        ("ELOOP", "correct the link: most likely it leads to itself"),
        ("EMFILE", "ulimit -n"),
        ("ENFILE", "fs.file-max"),
        ("EFBIG", "ulimit -f"),
        ("ENOMEM", "end other programs"),
        ("EIO", "check the disk, or the connection"),
        ("ESTALE", "check the disk, or the connection"),
        ("ETIMEDOUT", "check the disk, or the connection"),
        ("EHOSTUNREACH", "check the disk, or the connection"),
        ("ECONNABORTED", "check the disk, or the connection"),
    ],
)
def test_an_error_has_a_step_for_its_cause(name, step):
    assert step in next_step(error(name))


def test_an_error_without_a_step_of_its_own_gets_the_step_of_its_place():
    assert next_step(error("EINVAL")) == AGAIN
    assert next_step(error("EINVAL"), "look") == "look"
    assert next_step(OSError("no number"), "look") == "look"


@pytest.mark.parametrize("name", ["EDQUOT", "ENOSPC", "EIO"])
def test_a_fault_of_the_disk_is_no_fault_of_a_setting(name):
    assert disk_step(error(name), "change the setting") == next_step(error(name))


def test_a_refused_permission_may_be_the_fault_of_a_setting():
    assert disk_step(error("EACCES"), "change the setting") == "change the setting"
