"""The genres in the names of folders."""

from __future__ import annotations

import pytest

from tagger.evidence import folders


@pytest.mark.parametrize(
    ("name", "genres"),
    [
        ("05 - Classical (old)", ("Classical",)),
        ("Jazz & Blues", ("Jazz", "Blues")),
        ("Jazz & Friends", ()),
        ("Christian & Gospel", ("Christian",)),
        ("Christian", ()),  # whose music it is
        ("International", ()),  # beside a folder such as "Deutsch"
        ("02 Romantic", ()),  # love songs
        ("02 Disco", ("Disco",)),
        ("Disco 2", ()),  # of an album in Spanish
        ("disco_02 (bonus)", ()),
    ],
)
def test_a_folder_is_named_for_a_genre_only_where_its_name_means_one(name, genres):
    assert folders.genres_of(name, {}) == genres


def test_the_owner_s_genre_of_a_folder_outranks_the_meaning_of_its_name():
    assert folders.genres_of("Christian", {"christian": "Gospel"}) == ("Gospel",)
