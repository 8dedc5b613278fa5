"""Which titles name a classical work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.evidence.titles import is_work

WORKS, SONGS = (
    Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    for name in ("works.txt", "songs.txt")
)


def test_most_titles_of_classical_collections_are_works():
    missed = [title for title in WORKS if not is_work(title)]
    assert len(missed) <= len(WORKS) * 0.05, missed


def test_titles_of_songs_that_look_alike_are_no_works():
    assert len(SONGS) >= 200
    assert [title for title in SONGS if is_work(title)] == []


@pytest.mark.parametrize("title", ["Kyrie", "II. Agnus Dei", "Sanctus"])
def test_a_part_of_a_mass_is_a_work_on_an_album_of_one(title):
    assert is_work(title, "Missa Papae Marcelli")
    assert not is_work(title, "Kyrie (Deluxe)")
