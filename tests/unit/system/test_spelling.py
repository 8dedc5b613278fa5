"""Paths in one spelling, whatever the spelling of the argument is."""

from __future__ import annotations

import pytest
from letter_case import ignore_case

from tagger.system.spelling import real_path


@pytest.mark.parametrize("renumber", [False, True])
def test_a_path_is_spelled_as_its_folders_have_it_where_letter_case_is_ignored(
    tmp_path, monkeypatch, renumber
):
    album = tmp_path / "Music" / "Björk" / "1"
    album.mkdir(parents=True)
    (tmp_path / "link").symlink_to(album.parent)
    ignore_case(monkeypatch, tmp_path, renumber=renumber)
    assert real_path(tmp_path / "mUSIC" / "BJÖRK" / "1") == album
    assert real_path(tmp_path / "LINK" / "1") == album
    assert real_path(tmp_path / "music" / "None" / "x") == tmp_path / "Music" / "None" / "x"


def test_a_path_stays_where_letter_case_counts(tmp_path):
    for name in ("Music", "mUSIC"):
        (tmp_path / name).mkdir()
        assert real_path(tmp_path / name) == tmp_path / name
    assert real_path(tmp_path / "music") == tmp_path / "music"
