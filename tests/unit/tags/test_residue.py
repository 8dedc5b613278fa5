"""The bytes of a file that belong to no field, as undo restores them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tagger.tags import delta, residue

PARTS = st.sampled_from([b"\0" * 40, b"ab" * 30, bytes(range(256)), b"\xff\0\xff", b"x"])
"""Bytes that repeat, so that parts of one side are found in several places of the other."""


@given(st.lists(PARTS | st.binary()), st.lists(PARTS | st.binary()))
def test_a_residue_restores_any_bytes(composed, original):
    composed, original = b"".join(composed), b"".join(original)
    found = residue.difference(composed, original)
    assert b"".join(found.restored(composed) if found else [composed]) == original


@given(st.binary(), st.binary(), st.integers(0, 9), st.integers(0, 9))
def test_the_common_part_is_as_long_as_both_agree(one, other, start, other_start):
    one, other = one + b"same" * 9, other + b"same" * 9
    found = delta.common(one, other, start, other_start)
    ends = start + found, other_start + found
    assert one[start : ends[0]] == other[other_start : ends[1]]
    assert ends[0] >= len(one) or ends[1] >= len(other) or one[ends[0]] != other[ends[1]]


@given(st.binary(), st.binary(), st.integers(0, 60))
def test_the_common_end_is_as_long_as_both_agree(one, other, same):
    one, other = one + b"same" * same, other + b"same" * same
    most = min(len(one), len(other))
    found = delta.common_end(one, other, most)
    assert one[len(one) - found :] == other[len(other) - found :]
    assert found == most or one[-found - 1] != other[-found - 1]


def test_bytes_that_only_moved_need_no_room():
    noise = bytes((i * i * 31 + i // 7) & 0xFF for i in range(600_000))
    pictures = noise[:300_000], noise[300_000:]
    found = residue.difference(noise, b"padding".join(reversed(pictures)))
    assert b"".join(found.restored(noise)) == b"padding".join(reversed(pictures))
    assert len(found.original) + len(found.copies) < 200
