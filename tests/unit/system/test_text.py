"""One-line text: any string becomes one printable line."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from tagger.system.text import one_line

ANY_STRING = st.text(st.characters(exclude_categories=()))


@given(ANY_STRING | st.binary().map(os.fsdecode))
def test_any_string_becomes_one_printable_line(text):
    line = one_line(text)
    assert line.isprintable()
    line.encode()


def test_raw_byte_and_line_feed_are_escaped():
    assert one_line(os.fsdecode(b"a\xff\n\xc3\xa9")) == r"a\xff\né"
