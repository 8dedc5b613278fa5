"""`make scan` hands any folder name to the program."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from programs import ROOT


@pytest.fixture
def checkout(tmp_path):
    """Make a checkout whose program prints its arguments."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    (programs / "pip").touch()
    program = programs / "tagger"
    program.write_text("#!/bin/sh\nprintf '<%s>' \"$@\"\n")
    program.chmod(0o755)
    (tmp_path / ".venv/.installed").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("music", "folder"),
    [
        ("~/My $Music", "/home/ada/My $Music"),
        ("two  blanks 'single' \"double\"", "two  blanks 'single' \"double\""),
        ("`a` $(b) \\c #d", "`a` $(b) \\c #d"),
        ("~", "/home/ada"),
        ("~eve/x", "~eve/x"),
    ],
)
def test_an_odd_folder_name_reaches_the_program_unchanged(checkout, music, folder):
    command = ["make", "--no-print-directory", "scan", f"MUSIC={music}", "ARGS=--dry-run"]
    done = subprocess.run(
        command,
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "HOME": "/home/ada"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"<scan><--dry-run><{folder}>"
