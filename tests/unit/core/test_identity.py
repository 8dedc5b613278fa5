"""The identity of a file in a database of 64 signed bits."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import example, given
from hypothesis import strategies as st

from tagger.core.domain import FileIdentity

SIGN = 2**63


@example(SIGN, SIGN)
@example(0, -SIGN - 1)
@example(1, 2 * SIGN)
@given(st.integers(0, 2 * SIGN - 1), st.integers(-(10**23), 10**23))
def test_any_number_of_a_file_fits_into_64_bits(number, mtime_ns):
    status = SimpleNamespace(st_dev=number, st_ino=number, st_size=1, st_mtime_ns=mtime_ns)
    identity = FileIdentity.of(status)
    assert all(-SIGN <= part < SIGN for part in identity)
    assert (identity.inode - number) % (2 * SIGN) == 0
    assert (identity.mtime_ns - mtime_ns) % (2 * SIGN) == 0
